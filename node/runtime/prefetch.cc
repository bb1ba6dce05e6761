// Most of what a small command costs is waiting for memory: the slot's table, its bucket, its entry. So before the
// first command of a batch is executed all tables of the batch are asked for, then all buckets, then all entries: their
// waits overlap. What is fetched for nothing (the first argument is no key, its slot is another worker's) costs little
// and changes nothing.
#include <algorithm>
#include <array>
#include <optional>

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

void Worker::prefetch(Ahead& ahead) {
  const size_t size = ahead.commands.size();
  Batch batch(keyspace_);
  for (size_t i = 0; i < size; ++i) {
    const auto args = ahead.commands.args(i);
    ahead.slots[i].reset();
    if (args.size() < 2) continue;
    const Slot slot = key_slot(args[1]);
    ahead.slots[i] = slot;
    if (size > 1 && node_.owner_of(slot) == index_) batch.add(slot, args[1]);
  }
  batch.finish();
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
