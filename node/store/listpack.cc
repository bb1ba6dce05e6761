// Encoding, decoding and checking of listpacks.
#include "node/store/listpack.h"

#include <algorithm>
#include <cstring>

#include "node/store/integer.h"

namespace guccho::store {

namespace {

uint8_t byte_at(std::string_view block, size_t at) {
  return static_cast<uint8_t>(block[at]);
}

uint64_t little_endian(std::string_view block, size_t at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{byte_at(block, at + i)} << (8 * i);
  return value;
}

void put_little_endian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

int64_t sign_extend(uint64_t value, unsigned bits) {
  const unsigned shift = 64 - bits;
  return static_cast<int64_t>(value << shift) >> shift;
}

// Head bytes of an element and how its size follows; nothing for bytes that start no element (0xf5 to 0xff).
struct Head {
  enum class Kind : uint8_t { kInteger, kString } kind;
  unsigned bits;       // of an integer
  size_t head_size;    // bytes before the data
  size_t length_size;  // of head_size, the bytes that hold a string's length
};

std::optional<Head> head_of(uint8_t first) {
  using enum Head::Kind;
  if (first < 0x80) return Head{kInteger, 7, 1, 0};
  if (first < 0xc0) return Head{kString, 0, 1, 0};
  if (first < 0xe0) return Head{kInteger, 13, 2, 0};
  if (first < 0xf0) return Head{kString, 0, 2, 0};
  switch (first) {
    case 0xf0:
      return Head{kString, 0, 5, 4};
    case 0xf1:
      return Head{kInteger, 16, 3, 0};
    case 0xf2:
      return Head{kInteger, 24, 4, 0};
    case 0xf3:
      return Head{kInteger, 32, 5, 0};
    case 0xf4:
      return Head{kInteger, 64, 9, 0};
    default:
      return std::nullopt;
  }
}

// The head's bytes must be inside the block.
size_t string_length(std::string_view block, size_t at, const Head& head) {
  const uint8_t first = byte_at(block, at);
  if (head.head_size == 1) return first & 0x3f;
  if (head.head_size == 2) return (size_t{first & 0x0fu} << 8) | byte_at(block, at + 1);
  return little_endian(block, at + 1, head.length_size);
}

// Head and data, without the trailing length.
size_t body_size(std::string_view block, size_t at) {
  const Head head = *head_of(byte_at(block, at));
  return head.head_size + (head.kind == Head::Kind::kString ? string_length(block, at, head) : 0);
}

size_t back_length_size(size_t body) {
  if (body <= 127) return 1;
  if (body < 16384) return 2;
  if (body < 2097152) return 3;
  if (body < 268435456) return 4;
  return 5;
}

// Seven bits a byte, most significant first; all but the first have the top bit set, as they are read from the end.
void put_back_length(std::string& out, size_t body) {
  for (size_t i = back_length_size(body); i-- > 0;) {
    const bool leading = i + 1 == back_length_size(body);
    out.push_back(static_cast<char>(((body >> (7 * i)) & 127) | (leading ? 0 : 128)));
  }
}

void encode_integer(std::string& out, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (value >= 0 && value <= 127) {
    out.push_back(static_cast<char>(value));
  } else if (value >= -4096 && value <= 4095) {
    out.push_back(static_cast<char>(0xc0 | ((bits >> 8) & 0x1f)));
    out.push_back(static_cast<char>(bits));
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    out.push_back('\xf1');
    put_little_endian(out, bits, 2);
  } else if (value >= -(1 << 23) && value < (1 << 23)) {
    out.push_back('\xf2');
    put_little_endian(out, bits, 3);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    out.push_back('\xf3');
    put_little_endian(out, bits, 4);
  } else {
    out.push_back('\xf4');
    put_little_endian(out, bits, 8);
  }
}

void encode_string(std::string& out, std::string_view text) {
  if (text.size() < 64) {
    out.push_back(static_cast<char>(0x80 | text.size()));
  } else if (text.size() < 4096) {
    out.push_back(static_cast<char>(0xe0 | (text.size() >> 8)));
    out.push_back(static_cast<char>(text.size()));
  } else {
    out.push_back('\xf0');
    put_little_endian(out, text.size(), 4);
  }
  out.append(text);
}

std::string encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 10);
  if (const auto integer = parse_integer(text)) {
    encode_integer(out, *integer);
  } else {
    encode_string(out, text);
  }
  put_back_length(out, out.size());
  return out;
}

}  // namespace

std::string_view ListpackElement::text(IntText& scratch) const {
  return integer ? print_integer(*integer, scratch) : bytes;
}

size_t Listpack::next(size_t position) const {
  const size_t body = body_size(block_, position);
  const size_t after = position + body + back_length_size(body);
  return at_end(after) ? kEnd : after;
}

size_t Listpack::previous(size_t position) const {
  const size_t end = position == kEnd ? block_.size() - 1 : position;
  if (end == kHeaderSize) return kEnd;
  size_t body = 0;
  size_t length_size = 0;
  uint8_t byte;
  do {
    byte = byte_at(block_, end - ++length_size);
    body |= size_t{byte & 127u} << (7 * (length_size - 1));
  } while ((byte & 128) != 0);
  return end - length_size - body;
}

ListpackElement Listpack::get(size_t position) const {
  const uint8_t first = byte_at(block_, position);
  const Head head = *head_of(first);
  if (head.kind == Head::Kind::kString) {
    return {std::nullopt, block_.substr(position + head.head_size, string_length(block_, position, head))};
  }
  if (head.bits == 7) return {first, {}};
  if (head.bits == 13) return {sign_extend((uint64_t{first & 0x1fu} << 8) | byte_at(block_, position + 1), 13), {}};
  return {sign_extend(little_endian(block_, position + 1, head.bits / 8), head.bits), {}};
}

size_t Listpack::count() const {
  const size_t stored = little_endian(block_, 4, 2);
  if (stored != 65535) return stored;
  size_t n = 0;
  for (size_t at = first(); at != kEnd; at = next(at)) ++n;
  return n;
}

size_t Listpack::find_every_second(size_t position, std::string_view text) const {
  const auto integer = parse_integer(text);
  for (size_t at = position; at != kEnd;) {
    const ListpackElement element = get(at);
    if (element.integer ? element.integer == integer : !integer && element.bytes == text) return at;
    // Blocks made by others may hold the text of an integer as a string.
    if (integer && !element.integer && element.bytes == text) return at;
    at = next(at);
    if (at != kEnd) at = next(at);
  }
  return kEnd;
}

bool Listpack::valid(std::string_view block, bool even) {
  if (block.size() < kEmptySize || little_endian(block, 0, 4) != block.size()) return false;
  const size_t end = block.size() - 1;
  size_t at = kHeaderSize;
  size_t n = 0;
  while (at < end) {
    const auto head = head_of(byte_at(block, at));
    if (!head || head->head_size > end - at) return false;
    const size_t body = body_size(block, at);
    if (body > end - at || back_length_size(body) > end - at - body) return false;
    std::string back;
    put_back_length(back, body);
    if (block.substr(at + body, back.size()) != back) return false;
    at += body + back.size();
    ++n;
  }
  const size_t stored = little_endian(block, 4, 2);
  return at == end && byte_at(block, end) == 0xff && (stored == n || stored == 65535) && !(even && n % 2 != 0);
}

ListpackBlock ListpackBlock::make(SlabAllocator& alloc) {
  constexpr std::string_view kEmpty("\x07\0\0\0\0\0\xff", Listpack::kEmptySize);
  return copy(kEmpty, alloc);
}

ListpackBlock ListpackBlock::copy(std::string_view block, SlabAllocator& alloc) {
  const auto size = static_cast<uint32_t>(block.size());
  External external{alloc.allocate(size), size, static_cast<uint32_t>(SlabAllocator::usable(size))};
  std::memcpy(external.data, block.data(), size);
  return {external, alloc};
}

void ListpackBlock::insert(size_t position, std::string_view text) {
  splice(position == Listpack::kEnd ? external_.size - 1 : position, 0, encode(text), 1);
}

void ListpackBlock::replace(size_t position, std::string_view text) {
  const size_t body = body_size({data(), external_.size}, position);
  splice(position, body + back_length_size(body), encode(text), 0);
}

void ListpackBlock::erase(size_t position, size_t elements) {
  const std::string_view block(data(), external_.size);
  size_t after = position;
  for (size_t i = 0; i < elements; ++i) {
    const size_t body = body_size(block, after);
    after += body + back_length_size(body);
  }
  splice(position, after - position, {}, -static_cast<int>(elements));
}

void ListpackBlock::splice(size_t position, size_t old_size, std::string_view bytes, int delta) {
  const size_t size = external_.size - old_size + bytes.size();
  if (size > external_.capacity || size < external_.capacity / 2) {
    // Growing out of the small classes leaves an eighth of slack, so that appending n elements copies O(n) bytes.
    const size_t wanted = size > SlabAllocator::kMaxSmall && size > external_.size ? size + size / 8 : size;
    // What lies behind a shrinking splice moves first, or the reallocation would cut it off.
    if (wanted < external_.size) {
      std::memmove(data() + position + bytes.size(), data() + position + old_size,
                   external_.size - position - old_size);
      external_.data = alloc_.reallocate(external_.data, external_.capacity, SlabAllocator::usable(wanted));
    } else {
      external_.data = alloc_.reallocate(external_.data, external_.capacity, SlabAllocator::usable(wanted));
      std::memmove(data() + position + bytes.size(), data() + position + old_size,
                   external_.size - position - old_size);
    }
    external_.capacity = static_cast<uint32_t>(SlabAllocator::usable(wanted));
  } else {
    std::memmove(data() + position + bytes.size(), data() + position + old_size, external_.size - position - old_size);
  }
  std::ranges::copy(bytes, data() + position);
  external_.size = static_cast<uint32_t>(size);
  uint16_t count;
  std::memcpy(data(), &external_.size, 4);
  std::memcpy(&count, data() + 4, 2);
  // 65535 means "too many to count" and stays, as Redis leaves it.
  if (count != 65535) {
    const int changed = count + delta;
    count = static_cast<uint16_t>(std::min(changed, 65535));
    std::memcpy(data() + 4, &count, 2);
  }
}

}  // namespace guccho::store
