// Bits of strings: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. BITFIELD is in bitfield.cc.
#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "node/commands/bits.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/config/directives.h"
#include "node/store/keyspace.h"
#include "node/store/string_value.h"

namespace guccho::commands {

std::optional<uint64_t> read_bit_offset(Context& c, std::string_view text, std::optional<unsigned> field_width) {
  const bool in_fields = field_width && text.starts_with('#');
  const auto number = parse_integer(in_fields ? text.substr(1) : text);
  const int64_t scale = in_fields ? *field_width : 1;
  int64_t offset = 0;
  const uint64_t limit = c.caller.from_primary ? uint64_t{config::kMaxBulkLength} : c.config.proto_max_bulk_len;
  const bool fits = number && *number >= 0 && !__builtin_mul_overflow(*number, scale, &offset) &&
                    static_cast<uint64_t>(offset) / 8 < limit;
  if (fits) return static_cast<uint64_t>(offset);
  c.reply.error("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

namespace handlers {
namespace {

using store::Entry;
using store::IntText;
using store::KeyRef;

uint8_t byte_at(std::string_view bytes, uint64_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

bool bit_at(std::string_view bytes, uint64_t bit) {
  return bit / 8 < bytes.size() && (byte_at(bytes, bit / 8) >> (7 - bit % 8) & 1) != 0;
}

// Bits from `first` to `last`, both included, both within the string.
int64_t count_bits(std::string_view bytes, uint64_t first, uint64_t last) {
  int64_t count = 0;
  for (uint64_t i = first / 8; i <= last / 8; ++i) count += std::popcount(byte_at(bytes, i));
  const uint8_t before = static_cast<uint8_t>(~(0xffu >> first % 8));      // bits of the first byte left of the range
  const uint8_t after = static_cast<uint8_t>((1u << (7 - last % 8)) - 1);  // bits of the last byte right of it
  return count - std::popcount(static_cast<uint8_t>(byte_at(bytes, first / 8) & before)) -
         std::popcount(static_cast<uint8_t>(byte_at(bytes, last / 8) & after));
}

// The first bit of that value in the range, or nothing.
std::optional<uint64_t> find_bit(std::string_view bytes, bool value, uint64_t first, uint64_t last) {
  const uint8_t uninteresting = value ? 0x00 : 0xff;
  for (uint64_t bit = first; bit <= last;) {
    if (bit % 8 == 0 && byte_at(bytes, bit / 8) == uninteresting) {
      bit += 8;
    } else if (bit_at(bytes, bit) == value) {
      return bit;
    } else {
      ++bit;
    }
  }
  return std::nullopt;
}

// A range given by two arguments, in bytes or bits; resolved to bits. An empty one has first > last.
struct Range {
  int64_t first = 0;
  int64_t last = -1;
  bool in_bits = false;

  // Negative positions count from the end; what is out of the string is cut off.
  void resolve(uint64_t size) {
    const auto length = static_cast<int64_t>(in_bits ? size * 8 : size);
    first = std::max<int64_t>(first < 0 ? length + first : first, 0);
    last = std::min(std::max<int64_t>(last < 0 ? length + last : last, 0), length - 1);
    if (first > last) {
      first = 0;
      last = -1;
    } else if (!in_bits) {
      first *= 8;
      last = last * 8 + 7;
    }
  }
  bool empty() const { return first > last; }
};

// BIT or BYTE; false after an error reply.
bool read_unit(Context& c, std::string_view word, Range& range) {
  range.in_bits = equals_ignore_case("bit", word);
  if (range.in_bits || equals_ignore_case("byte", word)) return true;
  c.syntax_error();
  return false;
}

bool read_position(Context& c, std::string_view text, int64_t& position) {
  const auto number = parse_integer(text);
  if (!number) {
    c.not_an_integer();
    return false;
  }
  position = *number;
  return true;
}

enum class Operation { kAnd, kOr, kXor, kNot };

std::optional<Operation> operation_by_name(std::string_view name) {
  if (equals_ignore_case("and", name)) return Operation::kAnd;
  if (equals_ignore_case("or", name)) return Operation::kOr;
  if (equals_ignore_case("xor", name)) return Operation::kXor;
  if (equals_ignore_case("not", name)) return Operation::kNot;
  return std::nullopt;
}

// Shorter sources count as padded with zeros.
std::string combine(Operation operation, const std::vector<std::string>& sources) {
  size_t size = 0;
  for (const std::string& s : sources) size = std::max(size, s.size());
  std::string out = sources[0];
  out.resize(size, '\0');
  if (operation == Operation::kNot) {
    for (char& byte : out) byte = static_cast<char>(~byte);
    return out;
  }
  for (size_t k = 1; k < sources.size(); ++k) {
    const std::string& s = sources[k];
    for (size_t i = 0; i < size; ++i) {
      const char other = i < s.size() ? s[i] : '\0';
      if (operation == Operation::kAnd) out[i] &= other;
      if (operation == Operation::kOr) out[i] |= other;
      if (operation == Operation::kXor) out[i] ^= other;
    }
  }
  return out;
}

}  // namespace

void setbit(Context& c) {
  const auto offset = read_bit_offset(c, c.arg(2), std::nullopt);
  if (!offset) return;
  if (c.arg(3) != "0" && c.arg(3) != "1") return c.reply.error("ERR bit is not an integer or out of range");
  const bool on = c.arg(3) == "1";
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry != nullptr && entry->type() != store::Type::kString) return c.wrong_type();

  IntText scratch;
  const std::string_view old_bytes = entry != nullptr ? store::string_bytes(*entry, scratch) : std::string_view();
  const bool was_on = bit_at(old_bytes, *offset);
  const bool grows = *offset / 8 >= old_bytes.size();
  if (grows || on != was_on) {
    const auto bytes = store::StringValue(c.data, key, entry).writable(*offset / 8 + 1);
    const auto mask = static_cast<char>(1u << (7 - *offset % 8));
    char& byte = bytes[*offset / 8];
    byte = static_cast<char>(on ? byte | mask : byte & ~mask);
    if (entry == nullptr) c.created(key.bytes);
    c.changed(key.bytes, config::kNotifyString, "setbit");
  }
  c.reply.integer(was_on ? 1 : 0);
}

void getbit(Context& c) {
  const auto offset = read_bit_offset(c, c.arg(2), std::nullopt);
  if (!offset) return;
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.integer(0);
  if (entry->type() != store::Type::kString) return c.wrong_type();
  IntText scratch;
  c.reply.integer(bit_at(store::string_bytes(*entry, scratch), *offset) ? 1 : 0);
}

void bitcount(Context& c) {
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.integer(0);
  if (entry->type() != store::Type::kString) return c.wrong_type();
  Range range;
  if (c.argc() == 3 || c.argc() > 5) return c.syntax_error();
  if (c.argc() >= 4) {
    if (!read_position(c, c.arg(2), range.first) || !read_position(c, c.arg(3), range.last)) return;
    if (range.first < 0 && range.last < 0 && range.first > range.last) return c.reply.integer(0);
  }
  if (c.argc() == 5 && !read_unit(c, c.arg(4), range)) return;
  IntText scratch;
  const std::string_view bytes = store::string_bytes(*entry, scratch);
  range.resolve(bytes.size());
  if (range.empty()) return c.reply.integer(0);
  c.reply.integer(count_bits(bytes, static_cast<uint64_t>(range.first), static_cast<uint64_t>(range.last)));
}

void bitpos(Context& c) {
  const auto bit = parse_integer(c.arg(2));
  if (!bit) return c.not_an_integer();
  if (*bit != 0 && *bit != 1) return c.reply.error("ERR The bit argument must be 1 or 0.");
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.integer(*bit == 1 ? -1 : 0);
  if (entry->type() != store::Type::kString) return c.wrong_type();
  Range range;
  if (c.argc() > 6) return c.syntax_error();
  if (c.argc() >= 4 && !read_position(c, c.arg(3), range.first)) return;
  if (c.argc() == 6 && !read_unit(c, c.arg(5), range)) return;
  const bool has_end = c.argc() >= 5;
  if (has_end && !read_position(c, c.arg(4), range.last)) return;

  IntText scratch;
  const std::string_view bytes = store::string_bytes(*entry, scratch);
  range.resolve(bytes.size());
  if (range.empty()) return c.reply.integer(-1);
  const auto found = find_bit(bytes, *bit == 1, static_cast<uint64_t>(range.first), static_cast<uint64_t>(range.last));
  if (found) return c.reply.integer(static_cast<int64_t>(*found));
  // Without an end the string counts as followed by zeros.
  c.reply.integer(*bit == 0 && !has_end ? static_cast<int64_t>(bytes.size() * 8) : -1);
}

void bitop(Context& c) {
  const auto operation = operation_by_name(c.arg(1));
  if (!operation) return c.syntax_error();
  if (*operation == Operation::kNot && c.argc() != 4) {
    return c.reply.error("ERR BITOP NOT must be called with a single source key.");
  }
  std::vector<std::string> sources;
  for (size_t i = 3; i < c.argc(); ++i) {
    const Entry* entry = c.find_for_read(c.key(i));
    IntText scratch;
    if (entry != nullptr && entry->type() != store::Type::kString) return c.wrong_type();
    sources.emplace_back(entry != nullptr ? store::string_bytes(*entry, scratch) : std::string_view());
  }
  const std::string result = combine(*operation, sources);
  const KeyRef target = c.key(2);
  const bool found = c.find_for_write(target) != nullptr;
  if (!result.empty()) {
    // Without the expiry of what was there, and kept as text, which OBJECT ENCODING tells.
    store::StringValue(c.data, target, c.data.set_string(target, {})).assign_text(result);
    if (!found) c.created(target.bytes);
    c.changed(target.bytes, config::kNotifyString, "set");
  } else if (found) {
    c.data.erase(target);
    c.changed(target.bytes, config::kNotifyGeneric, "del");
  }
  c.reply.integer(static_cast<int64_t>(result.size()));
}

}  // namespace handlers
}  // namespace guccho::commands
