// What the tests of RDB share: reading streams, filling keyspaces, printing what they hold.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/rdb/load.h"
#include "node/rdb/reader.h"
#include "node/rdb/writer.h"
#include "node/store/keyspace.h"

namespace guccho::rdb {

struct Collector : RecordSink {
  std::map<std::string, Record> records;
  std::map<std::string, std::string> aux_fields;
  std::vector<std::string> functions;
  Status record(Record&& record) override {
    records[record.key] = std::move(record);
    return {};
  }
  Status aux(std::string_view name, std::string_view value) override {
    aux_fields[std::string(name)] = value;
    return {};
  }
  Status function(std::string_view code) override {
    functions.emplace_back(code);
    return {};
  }
};

struct Loader : Collector {
  store::Keyspace keyspace{0, 1};
  Status record(Record&& record) override { return load(keyspace, std::move(record)); }
};

// The beginning of a stream, and the end of one without a checksum.
inline const std::string kHead = "REDIS0010";
inline const std::string kEnd = std::string(1, '\xff') + std::string(8, '\0');

// Feeds the bytes in pieces of this size.
Status read_all(std::string_view bytes, RecordSink& sink, size_t piece = SIZE_MAX);
// What a keyspace holds, as text.
std::map<std::string, std::string> dump(store::Keyspace& keyspace);
// With deleted entries, and two groups, of which one has pending entries of two consumers.
void fill_stream(store::Keyspace& keyspace, const store::KeyRef& key, uint64_t entries);

}  // namespace guccho::rdb
