// The push parser: its states.
#include "node/rdb/reader.h"

#include <fmt/core.h>

#include "node/base/crc.h"
#include "node/store/hash_value.h"

namespace guccho::rdb {

namespace {

// What has been taken leaves the buffer once it is this much.
constexpr size_t kCompactAt = size_t{64} << 10;

}  // namespace

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
  switch (opcode) {
    case Opcode::kExpireMillis: {
      const UnixMillis when{Millis(static_cast<int64_t>(in.little_endian(8)))};
      if (in.whole()) record_.expiry = when;
      return {};
    }
    case Opcode::kExpireSeconds: {
      const UnixMillis when{Millis(int64_t{static_cast<int32_t>(in.little_endian(4))} * 1000)};
      if (in.whole()) record_.expiry = when;
      return {};
    }
    case Opcode::kFrequency: {
      const uint8_t frequency = in.u8();
      if (in.whole()) record_.frequency = frequency;
      return {};
    }
    case Opcode::kIdle: {
      const uint64_t seconds = in.length();
      if (in.whole()) record_.idle_seconds = seconds;
      return {};
    }
    case Opcode::kSelectDb: {
      const uint64_t database = in.length();
      if (in.whole() && database != 0) return fail(fmt::format("database {}: only database 0 exists here", database));
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
      return in.whole() ? sink_.aux(name, value) : Status{};
    }
    case Opcode::kFunction2: {
      const std::string code = in.string();
      return in.whole() ? sink_.function(code) : Status{};
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
  if (!in.whole()) return {};
  record_.key = std::move(key);
  if (type_->shape == Shape::kStream) {
    stream_.start(static_cast<ValueType>(type_->type));
    state_ = State::kStream;
    return {};
  }
  parts_ = {};
  strings_left_ = 1;
  if (type_->shape == Shape::kTimedPairs || type_->shape == Shape::kTimedString) {
    state_ = State::kEarliest;
    return {};
  }
  state_ = type_->shape == Shape::kOneString ? State::kString : State::kCount;
  return {};
}

Status Reader::read_count(Input& in) {
  const uint64_t count = in.length();
  if (!in.whole()) return {};
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
  if (!in.whole()) return {};
  if (type_->shape == Shape::kNodes) {
    if (container != uint64_t(Container::kPlain) && container != uint64_t(Container::kPacked)) {
      return fail(fmt::format("a list node of unknown kind {}", container));
    }
    parts_.containers.push_back(static_cast<Container>(container));
  }
  parts_.strings.push_back(std::move(string));
  return --strings_left_ == 0 ? finish_value() : Status{};
}

Status Reader::read_scored(Input& in) {
  std::string member = in.string();
  const double score = in.score(type_->type == static_cast<uint8_t>(ValueType::kZset2));
  if (!in.whole()) return {};
  parts_.scored.emplace_back(std::move(member), score);
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
  if (!in.whole()) return {};
  if (distance != 0) {
    constexpr auto kMax = static_cast<uint64_t>(store::HashValue::kMaxExpiry);
    if (distance > kMax || static_cast<uint64_t>(earliest_) + (distance - 1) > kMax) {
      return fail("a hash with an expiry that cannot be right");
    }
    field.expiry = earliest_ + static_cast<int64_t>(distance - 1);
  }
  parts_.timed.push_back(std::move(field));
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
  Result<Value> value = value_of(*type_, parts_);
  if (!value) return std::unexpected(value.error());
  record_.value = std::move(*value);
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
