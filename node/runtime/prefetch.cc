// Most of what a small command costs is waiting for memory: the slot's table, its bucket, its entry, and in a big hash,
// set or sorted set the element's bucket and item. So before the first command is executed, first all tables are asked
// for, then all buckets, and so on: their waits overlap. And before the first batch is executed, the batches of other
// connections are read. What is fetched for nothing (the first argument is no key, its slot is another worker's) costs
// little and changes nothing.
#include "node/base/prefetch.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "node/resp/batch.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"
#include "node/slots/slots.h"
#include "node/store/keyspace.h"

namespace guccho::runtime {

void Worker::expect(Ahead::Command& command, std::span<const std::string_view> args, Slot slot) {
  command.key.emplace(slot, args[1]);
  command.here = node_.owner_of(slot) == index_;
  if (!command.here) return;
  const int element = command.spec == nullptr ? 0 : command.spec->element;
  const size_t at = element < 0 ? args.size() - static_cast<size_t>(-element) : static_cast<size_t>(element);
  command.element = element != 0 && at < args.size() ? args[at] : std::string_view();
  keyspace_.prefetch_table(*command.key);
  expected_.push_back(&command);
}

void Worker::expect(Ahead& ahead) {
  std::string_view name;
  const commands::CommandSpec* named = nullptr;
  for (size_t i = 0; i < ahead.commands.size(); ++i) {
    const auto args = ahead.commands.args(i);
    Ahead::Command& command = ahead.known[i];
    // A pipeline is often of one command.
    if (named == nullptr || !store::same_bytes(name, args[0])) {
      named = commands::resolve(args);
      name = args[0];
    }
    command.spec = named;
    if (named != nullptr && (named->parent != nullptr || !named->subcommands.empty())) named = nullptr;
    command.key.reset();
    command.here = false;
    if (args.size() >= 2) expect(command, args, key_slot(args[1]));
  }
}

void Worker::fetch_expected() {
  if (expected_.size() > 1) {
    for (const Ahead::Command* c : expected_) keyspace_.prefetch_bucket(*c->key);
    displaced_.clear();
    for (Ahead::Command* c : expected_) {
      if (keyspace_.prefetch_entry(*c->key)) displaced_.push_back(c);
    }
    // One in six is not in its home bucket, nearly all of these in the next one.
    for (const Ahead::Command* c : displaced_) keyspace_.prefetch_entry(*c->key, 1);
    // Only those that are about an element stay.
    std::erase_if(expected_, [this](Ahead::Command* c) {
      c->elements = c->element.empty() ? nullptr : keyspace_.element_table(*c->key);
      if (c->elements == nullptr) return true;
      guccho::prefetch(c->elements);
      c->element_hash = store::hash_bytes(c->element);
      return false;
    });
    for (const Ahead::Command* c : expected_) c->elements->prefetch(c->element_hash);
    for (const Ahead::Command* c : expected_) c->elements->prefetch_items(c->element_hash);
  }
  expected_.clear();
}

void Worker::prefetch(Ahead& ahead) {
  expect(ahead);
  fetch_expected();
}

void Worker::prefetch(ArgumentReader& reader, std::span<const Task> tasks) {
  std::array<Ahead::Command, resp::CommandBatch::kMaxCommands> commands;
  const size_t count = std::min(tasks.size(), commands.size());
  for (size_t i = 0; i < count; ++i) {
    const auto args = reader.next(tasks[i]);
    commands[i].spec = tasks[i].spec;
    if (args.size() >= 2) expect(commands[i], args, tasks[i].slot);
  }
  fetch_expected();
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
  expect(g.ahead);
  ++gathered_count_;
  return true;
}

// While they run, connections may end, be held or be read anew: process() sees to that.
void Worker::run_gathered() {
  gathering_ = false;
  fetch_expected();
  run_rest_of_gathered();
  gathered_run_ = gathered_count_ = 0;
}

// Also within the turn of a script that takes long, whether it came with one of these or had to run while they were
// gathered.
void Worker::run_rest_of_gathered() {
  while (gathered_run_ < gathered_count_) gathered_[gathered_run_++].connection->process();
}

}  // namespace guccho::runtime
