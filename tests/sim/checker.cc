// The invariants' entry points, and those about what a node may say after a restart.
#include "tests/sim/checker.h"

#include <algorithm>
#include <variant>

#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace guccho::sim {

Checker::Checker(World& world, int nodes, int shards)
    : world_(world), books_(static_cast<size_t>(nodes)), safe_(static_cast<size_t>(shards)) {}

void Checker::broken(std::string invariant, std::string detail) {
  if (!violation_) violation_ = Violation{std::move(invariant), std::move(detail)};
}

int Checker::index(const NodeId& id) const {
  const Process* p = world_.process_of(id);
  return p == nullptr ? -1 : p->index();
}

void Checker::on_start(int node) {
  Books& b = books(node);
  b.just_started = true;
  b.takeover_allowed = false;
  b.reports.clear();
  b.told_failed.clear();
}

void Checker::on_receive(int node, const bus::Message& message) {
  const int sender = index(message.header.sender);
  if (const auto* fail = std::get_if<bus::FailBody>(&message.body)) {
    const int failed = index(fail->failed);
    if (failed >= 0) books(node).told_failed.insert(failed);
  }
  const auto* ping = std::get_if<bus::PingBody>(&message.body);
  if (ping == nullptr || sender < 0) return;
  Claim& claim = books(node).claims_heard[sender];
  if (message.header.primary) {
    claim = Claim();
  } else if (message.header.config_epoch.value >= claim.epoch) {
    claim = {.epoch = message.header.config_epoch.value, .slots = message.header.slots};
  }
  for (const bus::Gossip& g : ping->gossip) {
    if ((g.flags & (bus::kFlagPfail | bus::kFlagFail)) == 0) continue;
    books(node).reports[{sender, index(g.id)}] = world_.now();
  }
}

void Checker::on_send(int node, int to, const bus::Message& message) {
  const bus::Header& h = message.header;
  Books& b = books(node);
  switch (h.type) {
    case bus::MessageType::kFailoverAuthAck:
      check_vote(node, to, h);
      break;
    case bus::MessageType::kFailoverAuthRequest:
      b.epoch_asked = std::max(b.epoch_asked, h.current_epoch.value);
      break;
    case bus::MessageType::kFail: {
      const int failed = index(std::get<bus::FailBody>(message.body).failed);
      const auto* view = world_.process(node).view();
      if (failed >= 0 && view != nullptr && !fail_is_justified(node, failed, *view)) {
        broken("fail_needs_majority", name(node) + " declares " + name(failed) + " failed without a majority");
      }
      break;
    }
    default:
      break;
  }
  if ((h.flags & bus::kFlagPrimary) != 0 && h.slots != nullptr && !h.slots->empty()) {
    b.epoch_claimed = std::max(b.epoch_claimed, h.config_epoch.value);
  }
}

void Checker::on_view(int node, const cluster::View* old, const cluster::View& view) {
  Books& b = books(node);
  if (b.just_started) check_restart(node, view);
  b.just_started = false;
  if (view.current_epoch.value < b.epoch_seen) {
    broken("epoch_never_goes_back", name(node) + " had current epoch " + std::to_string(b.epoch_seen) + ", now " +
                                        std::to_string(view.current_epoch.value));
  }
  b.epoch_seen = view.current_epoch.value;
  if (old == nullptr) return;
  check_failed_flags(node, old, view);
  if (!old->self().is_primary() && view.self().is_primary()) check_votes_got(node, *old, view);
  const bool slots_changed = old->slots != view.slots;
  if (slots_changed) check_rebinds(node, *old, view);
  if (slots_changed || old->self().config_epoch != view.self().config_epoch ||
      old->self().is_primary() != view.self().is_primary()) {
    check_claims(node, view);
  }
  if (old->electorate.voters != view.electorate.voters) check_electorate(node, view);
}

// The core publishes epochs that its disk does not hold yet only when nothing was promised on them.
void Checker::check_restart(int node, const cluster::View& view) {
  Books& b = books(node);
  const auto older = [&](const char* what, uint64_t now, uint64_t told) {
    broken("durable_before_visible", name(node) + " restarted with " + what + " " + std::to_string(now) +
                                         ", but it had told others " + std::to_string(told));
  };
  if (view.last_vote_epoch.value < b.epoch_voted) older("last vote epoch", view.last_vote_epoch.value, b.epoch_voted);
  if (view.current_epoch.value < b.epoch_asked) older("current epoch", view.current_epoch.value, b.epoch_asked);
  if (view.self().is_primary() && view.self().config_epoch.value < b.epoch_claimed) {
    older("config epoch", view.self().config_epoch.value, b.epoch_claimed);
  }
  b.epoch_seen = std::max({view.last_vote_epoch.value, b.epoch_voted, b.epoch_asked});
}

}  // namespace guccho::sim
