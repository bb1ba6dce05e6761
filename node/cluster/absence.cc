// A process that did not run for a while (SIGSTOP, a suspended machine, no CPU) may have been replaced meanwhile, while
// clients' commands went on arriving in its sockets. Until it knows better it answers none of them.
//
// It knows better once a majority of those who could have elected another has answered a PING that was sent after the
// return: whoever voted tells a newer epoch in the answer, and whoever knows the new owner corrects our claims. PONGs
// come back in the order of the PINGs of a link, so the PONGs to older PINGs, which wait in our sockets too, are
// counted off.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "node/cluster/electorate.h"
#include "node/cluster/rules.h"

namespace guccho::cluster {

namespace {

// A voter has seen a newer epoch: an election is under way, or its winner's claim is on its way to us. As after a
// partition, T within these bounds is enough for either.
constexpr Millis kMinWait{500};
constexpr Millis kMaxWait{5000};
// A tick may be late by so much without meaning anything.
constexpr Millis kLeastStandStill{200};

void confirm(Core& c) {
  c.absence.active = false;
  c.emit(PresenceConfirmed{.number = c.absence.number});
}

}  // namespace

// Messages that waited in our sockets may have told of a newer epoch already, so the current one is no measure: a PONG
// can overtake the UPDATE that says who won in it, since they come on different connections.
void on_event(Core& c, const WasAbsent& e) {
  c.absence = {.active = true,
               .number = e.number,
               .since = c.now,
               .epoch = c.settled_epoch,
               .long_enough = e.duration > c.config.node_timeout * 3 / 4};
  c.count("guccho_cluster_absences_total");
  for (Node* n : c.order) {
    if (n == c.self || n->in_handshake()) continue;
    n->asked_ping = n->pings_sent + 1;  // this one, or the first on the link's successor
    if (is_voter(c, *n)) send_ping(c, *n);
  }
}

void on_new_link(Node& node) {
  // Answers to what went out on the old link will not come.
  if (node.pongs_received < node.asked_ping) node.asked_ping = node.pings_sent + 1;
  node.pongs_received = node.pings_sent;
}

void on_pong_of_link(Node& node, const bus::Header& h) {
  if (node.pongs_received < node.pings_sent) ++node.pongs_received;
  node.epoch_answered = h.current_epoch;
}

// What others sent meanwhile waits in our sockets, so the time does not count as their silence. Nor does what we
// suspected before count any more: with the reports of others that wait there, too, and are as old, it would make a
// node FAIL that came back long ago. It counts again once the node is silent for T, or refuses a connection.
void notice_stand_still(Core& c) {
  const Micros gap = c.now - std::exchange(c.last_step, c.now).value_or(c.now);
  if (gap <= std::max(kLeastStandStill, c.config.node_timeout / 2)) return;
  for (Node* n : c.order) {
    n->suspicion_old = n->pfail();
    if (n->heard != Instant{}) n->heard = std::min(c.now, n->heard + gap);
    if (n->ping_sent) n->ping_sent = n->suspicion_old ? c.now : std::min(c.now, *n->ping_sent + gap);
    c.touch(*n);
  }
}

void check_presence(Core& c) {
  if (!c.absence.active) return;
  // Who owns nothing answers nothing of its own; and where nobody can be elected, nobody was.
  if (!c.self->is_primary() || !c.self->owns_slots() || is_small_list(c)) return confirm(c);
  size_t present = is_voter(c, *c.self) ? 1 : 0;
  size_t steady = present == 1 && is_steady_voter(c, *c.self) ? 1 : 0;
  bool newer_epoch = false;
  for (const Node* n : c.order) {
    if (n == c.self || n->in_handshake() || !is_voter(c, *n) || n->pongs_received < n->asked_ping) continue;
    ++present;
    steady += is_steady_voter(c, *n) ? 1 : 0;
    newer_epoch |= n->epoch_answered > c.absence.epoch;
  }
  if (!meets_every_majority(c, voter_count(c), present, steady)) return;
  const Instant until = c.absence.since + std::clamp(c.config.node_timeout, kMinWait, kMaxWait);
  // Who was silent for T may have been replaced, and the news of it is given the same time.
  if ((newer_epoch || c.absence.long_enough) && c.now < until) return c.wake_at(until);
  confirm(c);
}

}  // namespace guccho::cluster
