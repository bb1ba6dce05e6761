// Agreement of all views, or the first difference as text.
#include "tests/sim/convergence.h"

#include <fmt/format.h>

namespace guccho::sim {
namespace {

// What a view says about one member, in a form that two views can be compared by.
std::string differing(const cluster::NodeView& a, const cluster::NodeView& b) {
  const auto role = [](const cluster::NodeView& n) { return n.is_primary() ? "primary" : "replica"; };
  if (a.is_primary() != b.is_primary()) return fmt::format("role {} or {}", role(a), role(b));
  if (a.primary_id != b.primary_id) return "primary";
  if (a.is_primary() && a.config_epoch != b.config_epoch) {
    return fmt::format("config epoch {} or {}", a.config_epoch.value, b.config_epoch.value);
  }
  if (a.slot_count != b.slot_count) return fmt::format("{} or {} slots", a.slot_count, b.slot_count);
  return {};
}

std::string unwell(const World& world, const Process& p) {
  if (!p.alive() || p.view() == nullptr) return "is down";
  const cluster::View& view = *p.view();
  if (static_cast<int>(view.nodes.size()) != world.size()) {
    return fmt::format("knows {} of {} members", view.nodes.size(), world.size());
  }
  constexpr uint16_t kBad = bus::kFlagPfail | bus::kFlagFail | bus::kFlagHandshake | bus::kFlagNoAddr;
  for (const auto& n : view.nodes) {
    if ((n.flags & kBad) != 0) return fmt::format("sees {} with flags {:#x}", n.id.view().substr(0, 8), n.flags);
  }
  if (!view.cluster_ok) {
    return fmt::format("says cluster down, reason {}, {} slots have an owner, {} a failed one",
                       static_cast<int>(view.down_reason), view.slots->assigned, view.slots_fail);
  }
  if (view.slots->assigned != kSlotCount) return fmt::format("knows owners of {} slots", view.slots->assigned);
  if (view.self().slot_count == 0 && !p.data.in_sync()) return "owns no slot and follows nobody in sync";
  return {};
}

std::string differing_views(const cluster::View& a, const cluster::View& b) {
  for (const auto& n : a.nodes) {
    const auto* other = b.find(n.id);
    if (other == nullptr) return fmt::format("{} is known to one only", n.id.view().substr(0, 8));
    if (auto d = differing(n, *other); !d.empty()) return fmt::format("{}: {}", n.id.view().substr(0, 8), d);
  }
  for (uint16_t s = 0; s < kSlotCount; s += 1) {
    const auto x = a.slots->owner[s];
    const auto y = b.slots->owner[s];
    if (x == cluster::kNoNode || y == cluster::kNoNode || a.nodes[x].id != b.nodes[y].id) {
      return fmt::format("owner of slot {}", s);
    }
  }
  return {};
}

}  // namespace

std::string undiscovered(const World& world) {
  for (int i = 0; i < world.size(); ++i) {
    const auto* view = world.process(i).view();
    if (view == nullptr) return fmt::format("n{} is down", i);
    int known = 0;
    for (const auto& n : view->nodes) known += n.has(bus::kFlagHandshake) ? 0 : 1;
    const int wanted = world.shape().formed_with(i);
    if (known < wanted) return fmt::format("n{} knows {} of {} members", i, known, wanted);
  }
  return {};
}

std::string disagreement(const World& world) {
  for (int i = 0; i < world.size(); ++i) {
    if (auto why = unwell(world, world.process(i)); !why.empty()) return fmt::format("n{} {}", i, why);
  }
  for (int i = 1; i < world.size(); ++i) {
    auto why = differing_views(*world.process(0).view(), *world.process(i).view());
    if (!why.empty()) return fmt::format("n0 and n{} differ: {}", i, why);
  }
  return {};
}

std::string several_electorates(const World& world) {
  const auto& first = world.process(0).view()->electorate;
  for (int i = 0; i < world.size(); ++i) {
    const auto& e = world.process(i).view()->electorate;
    if (e.voters != first.voters) return fmt::format("n0 and n{} count by different voter lists", i);
    if (e.no_automatic_failover) return fmt::format("n{} says that nobody can be elected", i);
  }
  return {};
}

int server_of(const World& world, int shard) {
  for (int i = 0; i < world.size(); ++i) {
    const Process& p = world.process(i);
    if (p.data.serves() && world.shard_owned_by(*p.view()) == shard) return i;
  }
  return -1;
}

std::string missing_data(World& world) {
  for (int shard = 0; shard < world.shape().primaries; ++shard) {
    const int server = server_of(world, shard);
    if (server < 0) return fmt::format("nobody serves shard {}", shard);
    const Position& held = world.process(server).data.position();
    const Position& safe = world.checker.safe_data(shard);
    if (!world.histories.contains(held, safe)) {
      return fmt::format("n{} serves shard {} at {}:{} without {}:{}, which all of the shard held", server, shard,
                         held.history, held.offset, safe.history, safe.offset);
    }
  }
  return {};
}

std::string describe(World& world) {
  const auto name = [&world](const NodeId& id) {
    const Process* p = world.process_of(id);
    return p == nullptr ? std::string("-") : fmt::format("n{}", p->index());
  };
  std::string out;
  for (int i = 0; i < world.size(); ++i) {
    const Process& p = world.process(i);
    const Position& at = p.data.position();
    out += fmt::format("n{:<3} {} {}{} data {}:{}", i, p.id().view().substr(0, 8),
                       p.alive() ? p.frozen() ? "frozen" : "up" : "down", p.data.in_sync() ? ", in sync," : ",",
                       at.history, at.offset);
    if (const auto* view = p.view(); view != nullptr) {
      const auto& self = view->self();
      const auto& g = self.generation;
      out += fmt::format(
          "; {} of {} epoch {} slots {} state {} voters v{} {}; generation {} base {} held {}:{}{}",
          self.is_primary() ? "primary" : "replica", name(self.primary_id), self.config_epoch.value, self.slot_count,
          static_cast<int>(view->down_reason), view->electorate.voters.version,
          view->electorate.primaries ? std::string("primaries") : std::to_string(view->electorate.voters.voters.size()),
          g.generation.value, g.base.value, name(view->held.source), view->held.generation.value,
          g.awaiting_takeover ? " awaiting " + name(g.candidate) : "");
      for (const auto& n : view->nodes) {
        if ((n.flags & (bus::kFlagPfail | bus::kFlagFail)) != 0) {
          out += fmt::format(" {}{}", name(n.id), n.has(bus::kFlagFail) ? "!" : "?");
        }
      }
    }
    out += "\n";
  }
  return out;
}

}  // namespace guccho::sim
