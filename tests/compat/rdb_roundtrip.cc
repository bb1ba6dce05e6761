// Reads an RDB from standard input into a keyspace and writes the keyspace as an RDB to standard output: the tool of
// rdb_compat.py. "--no-compress" leaves LZF out.
#include <cstdio>
#include <string>
#include <string_view>

#include "node/rdb/load.h"
#include "node/rdb/reader.h"
#include "node/rdb/snapshot_writer.h"
#include "node/rdb/writer.h"

namespace {

using namespace guccho;

struct Loader : rdb::RecordSink {
  store::Keyspace keyspace{0, 1};
  Status record(rdb::Record&& record) override { return rdb::load(keyspace, std::move(record)); }
  Status aux(std::string_view name, std::string_view value) override {
    std::fprintf(stderr, "%.*s=%.*s\n", int(name.size()), name.data(), int(value.size()), value.data());
    return {};
  }
  Status function(std::string_view) override { return fail("functions are not part of this test"); }
};

struct StdoutSink : rdb::ByteSink {
  void write(std::string_view bytes) override { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }
};

// Written by a snapshot, as a full sync is.
struct Serialiser : rdb::SnapshotWriter {
  rdb::StreamWriter& writer;
  Serialiser(rdb::StreamWriter& w, rdb::WriteOptions options) : rdb::SnapshotWriter(options), writer(w) {}
  void grew() override {
    for (const std::string& chunk : take_records()) writer.entries(chunk);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Loader loader;
  rdb::Reader reader(loader);
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), stdin)) > 0;) {
    if (const auto fed = reader.feed({buffer, n}); !fed) {
      std::fprintf(stderr, "%s\n", fed.error().text.c_str());
      return 1;
    }
  }
  if (const Status end = reader.end_of_input(); !end) {
    std::fprintf(stderr, "%s\n", end.error().text.c_str());
    return 1;
  }
  StdoutSink out;
  rdb::StreamWriter writer(out);
  writer.begin({{"redis-ver", "7.2.4"},
                {"redis-bits", "64"},
                {"ctime", "1700000000"},
                {"used-mem", std::to_string(loader.keyspace.used_bytes())},
                {"repl-stream-db", "0"},
                {"repl-id", std::string(40, 'a')},
                {"repl-offset", "12345"},
                {"aof-base", "0"}},
               {}, loader.keyspace.keys(), loader.keyspace.keys_with_expiry(), loader.keyspace.timed_hashes() != 0);
  Serialiser sink(writer, {.compress = !(argc > 1 && std::string_view(argv[1]) == "--no-compress")});
  SlotSet slots;
  for (uint16_t s = 0; s < kSlotCount; ++s) slots.insert(Slot(s));
  loader.keyspace.begin_snapshot(slots, sink);
  while (loader.keyspace.snapshot_step(1000)) {
  }
  writer.finish();
  return std::fflush(stdout) == 0 ? 0 : 1;
}
