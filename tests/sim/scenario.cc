// The course of a run.
#include "tests/sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "tests/sim/convergence.h"
#include "tests/sim/loss.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/world.h"

namespace guccho::sim {
namespace {

using namespace std::chrono_literals;
namespace request = cluster::request;

class Run {
 public:
  Run(const Options& options, uint64_t seed) : options_(options), world_(options, seed), nemesis_(world_) {
    out_.seed = seed;
    out_.shape = world_.shape();
  }

  Outcome go() {
    const bool finished = form() && rage() && fall_one_by_one();
    if (!finished && world_.ok()) world_.broken("runs_to_its_end", "the scenario stopped without a reason");
    out_.violation = world_.checker.violation();
    out_.last_events = world_.trace.last();
    if (out_.violation && world_.size() <= 20) out_.state = describe(world_);
    out_.hash = world_.trace.hash();
    out_.events = world_.trace.count();
    out_.simulated_seconds = std::chrono::duration<double>(world_.now().time_since_epoch()).count();
    return std::move(out_);
  }

 private:
  // Bounds grow with the node timeout, in which failure detection and gossip are measured, and with the size.
  Micros bound(int timeouts, Micros least) const {
    return least + timeouts * Micros(world_.node_timeout()) + world_.size() * Micros(200ms);
  }
  // Waits until nothing speaks against it; if something still does at the end, the invariant is broken.
  bool demand(const char* invariant, Micros within, const std::function<std::string()>& why_not) {
    const std::string reason = world_.wait(within, why_not);
    if (world_.ok() && !reason.empty()) world_.broken(invariant, reason);
    return world_.ok();
  }

  bool form();
  void meet_unknown();
  bool assign();
  bool attach_replicas();
  bool form_lists();
  void meet_other_cluster();
  bool rage();
  bool settle();
  bool fall_one_by_one();
  bool fall(int shard);
  bool survive_restart_without_data(int node);
  bool fail_over(int node, int shard);
  bool can_decide(int node) const;

  int introducer(int node) const { return introducers_[static_cast<size_t>(node)]; }

  Options options_;
  World world_;
  Nemesis nemesis_;
  Outcome out_;
  std::vector<int> introducers_;  // who is asked to meet node i; -1: nobody
  bool joining_ = false;          // two clusters are to become one
};

// --- formation ---

bool Run::form() {
  world_.network.set_quality(nemesis_.mild_quality());
  for (int i = 0; i < world_.size(); ++i) {
    world_.after(Micros(static_cast<int64_t>(world_.rng.below(300'000))),
                 [this, i] { world_.process(i).start(Process::Loaded::kNothing); });
    // A chain where it is short, else a random tree: A knows B and B knows C, so A has to learn of C by gossip.
    const bool chain = world_.size() <= 12;
    int by = chain ? i - 1 : static_cast<int>(world_.rng.below(static_cast<uint64_t>(std::max(i, 1))));
    while (by >= 0 && world_.shape().in_second(by) != world_.shape().in_second(i)) --by;
    introducers_.push_back(by);
  }
  if (!world_.run_for(500ms)) return false;
  if (world_.rng.below(2) == 0) {
    for (int i = 0; i < world_.shape().primaries; ++i) {
      world_.process(i).request(request::SetConfigEpoch{ConfigEpoch(static_cast<uint64_t>(i) + 1)}, nullptr);
    }
  }
  const bool assign_first = world_.rng.below(2) == 0;
  if (assign_first && !assign()) return false;
  Instant next_meet = world_.now();
  const bool met = demand("gossip_discovers", bound(20, 30s), [this, &next_meet] {
    if (world_.now() >= next_meet) {
      meet_unknown();
      next_meet = world_.now() + 5s;
    }
    return undiscovered(world_);
  });
  if (!met || (!assign_first && !assign()) || !attach_replicas()) return false;
  world_.network.set_quality({});
  if (world_.shape().second > 0) {
    if (!form_lists()) return false;
  } else if (!demand("cluster_forms", bound(20, 20s), [this] { return disagreement(world_); })) {
    return false;
  }
  world_.checker.cluster_formed();
  return world_.ok();
}

// Two clusters, each with all slots, until they have the voter lists that they are entitled to. Then each gives up what
// the other is to have.
bool Run::form_lists() {
  const Shape& shape = world_.shape();
  const bool formed = demand("cluster_forms", bound(20, 30s), [this, &shape]() -> std::string {
    for (int i = 0; i < world_.size(); ++i) {
      const auto& e = world_.process(i).view()->electorate;
      const int primaries = shape.in_second(i) ? shape.second : shape.primaries - shape.second;
      if (primaries >= 3) continue;
      if (e.primaries || static_cast<int>(e.voters.voters.size()) != shape.formed_with(i)) {
        return fmt::format("n{} has no list of all members", i);
      }
    }
    return {};
  });
  if (!formed) return false;
  for (const int i : {0, shape.primaries - shape.second}) {
    SlotSet foreign;
    for (int shard = 0; shard < shape.primaries; ++shard) {
      if (shape.in_second(shard) != shape.in_second(i)) foreign |= world_.slots_of_shard(shard);
    }
    world_.process(i).request(request::DelSlots{foreign}, [this, i](const Result<std::string>& r) {
      if (!r) world_.broken("cluster_forms", fmt::format("n{} keeps slots: {}", i, r.error().text));
    });
  }
  return world_.run_for(Micros(static_cast<int64_t>(1'000'000 + world_.rng.below(4'000'000))));
}

// Again and again, as long as faults may undo it.
void Run::meet_other_cluster() {
  if (!joining_) return;
  const int other = world_.shape().primaries - world_.shape().second;
  Process& by = world_.process(0);
  const Process& whom = world_.process(other);
  if (by.view() != nullptr && by.view()->find(whom.id()) == nullptr) {
    by.request(request::Meet{whom.ip(), 6379, 16379}, nullptr);
  }
  world_.after(3s, [this] { meet_other_cluster(); });
}

// A handshake can fail on a poor network; the administrator who sees that asks again.
void Run::meet_unknown() {
  for (int i = 1; i < world_.size(); ++i) {
    if (introducer(i) < 0) continue;
    Process& by = world_.process(introducer(i));
    const Process& whom = world_.process(i);
    if (by.view() == nullptr || by.view()->find(whom.id()) != nullptr) continue;
    by.request(request::Meet{whom.ip(), 6379, 16379}, nullptr);
  }
}

bool Run::assign() {
  const Shape& shape = world_.shape();
  for (int i = 0; i < shape.primaries; ++i) {
    SlotSet slots = world_.slots_of_shard(i);
    // Of two clusters that will meet, each has all slots at first.
    for (int shard = 0; shard < shape.primaries; ++shard) {
      const bool first_of_its = i == 0 || i == shape.primaries - shape.second;
      if (first_of_its && shape.in_second(shard) != shape.in_second(i)) slots |= world_.slots_of_shard(shard);
    }
    world_.process(i).request(request::AddSlots{slots}, [this, i](const Result<std::string>& r) {
      if (!r) world_.broken("cluster_forms", fmt::format("n{} refuses its slots: {}", i, r.error().text));
    });
  }
  // Two administrators who gave one slot to two nodes: the epochs must settle it.
  if (shape.primaries >= 2 && shape.second == 0 && world_.rng.below(4) == 0) {
    const auto primaries = static_cast<uint64_t>(world_.shape().primaries);
    const auto first = static_cast<int>(world_.rng.below(primaries));
    const auto second =
        static_cast<int>((static_cast<uint64_t>(first) + 1 + world_.rng.below(primaries - 1)) % primaries);
    SlotSet twice;
    twice.insert(world_.slots_of_shard(first).ranges().back().last);
    world_.process(second).request(request::AddSlots{twice}, nullptr);
    // Their epochs move while the news of the claims is still on its way.
    for (const int who : {first, second, first}) {
      if (world_.rng.below(2) == 0) continue;
      world_.after(Micros(static_cast<int64_t>(world_.rng.below(1'000'000))),
                   [this, who] { world_.process(who).request(request::BumpEpoch{}, nullptr); });
    }
  }
  return world_.run_for(500ms);
}

bool Run::attach_replicas() {
  std::vector<char> attached(static_cast<size_t>(world_.size()));
  return demand("cluster_forms", 30s, [this, &attached]() -> std::string {
    std::string missing;
    for (int i = world_.shape().primaries; i < world_.size(); ++i) {
      if (attached[static_cast<size_t>(i)]) continue;
      const NodeId primary = world_.process(world_.shape().shard_of(i)).id();
      world_.process(i).request(request::Replicate{primary}, [this, i, &attached, &missing](const auto& reply) {
        if (reply) attached[static_cast<size_t>(i)] = 1;
      });
      if (!attached[static_cast<size_t>(i)]) missing = fmt::format("n{} was not made a replica", i);
    }
    return missing;
  });
}

// --- faults, and the quiet after them ---

bool Run::rage() {
  world_.set_writes(true);
  if (!world_.run_for(2s)) return false;
  joining_ = world_.shape().second > 0;
  meet_other_cluster();
  // Big clusters make many messages: less time shows as much.
  const double minutes = world_.size() > 20 ? options_.minutes / 3 : options_.minutes;
  const Micros time(static_cast<int64_t>(minutes * 60e6));
  if (!(options_.faults ? nemesis_.rage(time) : world_.run_for(time)) || !settle()) return false;
  if (joining_ && !demand("clusters_join", bound(60, 60s), [this] { return several_electorates(world_); }))
    return false;
  joining_ = false;
  if (!options_.faults || world_.size() > 20 || world_.rng.below(4) != 0) return true;
  return Loss(world_, nemesis_).happen() && settle();
}

bool Run::settle() {
  nemesis_.calm_down();
  // Restarts that faults have ordered may still be to come: they end within 15 s.
  if (!demand("converges", 15s + bound(30, 40s), [this] { return disagreement(world_); })) return false;
  return demand("replicated_data_kept", 5s, [this] { return missing_data(world_); });
}

// --- single falls in calm weather ---

bool Run::fall_one_by_one() {
  if (!options_.faults) return true;
  // What the faults have left behind (forgotten suspicions, waits after a return, votes) is over by then.
  if (!world_.run_for(15s + 4 * Micros(world_.node_timeout()))) return false;
  for (int round = 0; round < 3; ++round) {
    const int shard = static_cast<int>(world_.rng.below(static_cast<uint64_t>(world_.shape().primaries)));
    if (!fall(shard) || !settle() || !world_.run_for(4 * Micros(world_.node_timeout()))) return false;
  }
  return true;
}

bool Run::can_decide(int node) const {
  const Process& p = world_.process(node);
  if (p.view()->electorate.no_automatic_failover) return false;
  for (int i = 0; i < world_.size(); ++i) {
    if (world_.process(i).data.following() == p.id()) return true;
  }
  return false;
}

bool Run::fall(int shard) {
  const int node = server_of(world_, shard);
  if (node < 0) return true;  // settle() will say so
  if (world_.rng.below(3) == 0) return survive_restart_without_data(node);
  if (!can_decide(node)) return true;
  return fail_over(node, shard);
}

// Kill and restart at once, with an empty memory, and for half of the seeds without the note of what it held: nothing
// that the replicas hold may be lost.
bool Run::survive_restart_without_data(int node) {
  world_.set_writes(false);
  if (!world_.run_for(1s)) return false;
  world_.process(node).stop(false);
  const uint64_t down = 20'000 + world_.rng.below(180'000);
  if (!world_.run_for(Micros(static_cast<int64_t>(down)))) return false;
  if (down % 2 == 0) world_.process(node).lose_own_file();
  world_.process(node).start(Process::Loaded::kNothing);
  world_.set_writes(true);
  return world_.ok();
}

bool Run::fail_over(int node, int shard) {
  const uint64_t kind = world_.rng.below(3);
  if (kind == 2) {
    world_.process(node).freeze();
  } else {
    world_.process(node).stop(kind == 1);
  }
  const Instant fell = world_.now();
  // The rules' own times: T to suspect (none when refused), gossip of the suspicion, one or two elections.
  const Micros within = kind == 0 ? Micros(2s) : Micros(world_.node_timeout()) + 2s;
  const Micros slack = world_.size() > 20 ? Micros(world_.node_timeout()) : Micros(0);
  while (server_of(world_, shard) < 0 && world_.now() - fell < within + slack) {
    if (!world_.run_for(10ms)) return false;
  }
  const auto took = std::chrono::duration_cast<Millis>(world_.now() - fell);
  if (server_of(world_, shard) < 0) {
    world_.broken("failover_happens", fmt::format("{} ms after n{} {}, nobody serves shard {}", took.count(), node,
                                                  kind == 0   ? "was killed"
                                                  : kind == 1 ? "lost its machine"
                                                              : "was stopped",
                                                  shard));
    return false;
  }
  (kind == 0 ? out_.killed_failovers : out_.silent_failovers).push_back(took);
  return world_.run_for(1s);
}

}  // namespace

Outcome run_seed(const Options& options, uint64_t seed) {
  return Run(options, seed).go();
}

}  // namespace guccho::sim
