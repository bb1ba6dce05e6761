// Encoding, decoding and checking of listpacks.
#include "node/store/listpack.h"

#include <algorithm>
#include <cstring>

namespace guccho::store {

namespace {

using listpack_detail::little_endian;

uint8_t byte_at(std::string_view block, size_t at) {
  return static_cast<uint8_t>(block[at]);
}

// How many bytes say how long the element is, which begins with this one; 0 for bytes that begin none (0xf5 to 0xff).
size_t head_size(uint8_t first) {
  if (first < 0xc0) return 1;
  if (first < 0xf0) return 2;
  if (first == 0xf0) return 5;
  return first <= 0xf4 ? 1 : 0;
}

}  // namespace

size_t Listpack::next(size_t position) const {
  const size_t after = position + element_size(block_.data() + position);
  return at_end(after) ? kEnd : after;
}

size_t Listpack::previous(size_t position) const {
  const size_t end = position == kEnd ? block_.size() - 1 : position;
  return end == kHeaderSize ? kEnd : end - element_size_before(block_.data() + end);
}

size_t Listpack::count() const {
  const size_t stored = little_endian(block_.data() + 4, 2);
  if (stored != 65535) return stored;
  size_t n = 0;
  for (size_t at = first(); at != kEnd; at = next(at)) ++n;
  return n;
}

size_t Listpack::find_from(size_t position, std::string_view text, size_t every) const {
  const ElementMatcher wanted(text);
  while (position != kEnd) {
    if (wanted.matches(get(position))) return position;
    for (size_t i = 0; i < every && position != kEnd; ++i) position = next(position);
  }
  return kEnd;
}

bool Listpack::valid(std::string_view block, bool even) {
  if (block.size() < kEmptySize || little_endian(block.data(), 4) != block.size()) return false;
  const size_t end = block.size() - 1;
  size_t at = kHeaderSize;
  size_t n = 0;
  while (at < end) {
    const size_t head = head_size(byte_at(block, at));
    if (head == 0 || head > end - at) return false;
    const size_t body = element_body_size(block.data() + at);
    const size_t back_size = back_length_size(body);
    if (body > end - at || back_size > end - at - body) return false;
    char back[5];
    write_back_length(back, body);
    if (block.substr(at + body, back_size) != std::string_view(back, back_size)) return false;
    at += body + back_size;
    ++n;
  }
  const size_t stored = little_endian(block.data() + 4, 2);
  return at == end && byte_at(block, end) == 0xff && (stored == n || stored == 65535) && !(even && n % 2 != 0);
}

void Listpack::write_frame(char* block, size_t size, size_t elements) {
  const auto total = static_cast<uint32_t>(size);
  const auto count = static_cast<uint16_t>(std::min<size_t>(elements, 65535));
  std::memcpy(block, &total, 4);
  std::memcpy(block + 4, &count, 2);
  block[size - 1] = '\xff';
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

ListpackBlock ListpackBlock::wrap(std::string_view elements, size_t count, SlabAllocator& alloc) {
  const auto size = static_cast<uint32_t>(elements.size() + Listpack::kEmptySize);
  External external{alloc.allocate(size), size, static_cast<uint32_t>(SlabAllocator::usable(size))};
  auto* block = static_cast<char*>(external.data);
  Listpack::write_frame(block, size, count);
  std::ranges::copy(elements, block + Listpack::kHeaderSize);
  return {external, alloc};
}

void ListpackBlock::insert(size_t position, std::string_view text) {
  const EncodedElement element(text);
  element.write(splice(position == Listpack::kEnd ? external_.size - 1 : position, 0, element.size(), 1));
}

void ListpackBlock::replace(size_t position, std::string_view text) {
  const EncodedElement element(text);
  element.write(splice(position, element_size(data() + position), element.size(), 0));
}

void ListpackBlock::erase(size_t position, size_t elements) {
  size_t after = position;
  for (size_t i = 0; i < elements; ++i) after += element_size(data() + after);
  splice(position, after - position, 0, -static_cast<int>(elements));
}

char* ListpackBlock::splice(size_t position, size_t old_size, size_t new_size, int delta) {
  const size_t size = external_.size - old_size + new_size;
  const size_t behind = external_.size - position - old_size;
  if (size > external_.capacity || size < external_.capacity / 2) {
    // Growing out of the small classes leaves a thirty-second of slack, so that appending n elements copies O(n) bytes.
    const size_t wanted = size > SlabAllocator::kMaxSmall && size > external_.size ? size + size / 32 : size;
    const size_t capacity = SlabAllocator::usable(wanted);
    // What lies behind a shrinking splice moves first, or the reallocation would cut it off.
    const bool shrinking = wanted < external_.size;
    if (shrinking) std::memmove(data() + position + new_size, data() + position + old_size, behind);
    external_.data = alloc_.reallocate(external_.data, external_.capacity, capacity);
    if (!shrinking) std::memmove(data() + position + new_size, data() + position + old_size, behind);
    external_.capacity = static_cast<uint32_t>(capacity);
  } else {
    std::memmove(data() + position + new_size, data() + position + old_size, behind);
  }
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
  return data() + position;
}

}  // namespace guccho::store
