// Framing one value.
#include "node/rdb/dump.h"

#include <functional>
#include <optional>
#include <unordered_set>

#include "node/base/crc.h"
#include "node/rdb/format.h"
#include "node/rdb/writer.h"

namespace guccho::rdb {
namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kFooterBytes = kVersionBytes + 8;
// Opcode and milliseconds.
constexpr size_t kExpiryBytes = 1 + 8;

void append_little_endian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

class OneRecord final : public RecordSink {
 public:
  Status record(Record&& record) override {
    record_ = std::move(record);
    return {};
  }
  Status aux(std::string_view, std::string_view) override { return fail("not a value"); }
  Status function(std::string_view) override { return fail("not a value"); }
  std::optional<Record>& get() { return record_; }

 private:
  std::optional<Record> record_;
};

// What load() would find only when it has begun: a field or a member twice.
template <class List, class Name>
bool repeats(const List& list, Name name) {
  std::unordered_set<std::string_view> seen;
  for (const auto& element : list) {
    if (!seen.insert(std::invoke(name, element)).second) return true;
  }
  return false;
}

bool repeats_itself(const Record& record) {
  if (const auto* fields = std::get_if<FieldList>(&record.value)) return repeats(*fields, &FieldList::value_type::first);
  if (const auto* fields = std::get_if<TimedFieldList>(&record.value)) return repeats(*fields, &TimedField::field);
  if (const auto* members = std::get_if<MemberList>(&record.value)) return repeats(*members, std::identity());
  if (const auto* scored = std::get_if<ScoredList>(&record.value)) return repeats(*scored, &ScoredList::value_type::first);
  return false;
}

}  // namespace

// The record of the stream without expiry and key.
std::string dump(const store::Entry& entry) {
  std::string payload;
  append_entry(payload, entry, {});
  if (entry.expiry()) payload.erase(0, kExpiryBytes);
  std::string key;
  append_string(key, entry.key(), true);
  payload.erase(1, key.size());
  append_little_endian(payload, entry.has_timed_fields() ? kTimedFieldsVersion : kWrittenVersion, kVersionBytes);
  append_little_endian(payload, crc64(0, payload), 8);
  return payload;
}

bool is_dump(std::string_view payload) {
  if (payload.size() < kFooterBytes) return false;
  const std::string_view checked = payload.substr(0, payload.size() - 8);
  const uint64_t version = little_endian(checked.substr(checked.size() - kVersionBytes));
  return version <= static_cast<uint64_t>(kNewestReadVersion) &&
         little_endian(payload.substr(checked.size())) == crc64(0, checked);
}

Result<Record> restore(std::string_view payload) {
  OneRecord sink;
  Reader reader(sink);
  if (Status s = reader.read_value(payload.substr(0, payload.size() - kFooterBytes)); !s) {
    return std::unexpected(s.error());
  }
  if (!sink.get()) return fail("rdb: an empty collection");
  if (repeats_itself(*sink.get())) return fail("rdb: a field or a member twice");
  return std::move(*sink.get());
}

}  // namespace guccho::rdb
