// Finding a place for blocking commands, taking their replies, giving up.
#include "node/runtime/router_blocking.h"

#include <algorithm>
#include <limits>

#include "node/resp/parser.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/router.h"
#include "node/runtime/router_reply.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

constexpr std::string_view kUncertain =
    "-UNCERTAIN the primary failed while the command waited; an element may have been taken and lost\r\n";
constexpr std::string_view kNoPrimary =
    "CLUSTERDOWN The slot's primary could not be reached within router-max-wait; the command was not executed";
// A node's answer to those who waited when it stopped being a primary; CLIENT UNBLOCK has other words.
constexpr std::string_view kHandedBack = "-UNBLOCKED force unblock";
constexpr std::string_view kByRequest = "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n";

// What every command on lists, sorted sets and streams answers at its timeout.
std::string_view timeout_reply(const Forward& f) {
  return f.resp == resp::Version::kResp3 ? "_\r\n" : "*-1\r\n";
}

}  // namespace

BlockingForwards::BlockingForwards(Worker& worker, Router& router) : worker_(worker), router_(router) {}

BlockingForwards::~BlockingForwards() = default;

void BlockingForwards::flush_later(Upstream& upstream) {
  router_.flush_later(upstream);
}

// ---- finding a place ----

void BlockingForwards::submit(Forward f) {
  const uint64_t client = f.client;
  if (Connection* c = worker_.find_connection(client); c != nullptr) c->blocked_at = worker_.index();
  f.deadline = monotonic_now() + worker_.config().router_max_wait;
  waiting_[client].forward = std::move(f);
  place(client);
}

bool BlockingForwards::take_back(uint64_t client, uint64_t sequence, std::string_view request) {
  const auto it = waiting_.find(client);
  if (it == waiting_.end() || !it->second.here || it->second.forward.sequence != sequence) return false;
  Waiting& w = it->second;
  w.here = false;
  w.forward.request = request;
  w.forward.hint = NodeId();
  w.forward.ask = false;
  w.forward.deadline = monotonic_now() + worker_.config().router_max_wait;
  place(client);
  return true;
}

void BlockingForwards::rest(Waiting& w) {
  if (!w.rests) ++resting_;
  w.rests = true;
}

void BlockingForwards::place(uint64_t client) {
  Waiting& w = waiting_.at(client);
  if (w.rests) --resting_;
  w.rests = false;
  const Router::Place place = router_.place_of(w.forward);
  switch (place.where) {
    case Router::Where::kNowhere:
      w.forward.refusal = place.why;
      return rest(w);
    case Router::Where::kHere:
    case Router::Where::kHereIfKeys:
      return run_here(client, place.where == Router::Where::kHereIfKeys);
    case Router::Where::kThere:
      break;
  }
  std::unique_ptr<Upstream> upstream = take_idle(place.node->id, w.forward.resp);
  if (!upstream->ready(monotonic_now(), *place.node)) {
    put_away(std::move(upstream));
    return rest(w);
  }
  // From here on it may take as long as it wants.
  w.forward.deadline = Instant::max();
  w.upstream = std::move(upstream);
  w.upstream->send(std::move(w.forward));
}

void BlockingForwards::run_here(uint64_t client, bool if_keys) {
  Waiting& w = waiting_.at(client);
  Connection* c = worker_.find_connection(client);
  if (c == nullptr || c->closing()) return remove(client);
  Forward& f = w.forward;
  if (worker_.node().paused(worker_.now(), f.writes)) return rest(w);
  if (const std::string_view error = worker_.node_refusal(f.spec->flags); !error.empty()) {
    return refused(client, "-" + std::string(error) + "\r\n", router_.view().self().id);
  }
  const commands::Caller caller{
      .client_id = client, .resp = f.resp, .asking = f.ask, .no_touch = c->no_touch, .router = true};
  resp::CommandParser parser;
  parser.next(f.request, {.max_bulk_length = std::numeric_limits<size_t>::max() / 2});
  const std::span<const std::string_view> args = parser.args();
  const uint16_t owner = worker_.node().owner_of(f.slot);
  c->blocked_at = owner;
  if (owner != worker_.index()) {
    Task task;
    task.sequence = f.sequence;
    task.spec = f.spec;
    task.slot = f.slot;
    task.caller = caller;
    task.route_here = if_keys;
    worker_.hand_over(owner, *c, std::move(task), args);
    w.here = true;
    if (!if_keys) remove(client);
    return;
  }
  if (if_keys) {
    if (const std::string error = worker_.route_by_keys(f.slot, caller, *f.spec, args); !error.empty()) {
      return refused(client, "-" + error + "\r\n", router_.view().self().id);
    }
  }
  resp::Buffer out;
  const ReplyPlace place{.worker = owner, .client = client, .sequence = f.sequence};
  if (worker_.execute_blocking(*f.spec, args, f.slot, caller, nullptr, place, out)) {
    answer(client, out.view());
  } else {
    remove(client);
  }
  worker_.finish_unit();
}

// ---- replies ----

bool BlockingForwards::take_local_reply(uint64_t client, uint64_t sequence, std::string_view reply) {
  if (waiting_.empty()) return false;
  const auto it = waiting_.find(client);
  if (it == waiting_.end() || !it->second.here || it->second.forward.sequence != sequence) return false;
  it->second.here = false;
  if (read_refusal(reply).kind == Refusal::kNone) {
    answer(client, reply);
  } else {
    refused(client, reply, router_.view().self().id);
  }
  return true;
}

void BlockingForwards::replied(Forward f, std::string_view reply, const NodeId& from) {
  const auto it = waiting_.find(f.client);
  if (it == waiting_.end()) return;  // the client is gone, or it was CLIENT UNBLOCK
  Waiting& w = it->second;
  const bool handed_back = reply.starts_with(kHandedBack);
  if (handed_back) {
    // Its node closes this connection after these words: a command sent on it now would be lost with it.
    dead_.push_back(std::move(w.upstream));
    worker_.wake();
  } else {
    put_away(std::move(w.upstream));
  }
  const uint64_t client = f.client;
  f.deadline = monotonic_now() + worker_.config().router_max_wait;
  w.forward = std::move(f);
  if (handed_back || read_refusal(reply).kind != Refusal::kNone) return refused(client, reply, from);
  answer(client, reply);
}

// It did not wait, or waits no more: to the node that was named, or to whoever serves the slot a little later.
void BlockingForwards::refused(uint64_t client, std::string_view reply, const NodeId& from) {
  Waiting& w = waiting_.at(client);
  Forward& f = w.forward;
  const RefusalReply refusal = read_refusal(reply);
  f.refusal = reply.substr(1, reply.size() - 3);
  f.hint = NodeId();
  f.ask = false;
  if (refusal.kind == Refusal::kMoved || refusal.kind == Refusal::kAsk) {
    const cluster::NodeView* node = named_node(router_.view(), refusal, router_.view().find(from));
    if (node != nullptr && node->id != from && ++f.hops <= Router::kMaxHops) {
      f.hint = node->id;
      f.ask = refusal.kind == Refusal::kAsk;
      // That we serve it ourselves we shall see in our own view.
      if (f.ask || node != &router_.view().self()) return place(client);
    }
    f.refusal.clear();
  }
  rest(w);
}

void BlockingForwards::lost(Forward f, bool sent) {
  const auto it = waiting_.find(f.client);
  if (it == waiting_.end()) return;
  put_away(std::move(it->second.upstream));
  const uint64_t client = f.client;
  f.deadline = monotonic_now() + worker_.config().router_max_wait;
  f.hint = NodeId();
  f.ask = false;
  const bool uncertain = sent && f.writes;
  it->second.forward = std::move(f);
  if (!uncertain) return rest(it->second);
  worker_.stats().router_uncertain.add();
  worker_.stats().errors.record("UNCERTAIN");
  answer(client, kUncertain);
}

// The client's next commands may run in here, and one of them may wait again.
void BlockingForwards::answer(uint64_t client, std::string_view reply) {
  const uint64_t sequence = waiting_.at(client).forward.sequence;
  remove(client);
  Connection* c = worker_.find_connection(client);
  if (c != nullptr && !c->closing()) c->fill_reply(sequence, reply);
}

void BlockingForwards::remove(uint64_t client) {
  const auto it = waiting_.find(client);
  if (it->second.rests) --resting_;
  waiting_.erase(it);
}

// ---- giving up ----

bool BlockingForwards::unblock(uint64_t client, bool with_error) {
  const auto it = waiting_.find(client);
  if (it == waiting_.end()) return false;
  Waiting& w = it->second;
  if (w.rests) {
    answer(client, with_error ? kByRequest : timeout_reply(w.forward));
    worker_.wake();
    return true;
  }
  if (!w.upstream || w.upstream->remote_client() == 0) return false;  // it does not wait yet
  const cluster::NodeView* node = router_.view().find(w.upstream->node());
  if (node == nullptr) return false;
  std::unique_ptr<Upstream>& control = controls_[node->id];
  if (!control) control = std::make_unique<Upstream>(worker_, *this, node->id, 0, resp::Version::kResp2);
  if (!control->ready(monotonic_now(), *node)) return false;
  const std::string id = std::to_string(w.upstream->remote_client());
  const std::string_view request[] = {"CLIENT", "UNBLOCK", id, with_error ? "ERROR" : "TIMEOUT"};
  resp::Buffer bytes;
  resp::append_request(bytes, request);
  Forward f;
  f.request = bytes.view();
  f.deadline = monotonic_now() + worker_.config().router_max_wait;
  control->send(std::move(f));
  worker_.wake();
  return true;
}

void BlockingForwards::client_gone(uint64_t client) {
  const auto it = waiting_.find(client);
  if (it == waiting_.end()) return;
  if (it->second.upstream) dead_.push_back(std::move(it->second.upstream));
  remove(client);
  worker_.wake();
}

void BlockingForwards::step(Instant now) {
  const auto check = [&](Upstream& u) { u.check(now, router_.view().find(u.node())); };
  for (const auto& [id, control] : controls_) check(*control);
  for (const auto& upstream : idle_) check(*upstream);
  for (auto& upstream : idle_) {
    if (router_.view().find(upstream->node()) == nullptr) dead_.push_back(std::move(upstream));
  }
  std::erase(idle_, nullptr);
  // Each look may answer a client, whose next command may wait in turn.
  std::vector<uint64_t> clients;
  for (const auto& [client, w] : waiting_) clients.push_back(client);
  for (const uint64_t client : clients) {
    const auto it = waiting_.find(client);
    if (it == waiting_.end()) continue;
    Waiting& w = it->second;
    if (w.upstream) {
      check(*w.upstream);
    } else if (w.rests && now >= w.forward.deadline) {
      worker_.stats().router_timeouts.add();
      const std::string text = w.forward.refusal.empty() ? std::string(kNoPrimary) : w.forward.refusal;
      worker_.stats().errors.record(text.substr(0, text.find(' ')));
      answer(client, "-" + text + "\r\n");
    } else if (w.rests) {
      w.forward.hops = 0;
      w.forward.hint = NodeId();
      w.forward.ask = false;
      place(client);
    }
  }
}

// ---- connections ----

std::unique_ptr<Upstream> BlockingForwards::take_idle(const NodeId& node, resp::Version version) {
  const auto it = std::find_if(idle_.begin(), idle_.end(),
                               [&](const auto& u) { return u->node() == node && u->version() == version; });
  if (it == idle_.end()) return std::make_unique<Upstream>(worker_, *this, node, 0, version);
  std::unique_ptr<Upstream> upstream = std::move(*it);
  idle_.erase(it);
  return upstream;
}

void BlockingForwards::put_away(std::unique_ptr<Upstream> upstream) {
  (idle_.size() < kMaxIdle ? idle_ : dead_).push_back(std::move(upstream));
}

void BlockingForwards::reap() {
  dead_.clear();
}

}  // namespace guccho::runtime
