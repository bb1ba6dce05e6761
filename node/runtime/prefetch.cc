// Most of what a small command costs is waiting for memory: the slot's table, its bucket, its entry. So before the
// first command of a batch is executed all tables of the batch are asked for, then all buckets, then all entries: their
// waits overlap. And before the first batch is executed, the batches of other connections are read. What is fetched for nothing (the first argument is no key, its slot is another worker's) costs little
// and changes nothing.
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "node/resp/batch.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"
#include "node/slots/slots.h"

namespace guccho::runtime {
namespace {

class Batch {
 public:
  explicit Batch(const store::Keyspace& keyspace) : keyspace_(keyspace) {}

  void add(Slot slot, std::string_view key) {
    keys_[count_].emplace(slot, key);
    keyspace_.prefetch_table(*keys_[count_++]);
  }
  void finish() {
    for (size_t i = 0; i < count_; ++i) keyspace_.prefetch_bucket(*keys_[i]);
    for (size_t i = 0; i < count_; ++i) keyspace_.prefetch_entry(*keys_[i]);
  }

 private:
  const store::Keyspace& keyspace_;
  std::array<std::optional<store::KeyRef>, resp::CommandBatch::kMaxCommands> keys_;
  size_t count_ = 0;
};

}  // namespace

void Worker::prefetch_tables(Ahead& ahead) {
  ahead.here = 0;
  for (size_t i = 0; i < ahead.commands.size(); ++i) {
    const auto args = ahead.commands.args(i);
    ahead.keys[i].reset();
    if (args.size() < 2) continue;
    const store::KeyRef& key = ahead.keys[i].emplace(key_slot(args[1]), args[1]);
    if (node_.owner_of(key.slot) != index_) continue;
    ahead.here |= 1u << i;
    keyspace_.prefetch_table(key);
  }
}

void Worker::prefetch_buckets(const Ahead& ahead) {
  for (uint32_t left = ahead.here; left != 0; left &= left - 1) {
    keyspace_.prefetch_bucket(*ahead.keys[static_cast<size_t>(std::countr_zero(left))]);
  }
}

void Worker::prefetch_entries(const Ahead& ahead) {
  for (uint32_t left = ahead.here; left != 0; left &= left - 1) {
    keyspace_.prefetch_entry(*ahead.keys[static_cast<size_t>(std::countr_zero(left))]);
  }
}

void Worker::prefetch(Ahead& ahead) {
  prefetch_tables(ahead);
  if (ahead.commands.size() < 2) return;
  prefetch_buckets(ahead);
  prefetch_entries(ahead);
}

bool Worker::gather(Connection& connection) {
  if (!gathering_) return false;
  if (gathered_count_ == gathered_.size()) {
    run_gathered();
    gathering_ = true;
  }
  Gathered& g = gathered_[gathered_count_];
  if (!connection.look_ahead(g.ahead)) return false;
  g.connection = &connection;
  prefetch_tables(g.ahead);
  ++gathered_count_;
  return true;
}

// While they run, connections may end, be held or be read anew: process() sees to that.
void Worker::run_gathered() {
  gathering_ = false;
  const std::span<Gathered> all = std::span(gathered_).first(std::exchange(gathered_count_, 0));
  if (all.size() > 1 || (all.size() == 1 && all[0].ahead.commands.size() > 1)) {
    for (const Gathered& g : all) prefetch_buckets(g.ahead);
    for (const Gathered& g : all) prefetch_entries(g.ahead);
  }
  for (const Gathered& g : all) g.connection->process();
}

void Worker::prefetch(ArgumentReader& reader, std::span<const Task> tasks) {
  Batch batch(keyspace_);
  for (const Task& task : tasks.first(std::min(tasks.size(), resp::CommandBatch::kMaxCommands))) {
    const auto args = reader.next(task);
    if (args.size() >= 2) batch.add(task.slot, args[1]);
  }
  batch.finish();
}

}  // namespace guccho::runtime
