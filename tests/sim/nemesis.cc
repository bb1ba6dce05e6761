// The faults.
#include "tests/sim/nemesis.h"

#include <iterator>
#include <utility>

namespace guccho::sim {

using Loaded = Process::Loaded;

bool Nemesis::rage(Micros duration) {
  const Instant end = world_.now() + duration;
  while (world_.now() < end) {
    one_fault();
    if (!world_.run_for(between(Millis(100), Millis(6'000)))) return false;
  }
  return true;
}

void Nemesis::one_fault() {
  struct Weighted {
    void (Nemesis::*act)();
    int weight;
  };
  static constexpr Weighted kFaults[] = {
      {&Nemesis::restart_empty_at_once, 12},
      {&Nemesis::crash_everybody, 3},
      {&Nemesis::crash_in_write, 14},
      {&Nemesis::freeze, 12},
      {&Nemesis::partition, 14},
      {&Nemesis::cut_one_way, 6},
      {&Nemesis::refuse, 5},
      {&Nemesis::bad_network, 8},
      {&Nemesis::jump_clock, 3},
      {&Nemesis::manual_failover, 6},
      {&Nemesis::move, 3},
  };
  // The rest of the hundred are plain crashes.
  auto left = static_cast<int>(rng_.below(100));
  for (const auto& [act, weight] : kFaults) {
    if (left < weight) return (this->*act)();
    left -= weight;
  }
  crash(rng_.below(3) == 0);
}

void Nemesis::calm_down() {
  ++network_faults_;
  world_.network.set_quality({});
  world_.network.heal();
  world_.transport.heal();
  for (int i = 0; i < world_.size(); ++i) {
    world_.process(i).thaw();
    world_.process(i).stop_at_next_write(false);
    start(i, any_outcome());
  }
}

NetworkQuality Nemesis::mild_quality() {
  NetworkQuality q;
  if (rng_.below(2) == 0) return q;
  q.drop_ppm = static_cast<uint32_t>(rng_.below(20'000));
  q.duplicate_ppm = static_cast<uint32_t>(rng_.below(20'000));
  q.late_ppm = static_cast<uint32_t>(rng_.below(20'000));
  return q;
}

int Nemesis::a_primary() {
  const int first = any_node();
  for (int i = 0; i < world_.size(); ++i) {
    const int node = (first + i) % world_.size();
    if (world_.process(node).data.serves()) return node;
  }
  return first;
}

// Mostly no persistence, where restarts are most dangerous.
Loaded Nemesis::any_outcome() {
  switch (rng_.below(4)) {
    case 0:
      return Loaded::kComplete;
    case 1:
      return Loaded::kPartial;
    default:
      return Loaded::kNothing;
  }
}

void Nemesis::start_later(int node, Micros delay, Loaded outcome) {
  world_.after(delay, [this, node, outcome] { start(node, outcome); });
}

// A primary with a part of its data serves it after a while, as Redis does: what that may cost is no invariant. So
// parts come back with replicas only.
void Nemesis::start(int node, Loaded outcome) {
  Process& p = world_.process(node);
  const bool was_primary = p.data.following().is_null();
  if (!p.alive()) p.start(was_primary && outcome == Loaded::kPartial ? Loaded::kNothing : outcome);
}

void Nemesis::crash(bool silent) {
  const int node = rng_.below(2) == 0 ? a_primary() : any_node();
  if (!world_.process(node).alive()) return;
  world_.process(node).stop(silent);
  const Micros down = between(Millis(20), Millis(12'000));
  start_later(node, down, any_outcome());
  if (!silent && rng_.below(2) == 0) world_.after(down / 2, [this, node] { prove_death(node); });
}

void Nemesis::prove_death(int node) {
  if (world_.process(node).alive()) return;
  for (int i = 0; i < world_.size(); ++i) {
    Process& p = world_.process(i);
    if (p.data.following() != world_.process(node).id() || !p.running()) continue;
    const auto* view = p.view();
    if (view == nullptr || !view->electorate.no_automatic_failover) continue;
    world_.checker.allow_takeover(i);
    p.request(cluster::request::TakeoverOnProof{world_.process(node).id()},
              [this, i](const auto&) { world_.checker.allow_takeover(i, false); });
  }
}

void Nemesis::restart_empty_at_once() {
  const int node = a_primary();
  if (!world_.process(node).alive()) return;
  world_.process(node).stop(false);
  start_later(node, between(Millis(20), Millis(200)), Loaded::kNothing);
}

void Nemesis::crash_everybody() {
  const auto outcome = rng_.below(2) == 0 ? Loaded::kComplete : Loaded::kNothing;
  for (int i = 0; i < world_.size(); ++i) {
    world_.process(i).stop(false);
    start_later(i, between(Millis(20), Millis(3'000)), outcome);
  }
}

void Nemesis::crash_in_write() {
  // Several at once: a failover, during which votes are written, makes it interesting.
  for (uint64_t i = 0; i <= rng_.below(3); ++i) world_.process(any_node()).stop_at_next_write();
  if (rng_.below(2) == 0) crash(false);
}

void Nemesis::freeze() {
  const int node = rng_.below(2) == 0 ? a_primary() : any_node();
  world_.process(node).freeze();
  world_.after(between(Millis(100), Millis(10'000)), [this, node] { world_.process(node).thaw(); });
}

void Nemesis::partition() {
  std::vector<int> side(static_cast<size_t>(world_.size()));
  if (rng_.below(2) == 0) {
    side[static_cast<size_t>(any_node())] = 1;
  } else {
    for (int& s : side) s = static_cast<int>(rng_.below(2));
  }
  world_.network.partition(side);
  world_.trace_event("partition", -1);
  world_.after(between(Millis(200), Millis(12'000)), [this, mine = ++network_faults_] {
    if (mine != network_faults_) return;
    world_.trace_event("heal", -1);
    world_.network.heal();
    world_.transport.heal();
  });
}

void Nemesis::cut_one_way() {
  const int from = any_node();
  const int to = any_node();
  if (from == to) return;
  world_.network.cut(from, to, true);
  world_.trace_event("cut", from, to);
  world_.after(between(Millis(200), Millis(8'000)), [this, from, to] { world_.network.cut(from, to, false); });
}

void Nemesis::refuse() {
  const int to = any_node();
  world_.trace_event("refuse", to);
  for (int from = 0; from < world_.size(); ++from) {
    if (from == to || rng_.below(3) == 0) continue;
    world_.transport.refuse(from, to, true);
    world_.transport.reset_links(from, to);
    world_.after(between(Millis(100), Millis(4'000)), [this, from, to] { world_.transport.refuse(from, to, false); });
  }
}

void Nemesis::bad_network() {
  NetworkQuality q;
  q.latency_spread = between(Millis(1), Millis(60));
  q.drop_ppm = static_cast<uint32_t>(rng_.below(300'000));
  q.duplicate_ppm = static_cast<uint32_t>(rng_.below(100'000));
  q.reorder_ppm = static_cast<uint32_t>(rng_.below(200'000));
  q.late_ppm = static_cast<uint32_t>(rng_.below(100'000));
  world_.network.set_quality(q);
  world_.trace_event("bad network", -1, -1, q.drop_ppm, q.reorder_ppm);
  world_.after(between(Millis(500), Millis(10'000)), [this] { world_.network.set_quality({}); });
}

void Nemesis::jump_clock() {
  const Millis by(static_cast<int64_t>(rng_.below(7'200'000)) - 3'600'000);
  const int node = any_node();
  world_.trace_event("clock jump", node);
  world_.process(node).jump_wall_clock(by);
}

void Nemesis::manual_failover() {
  const int first = any_node();
  for (int i = 0; i < world_.size(); ++i) {
    Process& p = world_.process((first + i) % world_.size());
    if (!p.running() || p.data.following().is_null()) continue;
    // FORCE is an administrator's word against all data checks: only where it costs nothing.
    const auto mode = p.data.in_sync() && rng_.below(4) == 0 ? cluster::request::Failover::Mode::kForce
                                                             : cluster::request::Failover::Mode::kDefault;
    return p.request(cluster::request::Failover{mode}, nullptr);
  }
}

// Comes back at another address. One at a time, so that the others can still be found at their old ones.
void Nemesis::move() {
  const int node = any_node();
  for (int i = 0; i < world_.size(); ++i) {
    if (!world_.process(i).running()) return;
  }
  if (world_.size() < 3) return;
  world_.process(node).stop(false);
  world_.move_address(node);
  start_later(node, between(Millis(20), Millis(3'000)), any_outcome());
}

}  // namespace guccho::sim
