// The world's making, its clock and its directory of nodes.
#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace guccho::sim {
namespace {

constexpr size_t kTraceKept = 150;
constexpr Micros kDataPeriod{100'000};
constexpr Micros kLookEvery{200'000};

// Node timeouts of small clusters vary with the seed; big ones use a longer one, as pings grow with the square.
Millis choose_timeout(const Shape& shape, Rng& rng) {
  constexpr Millis kSmall[] = {Millis(500), Millis(1000), Millis(1000), Millis(2000)};
  if (shape.nodes() > 200) return Millis(15'000);
  if (shape.nodes() > 20) return Millis(5'000);
  return kSmall[rng.below(std::size(kSmall))];
}

int64_t choose_backlog(Rng& rng) {
  constexpr int64_t kSizes[] = {200, 5'000, int64_t{1} << 40};
  return kSizes[rng.below(std::size(kSizes))];
}

// Every other seed of a small cluster sends its messages through the codec.
bool choose_codec(const Options& options, const Shape& shape, uint64_t seed) {
  return options.codec && seed % 2 == 0 && shape.nodes() <= 20;
}

}  // namespace

World::World(const Options& options, uint64_t seed)
    : rng(seed * 0x9e3779b97f4a7c15ULL + 1),
      trace(kTraceKept, options.trace),
      network(choose_shape(options, seed).nodes(), rng.next()),
      transport(*this, choose_shape(options, seed).nodes(), choose_codec(options, choose_shape(options, seed), seed),
                rng.below(2) == 0),
      checker(*this, choose_shape(options, seed).nodes(), choose_shape(options, seed).primaries),
      options_(options),
      seed_(seed),
      shape_(choose_shape(options, seed)),
      queue_(rng.next()),
      node_timeout_(choose_timeout(shape_, rng)),
      backlog_(choose_backlog(rng)),
      address_generation_(static_cast<size_t>(shape_.nodes())) {
  make_processes();
  after(kDataPeriod, [this] { data_tick(); });
}

void World::make_processes() {
  const bool announce = rng.below(2) == 0;
  for (int i = 0; i < shape_.nodes(); ++i) {
    cluster::Config config;
    config.node_timeout = node_timeout_;
    config.announce.tcp_port = 6379;
    config.announce.bus_port = 16379;
    if (announce) config.announce.ip = address(i, 0);
    by_address_[address(i, 0)] = i;
    // 200 ppm is a bad quartz; a minute is a wall clock that nobody set.
    NodeClock clock(rng, 200, Millis(60'000));
    processes_.push_back(std::make_unique<Process>(*this, i, rng.node_id(), clock, config));
    by_id_[processes_.back()->id()] = i;
  }
}

bool World::run_for(Micros duration) {
  const Instant end = now() + duration;
  bool reached = false;
  at(end, [&reached] { reached = true; });
  while (ok() && !reached) {
    auto action = queue_.pop();
    action();
    graveyard_.clear();
  }
  return ok();
}

std::string World::wait(Micros bound, const std::function<std::string()>& why_not) {
  const Instant end = now() + bound;
  std::string reason = why_not();
  while (!reason.empty() && now() < end && run_for(kLookEvery)) reason = why_not();
  return reason;
}

void World::data_tick() {
  for (const auto& p : processes_) p->data.tick();
  checker.note_safe_data();
  after(kDataPeriod, [this] { data_tick(); });
}

Process* World::process_of(const NodeId& id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : processes_[static_cast<size_t>(it->second)].get();
}

std::string World::address(int node, int generation) {
  return fmt::format("10.{}.{}.{}", generation % 250, node / 250, node % 250 + 1);
}

int World::node_at(const std::string& ip) const {
  const auto it = by_address_.find(ip);
  return it == by_address_.end() ? -1 : it->second;
}

void World::move_address(int node) {
  by_address_.erase(process(node).ip());
  const auto ip = address(node, ++address_generation_[static_cast<size_t>(node)]);
  by_address_[ip] = node;
  process(node).change_address(ip);
}

void World::replace(int node) {
  Process& p = process(node);
  by_id_.erase(p.id());
  p.replace(rng.node_id());
  by_id_[p.id()] = node;
  checker.on_replaced(node);
  if (rng.below(2) == 0) move_address(node);
  trace_event("replaced", node);
}

SlotSet World::slots_of_shard(int shard) const {
  SlotSet slots;
  const int first = shard * kSlotCount / shape_.primaries;
  const int end = (shard + 1) * kSlotCount / shape_.primaries;
  for (int s = first; s < end; ++s) slots.insert(Slot(static_cast<uint16_t>(s)));
  return slots;
}

std::vector<Slot> World::key_slots(int shard) const {
  if (shard < 0) return {};
  const auto first = static_cast<uint16_t>(shard * kSlotCount / shape_.primaries);
  return {Slot(first), Slot(static_cast<uint16_t>(first + 1)), Slot(static_cast<uint16_t>(first + 2))};
}

int World::shard_owned_by(const cluster::View& view) const {
  if (view.self().slot_count == 0) return -1;
  for (int shard = 0; shard < shape_.primaries; ++shard) {
    if (view.owns(Slot(static_cast<uint16_t>(shard * kSlotCount / shape_.primaries)))) return shard;
  }
  return -1;
}

Micros World::write_time() {
  const uint64_t longest = rng.below(50) == 0 ? 100'000 : 3'000;
  return Micros(static_cast<int64_t>(50 + rng.below(longest)));
}

void World::crash_in_write(int node) {
  process(node).stop(false);
  after(Micros(static_cast<int64_t>(20'000 + rng.below(2'000'000))), [this, node] {
    if (!process(node).alive()) process(node).start(Process::Loaded::kComplete);
  });
}

}  // namespace guccho::sim
