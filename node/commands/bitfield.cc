// BITFIELD: integers of any width inside a string.
#include <algorithm>
#include <string>
#include <vector>

#include "node/commands/bits.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"
#include "node/store/string_value.h"

namespace guccho::commands {
namespace {

// Wide enough for the sum of any field and any increment.
__extension__ using Int128 = __int128;

enum class Overflow { kWrap, kSaturate, kFail };

// "i16", "u8": signed up to 64 bits, unsigned up to 63.
struct FieldType {
  bool is_signed = false;
  unsigned bits = 0;

  Int128 min() const { return is_signed ? -(Int128{1} << (bits - 1)) : 0; }
  Int128 max() const { return (Int128{1} << (is_signed ? bits - 1 : bits)) - 1; }
  // The number that the low bits stand for.
  Int128 from_bits(uint64_t raw) const {
    const bool negative = is_signed && (raw >> (bits - 1) & 1) != 0;
    return negative ? Int128{raw} - (Int128{1} << bits) : Int128{raw};
  }
  uint64_t to_bits(Int128 number) const {
    return static_cast<uint64_t>(number) & (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1);
  }
  // The number as the field can hold it; nothing when it cannot and that is to fail.
  std::optional<Int128> fit(Int128 number, Overflow overflow) const {
    if (number >= min() && number <= max()) return number;
    if (overflow == Overflow::kFail) return std::nullopt;
    if (overflow == Overflow::kSaturate) return number > max() ? max() : min();
    return from_bits(to_bits(number));
  }
};

struct Operation {
  enum class Kind { kGet, kSet, kIncrease };
  Kind kind;
  FieldType type;
  uint64_t offset = 0;
  int64_t number = 0;
  Overflow overflow = Overflow::kWrap;
};

std::optional<FieldType> read_type(Context& c, std::string_view text) {
  FieldType type;
  type.is_signed = text.starts_with('i');
  const auto bits = text.starts_with('i') || text.starts_with('u') ? parse_integer(text.substr(1)) : std::nullopt;
  if (!bits || *bits < 1 || *bits > (type.is_signed ? 64 : 63)) {
    c.reply.error("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");
    return std::nullopt;
  }
  type.bits = static_cast<unsigned>(*bits);
  return type;
}

// The rest of GET, SET and INCRBY after their name at argument i; false after an error reply.
bool parse_operation(Context& c, size_t i, Operation& operation) {
  const auto type = read_type(c, c.arg(i + 1));
  if (!type) return false;
  operation.type = *type;
  const auto offset = read_bit_offset(c, c.arg(i + 2), type->bits);
  if (!offset) return false;
  operation.offset = *offset;
  if (operation.kind == Operation::Kind::kGet) return true;
  const auto number = parse_integer(c.arg(i + 3));
  if (!number) {
    c.not_an_integer();
    return false;
  }
  operation.number = *number;
  return true;
}

bool parse_overflow(Context& c, std::string_view word, Overflow& overflow) {
  if (equals_ignore_case("wrap", word)) {
    overflow = Overflow::kWrap;
  } else if (equals_ignore_case("sat", word)) {
    overflow = Overflow::kSaturate;
  } else if (equals_ignore_case("fail", word)) {
    overflow = Overflow::kFail;
  } else {
    c.reply.error("ERR Invalid OVERFLOW type specified");
    return false;
  }
  return true;
}

// False after an error reply.
bool parse(Context& c, std::vector<Operation>& out) {
  Overflow overflow = Overflow::kWrap;
  for (size_t i = 2; i < c.argc();) {
    const size_t more = c.argc() - 1 - i;
    Operation operation{.kind = Operation::Kind::kGet, .overflow = overflow};
    if (equals_ignore_case("overflow", c.arg(i)) && more >= 1) {
      if (!parse_overflow(c, c.arg(i + 1), overflow)) return false;
      i += 2;
      continue;
    }
    if (equals_ignore_case("set", c.arg(i)) && more >= 3) {
      operation.kind = Operation::Kind::kSet;
    } else if (equals_ignore_case("incrby", c.arg(i)) && more >= 3) {
      operation.kind = Operation::Kind::kIncrease;
    } else if (!(equals_ignore_case("get", c.arg(i)) && more >= 2)) {
      c.syntax_error();
      return false;
    }
    if (!parse_operation(c, i, operation)) return false;
    out.push_back(operation);
    i += operation.kind == Operation::Kind::kGet ? 3 : 4;
  }
  return true;
}

// Bits past the end of the string are zero.
uint64_t read_bits(std::string_view bytes, uint64_t offset, unsigned count) {
  uint64_t value = 0;
  for (uint64_t bit = offset; bit < offset + count; ++bit) {
    const unsigned byte = bit / 8 < bytes.size() ? static_cast<uint8_t>(bytes[bit / 8]) : 0;
    value = value << 1 | (byte >> (7 - bit % 8) & 1);
  }
  return value;
}

void write_bits(std::span<char> bytes, uint64_t offset, unsigned count, uint64_t value) {
  for (unsigned i = 0; i < count; ++i) {
    const uint64_t bit = offset + i;
    const auto mask = static_cast<char>(1u << (7 - bit % 8));
    char& byte = bytes[bit / 8];
    byte = static_cast<char>((value >> (count - 1 - i) & 1) != 0 ? byte | mask : byte & ~mask);
  }
}

// Runs one operation on the string and replies; true when the string's bits changed.
bool run(Context& c, const Operation& o, std::string_view bytes, std::span<char> writable) {
  const uint64_t old_bits = read_bits(bytes, o.offset, o.type.bits);
  const Int128 old_number = o.type.from_bits(old_bits);
  if (o.kind == Operation::Kind::kGet) return c.reply.integer(static_cast<int64_t>(old_number)), false;
  // SET takes a negative number for an unsigned field as the large one with the same 64 bits.
  Int128 given = o.type.is_signed ? Int128{o.number} : Int128{static_cast<uint64_t>(o.number)};
  // Where the distance to the greatest number of the field does not fit in 64 bits, Redis saturates upwards.
  if (o.overflow == Overflow::kSaturate && o.type.is_signed && o.type.bits < 64 && o.type.max() - given > INT64_MAX) {
    given = o.type.max();
  }
  const Int128 wanted = o.kind == Operation::Kind::kSet ? given : old_number + o.number;
  const auto number = o.type.fit(wanted, o.overflow);
  if (!number) return c.reply.null(), false;
  c.reply.integer(static_cast<int64_t>(o.kind == Operation::Kind::kSet ? old_number : *number));
  const uint64_t new_bits = o.type.to_bits(*number);
  write_bits(writable, o.offset, o.type.bits, new_bits);
  return new_bits != old_bits;
}

void bitfield(Context& c, bool only_get) {
  std::vector<Operation> operations;
  if (!parse(c, operations)) return;
  uint64_t size = 0;  // of the string, so that all fields to be written fit
  for (const Operation& o : operations) {
    if (o.kind != Operation::Kind::kGet) size = std::max(size, (o.offset + o.type.bits - 1) / 8 + 1);
  }
  if (only_get && size > 0) return c.reply.error("ERR BITFIELD_RO only supports the GET subcommand");

  const store::KeyRef key = c.key(1);
  store::Entry* entry = size > 0 ? c.find_for_write(key) : c.find_for_read(key);
  if (entry != nullptr && entry->type() != store::Type::kString) return c.wrong_type();
  store::IntText scratch;
  const size_t old_size = entry != nullptr ? store::string_size(*entry) : 0;
  std::string_view bytes = entry != nullptr ? store::string_bytes(*entry, scratch) : std::string_view();
  std::span<char> writable;
  if (size > 0) {
    writable = store::StringValue(c.data, key, entry).writable(size);
    bytes = {writable.data(), writable.size()};
  }
  c.reply.array(operations.size());
  bool changed = size > old_size;
  for (const Operation& o : operations) changed |= run(c, o, bytes, writable);
  if (size > 0 && entry == nullptr) c.created(key.bytes);
  if (size > 0 && changed) c.changed(key.bytes, config::kNotifyString, "setbit");
}

}  // namespace

void handlers::bitfield(Context& c) {
  commands::bitfield(c, false);
}
void handlers::bitfield_ro(Context& c) {
  commands::bitfield(c, true);
}

}  // namespace guccho::commands
