// Permanent losses and their repair.
#include "tests/sim/loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/convergence.h"

namespace guccho::sim {

using namespace std::chrono_literals;
namespace request = cluster::request;

bool Loss::happen() {
  // Restarts that faults have ordered are over by then: whoever is lost stays so.
  if (!world_.run_for(15s)) return false;
  choose();
  for (const Victim& v : victims_) world_.process(v.node).stop(world_.rng.below(2) == 0);
  if (!world_.run_for(Micros(static_cast<int64_t>(world_.rng.below(8'000'000))))) return false;
  if (!demand("lost_primary_is_replaced", [this] { return shard_without_server(); })) return false;
  if (!demand("lost_nodes_are_forgotten", [this] { return still_known(); })) return false;
  if (!demand("lost_majority_is_replaced", [this] { return without_majority(); })) return false;
  for (const Victim& v : victims_) {
    world_.replace(v.node);
    world_.process(v.node).start(Process::Loaded::kNothing);
  }
  next_meet_ = world_.now();
  return demand("gossip_discovers", [this] { return not_met(); }) &&
         demand("new_nodes_are_attached", [this] { return not_attached(); });
}

bool Loss::demand(const char* invariant, const std::function<std::string()>& why_not) {
  const Micros bound = 20s + 20 * Micros(world_.node_timeout()) + world_.size() * Micros(200ms);
  const std::string reason = world_.wait(bound, why_not);
  if (world_.ok() && !reason.empty()) world_.broken(invariant, reason);
  return world_.ok();
}

void Loss::add(int node) {
  const Process& p = world_.process(node);
  const Process* primary = p.data.following().is_null() ? &p : world_.process_of(p.data.following());
  victims_.push_back({.node = node, .shard = world_.shard_owned_by(*primary->view()), .id = p.id()});
}

bool Loss::is_victim(int node) const {
  return std::any_of(victims_.begin(), victims_.end(), [node](const Victim& v) { return v.node == node; });
}

// Never a primary that nobody follows: its data would be gone.
void Loss::choose() {
  victims_.clear();
  const int shard = static_cast<int>(world_.rng.below(static_cast<uint64_t>(world_.shape().primaries)));
  const int primary = server_of(world_, shard);
  if (primary < 0) return;
  std::vector<int> replicas;
  for (int i = 0; i < world_.size(); ++i) {
    if (world_.process(i).data.following() == world_.process(primary).id()) replicas.push_back(i);
  }
  if (replicas.empty()) return;
  switch (world_.rng.below(3)) {
    case 0:
      return add(replicas.front());
    case 1:
      return add(primary);
    default:
      // Of a small cluster all replicas: no majority of the voters is left.
      for (int i = 0; i < world_.size(); ++i) {
        const NodeId& of = world_.process(i).data.following();
        if (!of.is_null() && (world_.shape().primaries <= 2 || of == world_.process(primary).id())) add(i);
      }
  }
}

std::string Loss::shard_without_server() {
  for (const Victim& v : victims_) {
    if (server_of(world_, v.shard) >= 0) continue;
    // Of replicas only, in a cluster that waits for a new voter list.
    const auto serves = [&](int i) {
      const auto* view = world_.process(i).view();
      return view != nullptr && view->self().is_primary() && world_.shard_owned_by(*view) == v.shard;
    };
    bool owned = false;
    for (int i = 0; i < world_.size(); ++i) owned |= serves(i);
    if (owned) continue;
    nemesis_.prove_death(v.node);
    return fmt::format("nobody took shard {} over from n{}", v.shard, v.node);
  }
  return {};
}

// A voter whose vote is still needed is not forgotten yet: asked again.
std::string Loss::still_known() {
  std::string why;
  for (int i = 0; i < world_.size(); ++i) {
    Process& p = world_.process(i);
    if (!p.running() || p.view() == nullptr) continue;
    for (const Victim& v : victims_) {
      if (p.view() == nullptr || p.view()->find(v.id) == nullptr) continue;
      why = fmt::format("n{} still knows n{}", i, v.node);
      p.request(request::Forget{v.id}, nullptr);
    }
  }
  return why;
}

std::string Loss::without_majority() {
  for (int i = 0; i < world_.size(); ++i) {
    Process& p = world_.process(i);
    if (!p.running() || p.view() == nullptr) continue;
    const auto& view = *p.view();
    const auto& list = view.electorate.voters;
    if (view.electorate.primaries) continue;
    const auto known = static_cast<size_t>(std::count_if(
        list.voters.begin(), list.voters.end(), [&view](const NodeId& id) { return view.find(id) != nullptr; }));
    if (known >= list.voters.size() / 2 + 1) continue;
    if (view.self().is_primary() && view.self().slot_count > 0) {
      p.request(request::Failover{request::Failover::Mode::kTakeover}, nullptr);
    }
    return fmt::format("n{} knows {} of {} voters", i, known, list.voters.size());
  }
  return {};
}

std::string Loss::not_met() {
  const bool ask = world_.now() >= next_meet_;
  if (ask) next_meet_ = world_.now() + 5s;
  int introducer = 0;
  while (is_victim(introducer)) ++introducer;
  Process& by = world_.process(introducer);
  std::string why;
  for (int i = 0; i < world_.size(); ++i) {
    const auto* view = world_.process(i).view();
    if (view == nullptr) return fmt::format("n{} is down", i);
    for (int other = 0; other < world_.size(); ++other) {
      const auto* known = view->find(world_.process(other).id());
      if (known == nullptr || known->has(bus::kFlagHandshake)) why = fmt::format("n{} does not know n{}", i, other);
    }
  }
  if (why.empty() || !ask || by.view() == nullptr) return why;
  for (const Victim& v : victims_) {
    const Process& newcomer = world_.process(v.node);
    if (by.view()->find(newcomer.id()) != nullptr) continue;
    by.request(request::Meet{newcomer.ip(), 6379, 16379}, nullptr);
  }
  return why;
}

std::string Loss::not_attached() {
  std::string why;
  for (const Victim& v : victims_) {
    Process& p = world_.process(v.node);
    if (!p.data.following().is_null()) continue;
    why = fmt::format("n{} is not attached to shard {}", v.node, v.shard);
    const int primary = server_of(world_, v.shard);
    if (primary >= 0) p.request(request::Replicate{world_.process(primary).id()}, nullptr);
  }
  return why;
}

}  // namespace guccho::sim
