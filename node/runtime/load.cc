// Loading a data set that was received or saved.
#include "node/runtime/load.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "node/base/log.h"
#include "node/rdb/load.h"
#include "node/rdb/reader.h"
#include "node/runtime/node.h"

namespace guccho::runtime {
namespace {

// What is loaded in one exclusive section; a few milliseconds of work.
constexpr size_t kChunk = 256 * 1024;

class NoRecords final : public rdb::RecordSink {
 public:
  Status record(rdb::Record&&) override { return {}; }
  Status aux(std::string_view, std::string_view) override { return {}; }
  Status function(std::string_view) override { return {}; }
};

class Loader final : public rdb::RecordSink {
 public:
  explicit Loader(Node& node) : node_(node) {}
  // Keys that have expired by our clock too: the primary decides on expiry, and sends a DEL when it does.
  Status record(rdb::Record&& record) override {
    return rdb::load(node_.keyspace_of(key_slot(record.key)), std::move(record));
  }
  Status aux(std::string_view, std::string_view) override { return {}; }
  Status function(std::string_view code) override {
    const Result<std::string> name = node_.functions().load(code, scripting::Catalog::OnCollision::kRefuse);
    if (!name) return fail("a function library in it does not load: " + name.error().text);
    return {};
  }

 private:
  Node& node_;
};

// Feeds the file from its start, `step` around each chunk.
Status feed_file(int fd, rdb::Reader& reader, const std::function<Status(std::string_view)>& step) {
  std::vector<char> chunk(kChunk);
  off_t at = 0;
  for (;;) {
    const ssize_t n = pread(fd, chunk.data(), chunk.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::string("cannot read the file: ") + std::strerror(errno));
    if (n == 0) return reader.end_of_input();
    if (Status s = step({chunk.data(), static_cast<size_t>(n)}); !s) return s;
    at += n;
  }
}

}  // namespace

Status check_rdb(int fd, const std::function<void()>& between) {
  NoRecords sink;
  rdb::Reader reader(sink);
  return feed_file(fd, reader, [&](std::string_view bytes) -> Status {
    const Result<size_t> taken = reader.feed(bytes);
    if (!taken) return fail(taken.error().text);
    if (*taken != bytes.size()) return fail("bytes after its end at offset " + std::to_string(reader.offset()));
    between();
    return {};
  });
}

Status replace_data(Node& node, int fd, const std::function<void()>& between) {
  node.run_exclusively([&] {
    node.flush_everything();
    node.functions().flush();
  });
  Loader loader(node);
  rdb::Reader reader(loader);
  return feed_file(fd, reader, [&](std::string_view bytes) -> Status {
    Status outcome;
    node.run_exclusively([&] {
      if (const Result<size_t> taken = reader.feed(bytes); !taken) outcome = fail(taken.error().text);
    });
    between();
    return outcome;
  });
}

Status replace_data_at_once(Node& node, int fd) {
  node.flush_everything();
  node.functions().flush();
  Loader loader(node);
  rdb::Reader reader(loader);
  return feed_file(fd, reader, [&](std::string_view bytes) -> Status {
    if (const Result<size_t> taken = reader.feed(bytes); !taken) return fail(taken.error().text);
    return {};
  });
}

}  // namespace guccho::runtime
