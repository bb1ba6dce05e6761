// The push parser: units of input, states, and the decoding of values.
#include "node/rdb/reader.h"

#include <fmt/core.h>
#include <liblzf/lzf.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "node/base/crc.h"
#include "node/base/real.h"
#include "node/rdb/packed.h"
#include "node/store/hash_value.h"
#include "node/store/intset.h"
#include "node/store/listpack.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

// LZF's densest code: two bytes of control and one of offset stand for 264 bytes.
constexpr uint64_t kMaxLzfExpansion = 264;
// What has been taken leaves the buffer once it is this much.
constexpr size_t kCompactAt = size_t{64} << 10;

bool distinct(const std::vector<std::string_view>& fields) {
  std::unordered_set<std::string_view> seen(fields.begin(), fields.end());
  return seen.size() == fields.size();
}

// The first of every `every` elements, viewed in the pack or in `texts`.
std::vector<std::string_view> names_in(const store::Listpack& pack, size_t every, std::vector<store::IntText>& texts) {
  std::vector<std::string_view> names;
  texts.resize(pack.count() / every);
  for (size_t at = pack.first(); at != store::Listpack::kEnd;) {
    names.push_back(pack.get(at).text(texts[names.size()]));
    for (size_t i = 0; i < every; ++i) at = pack.next(at);
  }
  return names;
}

bool has_distinct_names(std::string_view listpack, size_t every) {
  std::vector<store::IntText> texts;
  return distinct(names_in(store::Listpack(listpack), every, texts));
}

bool is_empty(const Value& value) {
  return std::visit(
      []<class T>(const T& v) {
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, store::StreamImage>) {
          return false;
        } else if constexpr (std::is_same_v<T, PackedHash> || std::is_same_v<T, PackedSet> ||
                             std::is_same_v<T, PackedZset>) {
          return store::Listpack(v.listpack).count() == 0;
        } else if constexpr (std::is_same_v<T, IntegerSet>) {
          return store::Intset(v.intset).count() == 0;
        } else {
          return v.empty();
        }
      },
      value);
}

Result<FieldList> pairs_of(std::vector<std::string> strings) {
  if (strings.size() % 2 != 0) return fail("a hash with a field that has no value");
  FieldList pairs;
  pairs.reserve(strings.size() / 2);
  for (size_t i = 0; i < strings.size(); i += 2) pairs.emplace_back(std::move(strings[i]), std::move(strings[i + 1]));
  return pairs;
}

// The elements of a ziplist: members and scores in turn, in the order of a sorted set, each member once.
std::optional<ScoredList> scored_of(std::optional<std::vector<std::string>> elements) {
  if (!elements || elements->size() % 2 != 0) return std::nullopt;
  ScoredList scored;
  std::vector<std::string_view> members;
  for (size_t i = 0; i < elements->size(); i += 2) {
    const std::optional<double> score = parse_real((*elements)[i + 1]);
    if (!score) return std::nullopt;
    members.push_back((*elements)[i]);
    if (i > 0 && !(store::ScoredMember{scored.back().second, members[i / 2 - 1]} <
                   store::ScoredMember{*score, members.back()})) {
      return std::nullopt;
    }
    scored.emplace_back((*elements)[i], *score);
  }
  if (!distinct(members)) return std::nullopt;
  return scored;
}

}  // namespace

// Reads primitives from the buffered bytes. Running out of them, or meeting bytes that cannot be right, is remembered;
// what is read after that is zero and empty.
class Reader::Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool short_of_bytes() const { return short_; }
  const std::optional<Error>& error() const { return error_; }
  size_t position() const { return position_; }

  std::string_view take(uint64_t n) {
    if (short_ || error_ || n > bytes_.size() - position_) {
      short_ = !error_;
      return {};
    }
    position_ += n;
    return bytes_.substr(position_ - n, n);
  }
  uint64_t little_endian(size_t n) {
    uint64_t value = 0;
    const std::string_view b = take(n);
    for (size_t i = 0; i < b.size(); ++i) value |= uint64_t{static_cast<uint8_t>(b[i])} << (8 * i);
    return value;
  }
  uint64_t big_endian(size_t n) {
    uint64_t value = 0;
    for (const char c : take(n)) value = (value << 8) | static_cast<uint8_t>(c);
    return value;
  }
  uint8_t u8() { return static_cast<uint8_t>(little_endian(1)); }

  // A plain length; a special encoding is an error here.
  uint64_t length() {
    const uint8_t first = u8();
    if ((first >> 6) == 3) set_error(fmt::format("byte {:#04x} where a length was expected", first));
    return length_from(first);
  }

  std::string string() {
    const uint8_t first = u8();
    if ((first >> 6) != 3) return std::string(take(checked(length_from(first))));
    switch (static_cast<StringEncoding>(first & 0x3f)) {
      case StringEncoding::kInt8:
        return integer(1);
      case StringEncoding::kInt16:
        return integer(2);
      case StringEncoding::kInt32:
        return integer(4);
      case StringEncoding::kLzf:
        return compressed();
    }
    set_error(fmt::format("unknown string encoding {:#04x}", first));
    return {};
  }

  // Type 5: the bytes of the number; type 3: its text after a length, with three lengths that stand for a value.
  double score(bool binary) {
    double value = 0;
    if (binary) {
      value = std::bit_cast<double>(little_endian(8));
    } else if (const uint8_t size = u8(); size == 253) {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (size >= 254) {
      value = size == 254 ? HUGE_VAL : -HUGE_VAL;
    } else {
      const std::optional<double> parsed = parse_real(take(size));
      if (!parsed) set_error("a score that is no number");
      value = parsed.value_or(0);
    }
    if (std::isnan(value)) set_error("a score that is no number");
    return value;
  }

 private:
  void set_error(std::string text) {
    if (!short_ && !error_) error_ = Error{std::move(text)};
  }

  uint64_t length_from(uint8_t first) {
    switch (first >> 6) {
      case 0:
        return first & 0x3f;
      case 1:
        return (uint64_t{first & 0x3fu} << 8) | u8();
      default:
        break;
    }
    if (first == 0x80) return big_endian(4);
    if (first == 0x81) return big_endian(8);
    set_error(fmt::format("unknown length encoding {:#04x}", first));
    return 0;
  }

  uint64_t checked(uint64_t length) {
    if (length > kMaxString)
      set_error(fmt::format("a string of {} bytes; at most {} are supported", length, kMaxString));
    return length;
  }

  std::string integer(size_t n) {
    const auto shift = static_cast<unsigned>(64 - 8 * n);
    return std::to_string(static_cast<int64_t>(little_endian(n) << shift) >> shift);
  }

  std::string compressed() {
    const uint64_t packed_size = checked(length());
    const uint64_t size = checked(length());
    const std::string_view packed = take(packed_size);
    if (short_ || error_) return {};
    std::string out;
    if (size == 0 || size > packed_size * kMaxLzfExpansion) {
      set_error("a compressed string whose sizes cannot be right");
      return out;
    }
    out.resize(size);
    if (lzf_decompress(packed.data(), static_cast<unsigned>(packed_size), out.data(), static_cast<unsigned>(size)) !=
        size) {
      set_error("a compressed string that does not decompress");
    }
    return out;
  }

  std::string_view bytes_;
  size_t position_ = 0;
  bool short_ = false;
  std::optional<Error> error_;
};

Result<size_t> Reader::feed(std::string_view bytes) {
  if (state_ == State::kFailed) return fail("rdb: an earlier error ended this stream");
  if (state_ == State::kDone) return size_t{0};
  buffer_.append(bytes);
  while (state_ != State::kDone) {
    const Result<bool> stepped = step();
    if (!stepped) {
      state_ = State::kFailed;
      return std::unexpected(stepped.error());
    }
    if (!*stepped) break;
  }
  const size_t left = buffer_.size() - taken_;
  if (state_ == State::kDone) {
    buffer_.clear();
    return bytes.size() - left;
  }
  if (taken_ >= kCompactAt || left == 0) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  return bytes.size();
}

Status Reader::read_value(std::string_view type_and_value) {
  if (type_and_value.empty()) return fail("rdb: an empty payload");
  if (Status s = start_value(static_cast<uint8_t>(type_and_value.front())); !s) return s;
  buffer_.assign(1, '\0');  // the length of an empty key
  buffer_.append(type_and_value.substr(1));
  while (state_ != State::kOpcode) {
    const Result<bool> stepped = step();
    if (!stepped) return std::unexpected(stepped.error());
    if (!*stepped) return fail("rdb: the value ends early");
  }
  if (taken_ != buffer_.size()) return fail("rdb: bytes after the value");
  return {};
}

Result<bool> Reader::step() {
  Input in(std::string_view(buffer_).substr(taken_));
  Status status;
  const bool checksummed = state_ != State::kChecksum;
  switch (state_) {
    case State::kHeader:
      status = read_header(in);
      break;
    case State::kOpcode:
      status = read_opcode(in);
      break;
    case State::kKey:
      status = read_key(in);
      break;
    case State::kCount:
      status = read_count(in);
      break;
    case State::kString:
      status = read_value_string(in);
      break;
    case State::kScored:
      status = read_scored(in);
      break;
    case State::kEarliest:
      status = read_earliest(in);
      break;
    case State::kTimed:
      status = read_timed(in);
      break;
    case State::kStream:
      status = read_stream(in);
      break;
    case State::kChecksum:
      status = read_checksum(in);
      break;
    case State::kDone:
    case State::kFailed:
      return false;
  }
  if (in.short_of_bytes()) return false;
  if (in.error()) return fail(fmt::format("rdb: offset {}: {}", offset_, in.error()->text));
  if (!status) return fail(fmt::format("rdb: offset {}: {}", offset_, status.error().text));
  if (checksummed) crc_ = crc64(crc_, std::string_view(buffer_).substr(taken_, in.position()));
  taken_ += in.position();
  offset_ += in.position();
  return true;
}

// Each of these reads one unit. What it read counts only if the input had all of it, so state changes come last and
// under that condition.

Status Reader::read_header(Input& in) {
  const std::string_view header = in.take(9);
  if (in.short_of_bytes()) return {};
  if (!header.starts_with("REDIS")) return fail("not an RDB: no \"REDIS\" at its start");
  int version = 0;
  for (const char digit : header.substr(5)) {
    if (digit < '0' || digit > '9') return fail("not an RDB: its version is not a number");
    version = version * 10 + (digit - '0');
  }
  if (version < 1 || version > kNewestReadVersion) {
    return fail(fmt::format("RDB version {} cannot be read, only 1 to {}", version, kNewestReadVersion));
  }
  version_ = version;
  state_ = State::kOpcode;
  return {};
}

Status Reader::read_opcode(Input& in) {
  const uint8_t byte = in.u8();
  if (in.short_of_bytes()) return {};
  return byte >= static_cast<uint8_t>(Opcode::kSlotInfo) ? read_special(in, static_cast<Opcode>(byte))
                                                         : start_value(byte);
}

Status Reader::read_special(Input& in, Opcode opcode) {
  const auto whole = [&in] { return !in.short_of_bytes() && !in.error(); };
  switch (opcode) {
    case Opcode::kExpireMillis: {
      const UnixMillis when{Millis(static_cast<int64_t>(in.little_endian(8)))};
      if (whole()) record_.expiry = when;
      return {};
    }
    case Opcode::kExpireSeconds: {
      const UnixMillis when{Millis(int64_t{static_cast<int32_t>(in.little_endian(4))} * 1000)};
      if (whole()) record_.expiry = when;
      return {};
    }
    case Opcode::kFrequency: {
      const uint8_t frequency = in.u8();
      if (whole()) record_.frequency = frequency;
      return {};
    }
    case Opcode::kIdle: {
      const uint64_t seconds = in.length();
      if (whole()) record_.idle_seconds = seconds;
      return {};
    }
    case Opcode::kSelectDb: {
      const uint64_t database = in.length();
      if (whole() && database != 0) return fail(fmt::format("database {}: only database 0 exists here", database));
      return {};
    }
    case Opcode::kResizeDb:
      in.length();
      in.length();
      return {};
    case Opcode::kSlotInfo:
      in.length();
      in.length();
      in.length();
      return {};
    case Opcode::kAux: {
      const std::string name = in.string();
      const std::string value = in.string();
      return whole() ? sink_.aux(name, value) : Status{};
    }
    case Opcode::kFunction2: {
      const std::string code = in.string();
      return whole() ? sink_.function(code) : Status{};
    }
    case Opcode::kFunctionPreGa:
      return fail("functions of a pre-release of Redis 7 are not supported");
    case Opcode::kModuleAux:
      return fail("module data is not supported");
    case Opcode::kEof:
      // Versions before 5 have no checksum.
      state_ = version_ >= 5 ? State::kChecksum : State::kDone;
      return {};
  }
  return fail(fmt::format("unknown opcode {}", static_cast<int>(opcode)));
}

Status Reader::start_value(uint8_t type) {
  type_ = type_info(type);
  if (!type_) return fail(fmt::format("unknown value type {}", type));
  if (type_->shape == Shape::kUnsupported) {
    return fail(fmt::format("type {} ({}) is not supported by this version", type, type_->name));
  }
  state_ = State::kKey;
  return {};
}

Status Reader::read_key(Input& in) {
  std::string key = in.string();
  if (in.short_of_bytes() || in.error()) return {};
  record_.key = std::move(key);
  if (type_->shape == Shape::kStream) {
    stream_.start(static_cast<ValueType>(type_->type));
    state_ = State::kStream;
    return {};
  }
  strings_.clear();
  scored_.clear();
  timed_.clear();
  strings_left_ = 1;
  containers_.clear();
  if (type_->shape == Shape::kTimedPairs || type_->shape == Shape::kTimedString) {
    state_ = State::kEarliest;
    return {};
  }
  state_ = type_->shape == Shape::kOneString ? State::kString : State::kCount;
  return {};
}

Status Reader::read_count(Input& in) {
  const uint64_t count = in.length();
  if (in.short_of_bytes() || in.error()) return {};
  if (count > UINT64_MAX / 2) return fail(fmt::format("a count of {} cannot be right", count));
  strings_left_ = type_->shape == Shape::kPairs ? 2 * count : count;
  state_ = type_->shape == Shape::kScored       ? State::kScored
           : type_->shape == Shape::kTimedPairs ? State::kTimed
                                                : State::kString;
  return count == 0 ? finish_value() : Status{};
}

Status Reader::read_value_string(Input& in) {
  const uint64_t container = type_->shape == Shape::kNodes ? in.length() : 0;
  std::string string = in.string();
  if (in.short_of_bytes() || in.error()) return {};
  if (type_->shape == Shape::kNodes) {
    if (container != uint64_t(Container::kPlain) && container != uint64_t(Container::kPacked)) {
      return fail(fmt::format("a list node of unknown kind {}", container));
    }
    containers_.push_back(static_cast<Container>(container));
  }
  strings_.push_back(std::move(string));
  return --strings_left_ == 0 ? finish_value() : Status{};
}

Status Reader::read_scored(Input& in) {
  std::string member = in.string();
  const double score = in.score(type_->type == static_cast<uint8_t>(ValueType::kZset2));
  if (in.short_of_bytes() || in.error()) return {};
  scored_.emplace_back(std::move(member), score);
  return --strings_left_ == 0 ? finish_value() : Status{};
}

// The earliest expiry of a hash. With no expiry at all, redis-server may write what no expiry can be.
Status Reader::read_earliest(Input& in) {
  const uint64_t earliest = in.little_endian(8);
  if (in.short_of_bytes()) return {};
  if (earliest > uint64_t{store::HashValue::kMaxExpiry} + 1) return fail("a hash with an expiry that cannot be right");
  earliest_ = static_cast<int64_t>(earliest);
  state_ = type_->shape == Shape::kTimedString ? State::kString : State::kCount;
  return {};
}

Status Reader::read_timed(Input& in) {
  const uint64_t distance = in.length();
  TimedField field{.field = in.string(), .value = in.string()};
  if (in.short_of_bytes() || in.error()) return {};
  if (distance != 0) {
    constexpr auto kMax = static_cast<uint64_t>(store::HashValue::kMaxExpiry);
    if (distance > kMax || static_cast<uint64_t>(earliest_) + (distance - 1) > kMax) {
      return fail("a hash with an expiry that cannot be right");
    }
    field.expiry = earliest_ + static_cast<int64_t>(distance - 1);
  }
  timed_.push_back(std::move(field));
  return --strings_left_ == 0 ? finish_value() : Status{};
}

Status Reader::read_stream(Input& in) {
  if (Status status = stream_.read(in); !status || !stream_.done()) return status;
  state_ = State::kOpcode;
  record_.value = stream_.take();
  return deliver();
}

Status Reader::finish_value() {
  state_ = State::kOpcode;
  switch (static_cast<ValueType>(type_->type)) {
    case ValueType::kString:
      record_.value = std::move(strings_[0]);
      return deliver();
    case ValueType::kHash:
    case ValueType::kHashZipmap:
    case ValueType::kHashZiplist:
    case ValueType::kHashListpack:
      return finish_hash();
    case ValueType::kHashTimed:
      record_.value = std::move(timed_);
      return deliver();
    case ValueType::kHashTimedListpack:
      return finish_timed_hash();
    case ValueType::kList:
    case ValueType::kListZiplist:
    case ValueType::kListQuicklist:
    case ValueType::kListQuicklist2:
      return finish_list();
    case ValueType::kSet:
    case ValueType::kSetIntset:
    case ValueType::kSetListpack:
      return finish_set();
    case ValueType::kZset:
    case ValueType::kZset2:
    case ValueType::kZsetZiplist:
    case ValueType::kZsetListpack:
      return finish_zset();
    case ValueType::kStream:
    case ValueType::kStream2:
    case ValueType::kStream3:
      break;  // see read_stream
  }
  return fail(fmt::format("type {} ({}) has no decoder", type_->type, type_->name));
}

Status Reader::finish_hash() {
  std::optional<std::vector<std::string>> elements;
  switch (static_cast<ValueType>(type_->type)) {
    case ValueType::kHashListpack:
      if (!store::Listpack::valid(strings_[0], true)) return fail("a hash whose listpack is damaged");
      if (!has_distinct_names(strings_[0], 2)) return fail("a hash with a field twice");
      record_.value = PackedHash{std::move(strings_[0])};
      return deliver();
    case ValueType::kHashZiplist:
      elements = read_ziplist(strings_[0]);
      break;
    case ValueType::kHashZipmap:
      elements = read_zipmap(strings_[0]);
      break;
    default:
      elements = std::move(strings_);
  }
  if (!elements) return fail(fmt::format("a {} that is damaged", type_->name));
  Result<FieldList> pairs = pairs_of(std::move(*elements));
  if (!pairs) return std::unexpected(pairs.error());
  record_.value = std::move(*pairs);
  return deliver();
}

// Field, value and expiry in turn.
Status Reader::finish_timed_hash() {
  if (!store::Listpack::valid(strings_[0])) return fail("a hash whose listpack is damaged");
  const store::Listpack pack(strings_[0]);
  if (pack.count() % 3 != 0) return fail("a hash with a field that has no value or no expiry");
  TimedFieldList fields;
  fields.reserve(pack.count() / 3);
  store::IntText scratch;
  for (size_t at = pack.first(); at != store::Listpack::kEnd;) {
    TimedField field;
    field.field = pack.get(at).text(scratch);
    at = pack.next(at);
    field.value = pack.get(at).text(scratch);
    at = pack.next(at);
    const auto expiry = pack.get(at).integer;
    if (!expiry || *expiry < 0 || *expiry > store::HashValue::kMaxExpiry) {
      return fail("a hash with an expiry that cannot be right");
    }
    field.expiry = *expiry;
    at = pack.next(at);
    fields.push_back(std::move(field));
  }
  record_.value = std::move(fields);
  return deliver();
}

// Empty nodes are left out, as Redis leaves them out.
Status Reader::finish_list() {
  ListNodes nodes;
  const bool ziplists =
      type_->type == uint8_t(ValueType::kListZiplist) || type_->type == uint8_t(ValueType::kListQuicklist);
  for (size_t i = 0; i < strings_.size(); ++i) {
    std::string& bytes = strings_[i];
    if (ziplists) {
      auto elements = read_ziplist(bytes);
      if (!elements) return fail(fmt::format("a {} that is damaged", type_->name));
      for (std::string& element : *elements) nodes.push_back({std::move(element), false});
    } else if (!containers_.empty() && containers_[i] == Container::kPacked) {
      if (!store::Listpack::valid(bytes)) return fail("a list with a listpack that is damaged");
      if (store::Listpack(bytes).count() > 0) nodes.push_back({std::move(bytes), true});
    } else {
      nodes.push_back({std::move(bytes), false});
    }
  }
  record_.value = std::move(nodes);
  return deliver();
}

Status Reader::finish_set() {
  switch (static_cast<ValueType>(type_->type)) {
    case ValueType::kSetIntset:
      if (!store::Intset::valid(strings_[0])) return fail("a set whose intset is damaged");
      record_.value = IntegerSet{std::move(strings_[0])};
      break;
    case ValueType::kSetListpack:
      if (!store::Listpack::valid(strings_[0])) return fail("a set whose listpack is damaged");
      if (!has_distinct_names(strings_[0], 1)) return fail("a set with a member twice");
      record_.value = PackedSet{std::move(strings_[0])};
      break;
    default:
      record_.value = std::move(strings_);
  }
  return deliver();
}

Status Reader::finish_zset() {
  switch (static_cast<ValueType>(type_->type)) {
    case ValueType::kZsetListpack:
      if (!store::Listpack::valid(strings_[0], true) || !store::valid_packed_zset(strings_[0])) {
        return fail("a sorted set whose listpack is damaged");
      }
      record_.value = PackedZset{std::move(strings_[0])};
      break;
    case ValueType::kZsetZiplist: {
      std::optional<ScoredList> scored = scored_of(read_ziplist(strings_[0]));
      if (!scored) return fail(fmt::format("a {} that is damaged", type_->name));
      record_.value = std::move(*scored);
      break;
    }
    default:
      record_.value = std::move(scored_);
  }
  return deliver();
}

Status Reader::deliver() {
  Record record = std::exchange(record_, Record{});
  if (is_empty(record.value)) {
    ++empty_keys_;
    return {};
  }
  return sink_.record(std::move(record));
}

Status Reader::read_checksum(Input& in) {
  const uint64_t stored = in.little_endian(8);
  if (in.short_of_bytes()) return {};
  if (stored != 0 && stored != crc_) {
    return fail(fmt::format("wrong checksum: {:016x} stored, {:016x} computed", stored, crc_));
  }
  state_ = State::kDone;
  return {};
}

Status Reader::end_of_input() const {
  if (state_ == State::kDone) return {};
  if (state_ == State::kFailed) return fail("rdb: an earlier error ended this stream");
  return fail(fmt::format("rdb: offset {}: the stream ends early", offset_ + (buffer_.size() - taken_)));
}

}  // namespace guccho::rdb
