// Where a forwarded command goes, what its reply means, and how the commands of a slot wait together.
#include "node/runtime/router.h"

#include <algorithm>
#include <limits>

#include "node/commands/scripting.h"
#include "node/resp/parser.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/router_reply.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::CommandSpec;

namespace {

constexpr std::string_view kUncertain =
    "UNCERTAIN the primary failed while the write was under way; it may or may not have been applied";
constexpr std::string_view kNoPrimary =
    "CLUSTERDOWN The slot's primary could not be reached within router-max-wait; the command was not executed";
constexpr std::string_view kOvertaken =
    "TRYAGAIN The slot changed hands; the command was not executed, but a later one of the same pipeline was";

// What EXEC answers to a transaction of one command, before the command's own reply.
constexpr std::string_view kArrayOfOne = "*1\r\n";

std::optional<Slot> first_slot(const CommandSpec& spec, std::span<const std::string_view> args) {
  std::vector<commands::KeyPosition> keys;
  if (spec.keys.empty() || !commands::find_keys(spec, args, keys) || keys.empty()) return std::nullopt;
  return key_slot(args[keys.front().index]);
}

}  // namespace

Router::Router(Worker& worker) : worker_(worker), blocking_(worker, *this) {}

Router::~Router() = default;

const cluster::View& Router::view() const {
  return *worker_.routes().view;
}

// ---- taking commands ----

bool Router::busy(Slot slot) const {
  if (held_ == 0) return false;
  return loads_[slot.value].count > 0 || (!lanes_.empty() && lanes_.contains(slot.value));
}

void Router::take(Connection& c, const CommandSpec& spec, std::span<const std::string_view> args, Slot slot) {
  resp::Buffer request;
  resp::append_request(request, args);
  Forward f;
  f.client = c.id;
  f.sequence = c.reserve_reply();
  f.slot = slot;
  f.spec = &spec;
  f.resp = c.resp;
  f.request = request.view();
  describe(f, args);
  if (spec.has(commands::kBlocking)) return blocking_.submit(std::move(f));
  submit(std::move(f));
}

void Router::describe(Forward& f, std::span<const std::string_view> args) {
  f.writes = has_effect(worker_.effective_flags(*f.spec, args));
  // By the command alone: a function of that name may be another one over there.
  f.script = commands::is_script_call(*f.spec) && has_effect(f.spec->flags);
}

void Router::take_back(uint64_t client, uint64_t sequence, std::string_view request) {
  Connection* c = worker_.find_connection(client);
  if (c == nullptr || c->closing()) return;
  if (blocking_.take_back(client, sequence, request)) return;
  Forward f;
  f.client = client;
  f.sequence = sequence;
  f.resp = c->resp;
  f.request = request;
  if (auto job = exec_job_of(request)) return take_exec_back(*c, std::move(f), std::move(job));
  resp::CommandParser parser;
  parser.next(request, {.max_bulk_length = std::numeric_limits<size_t>::max() / 2});
  f.spec = commands::resolve(parser.args());
  f.slot = *first_slot(*f.spec, parser.args());
  describe(f, parser.args());
  if (f.spec->has(commands::kBlocking)) return blocking_.submit(std::move(f));
  submit(std::move(f));
}

void Router::take_exec_back(Connection& c, Forward f, std::unique_ptr<ExecJob> job) {
  f.spec = commands::find_command("exec");
  if (const std::string error = worker_.let_go(c, *job, "EXEC"); !error.empty()) {
    return c.fill_reply(f.sequence, "-" + error + "\r\n");
  }
  for (const commands::QueuedCommand& q : job->queue) {
    if (const std::optional<Slot> slot = first_slot(*q.spec, views_of(q))) f.slot = *slot;
  }
  f.writes = job->effect;
  f.exec = std::move(job);
  submit(std::move(f));
}

void Router::take_exec(Connection& c, const CommandSpec& spec, std::unique_ptr<ExecJob> job, Slot slot, bool writes) {
  Forward f;
  f.client = c.id;
  f.sequence = c.reserve_reply();
  f.slot = slot;
  f.spec = &spec;
  f.resp = c.resp;
  f.writes = writes;
  f.request = request_of(*job);
  f.exec = std::move(job);
  submit(std::move(f));
}

void Router::submit(Forward f) {
  if (loads_.empty()) loads_.resize(kSlotCount);
  f.order = ++next_order_;
  f.deadline = monotonic_now() + worker_.config().router_max_wait;
  ++held_;
  held_bytes_ += f.request.size();
  if (lanes_.contains(f.slot.value) || !try_send(f)) park(std::move(f));
}

// ---- where to ----

Router::Place Router::place_of(const Forward& f) const {
  const cluster::View& v = view();
  const RouteTable& routes = worker_.routes();
  if (f.hint != NodeId()) {
    const cluster::NodeView* node = v.find(f.hint);
    if (node != nullptr && node != &v.self()) return {.where = Where::kThere, .node = node};
    if (node != nullptr && f.ask) return {.where = Where::kHereIfKeys};
  }
  if (routes.served.contains(f.slot)) return {.where = Where::kHere};
  const cluster::NodeView* owner = v.owner_of(f.slot);
  if (owner == nullptr) return {.where = Where::kNowhere, .why = "CLUSTERDOWN Hash slot not served"};
  // A node that only lost its own data, or does not serve yet, still knows where the others are.
  const bool down = v.down_reason == cluster::DownReason::kMinority || v.down_reason == cluster::DownReason::kUncovered;
  if (!v.cluster_ok && (down || owner == &v.self())) {
    return {.where = Where::kNowhere, .why = "CLUSTERDOWN The cluster is down"};
  }
  if (owner == &v.self()) return {.where = Where::kHereIfKeys};
  if (owner->has(bus::kFlagFail)) return {.where = Where::kNowhere, .why = kNoPrimary};
  return {.where = Where::kThere, .node = owner};
}

Upstream& Router::upstream_to(const NodeId& node, resp::Version version) {
  std::unique_ptr<Upstream>& slot = upstreams_[{node, version}];
  if (!slot) {
    uint32_t& number = numbers_[node];
    if (number == kThisNode) number = ++last_number_;
    slot = std::make_unique<Upstream>(worker_, *this, node, number, version);
  }
  return *slot;
}

// Moves the command to where it is executed; false (and the command untouched) when it has to wait.
bool Router::try_send(Forward& f) {
  const Place place = place_of(f);
  Load& load = loads_[f.slot.value];
  if (place.where == Where::kNowhere) {
    f.refusal = place.why;
    f.rests = true;
    return false;
  }
  if (place.where != Where::kThere) {
    if (load.count > 0 && load.at != kThisNode) return false;
    if (worker_.node().paused(worker_.now(), f.writes)) {
      f.rests = true;
      return false;
    }
    run_here(std::move(f), place.where == Where::kHereIfKeys);
    return true;
  }
  Upstream& upstream = upstream_to(place.node->id, f.resp);
  // Commands under way at another node come first.
  if (load.count > 0 && load.at != upstream.number()) return false;
  if (!upstream.ready(monotonic_now(), *place.node)) {
    f.rests = true;
    return false;
  }
  ++load.count;
  load.at = upstream.number();
  upstream.send(std::move(f));
  return true;
}

// The slot has come to this node while the command waited, or its keys may be here while it moves.
void Router::run_here(Forward f, bool if_keys) {
  Connection* c = worker_.find_connection(f.client);
  if (c == nullptr || c->closing()) return forget(f);
  if (const std::string error = refusal_here(f); !error.empty()) return refused_here(std::move(f), error);
  const commands::Caller caller{.client_id = f.client,
                                .resp = f.resp,
                                .asking = f.ask,
                                .no_touch = c->no_touch,
                                .user = c->user->unrestricted() ? nullptr : c->user};
  resp::CommandParser parser;
  std::span<const std::string_view> args;
  if (!f.exec) {
    parser.next(f.request, {.max_bulk_length = std::numeric_limits<size_t>::max() / 2});
    args = parser.args();
  }
  const uint16_t owner = worker_.node().owner_of(f.slot);
  if (owner != worker_.index()) {
    Task task;
    task.sequence = f.sequence;
    task.spec = f.spec;
    task.slot = f.slot;
    task.caller = caller;
    // Whatever our routes say: theirs may be others by the time it arrives, and then it goes elsewhere afterwards.
    task.route_here = true;
    if (f.exec) task.exec = std::make_unique<ExecJob>(*f.exec);
    worker_.hand_over(owner, *c, std::move(task), args);
    Load& load = loads_[f.slot.value];
    ++load.count;
    load.at = kThisNode;
    local_.emplace(std::pair(f.client, f.sequence), std::move(f));
    return;
  }
  if (if_keys) {
    const std::string error =
        f.exec ? worker_.route_exec(*f.exec, f.slot, caller) : worker_.route_by_keys(f.slot, caller, *f.spec, args);
    if (!error.empty()) return refused_here(std::move(f), error);
  }
  resp::Buffer out;
  if (f.exec) {
    worker_.execute_exec(*f.exec, caller, nullptr, out);
  } else {
    worker_.execute(*f.spec, args, f.slot, caller, nullptr, out);
  }
  answer(f, out.view());
}

// Why this node as a whole does not take the command now; empty: it does.
std::string Router::refusal_here(const Forward& f) {
  if (!f.exec) return std::string(worker_.node_refusal(f.spec->flags));
  for (const commands::QueuedCommand& q : f.exec->queue) {
    if (const std::string_view error = worker_.node_refusal(q.spec->flags); !error.empty()) return std::string(error);
  }
  return {};
}

void Router::refused_here(Forward f, const std::string& error) {
  const std::string reply = "-" + error + "\r\n";
  if (read_refusal(reply).kind == Refusal::kNone) return answer(f, reply);
  refused(std::move(f), reply, view().self().id);
}

// ---- replies ----

bool Router::take_local_reply(uint64_t client, uint64_t sequence, std::string_view reply, bool refused) {
  if (blocking_.take_local_reply(client, sequence, reply)) return true;
  if (local_.empty()) return false;
  auto found = local_.extract({client, sequence});
  if (!found) return false;
  Forward& f = found.mapped();
  release_load(f.slot);
  if (refused) {
    this->refused(std::move(f), reply, view().self().id);
  } else {
    executed(std::move(f), reply);
  }
  return true;
}

void Router::replied(Forward f, std::string_view reply, const NodeId& from) {
  release_load(f.slot);
  if (f.script && reply.starts_with(kArrayOfOne)) return executed(std::move(f), reply.substr(kArrayOfOne.size()));
  std::string aborted;
  if (f.script || f.exec) {
    const std::string reason = abort_reason(reply, f.queueing_error);
    if (!reason.empty()) {
      if (read_refusal(reason).kind != Refusal::kNone) return refused(std::move(f), reason, from);
      aborted = f.script ? reason : "-EXECABORT Transaction discarded because of: " + reason.substr(1);
      reply = aborted;
    }
  }
  if (read_refusal(reply).kind != Refusal::kNone) return refused(std::move(f), reply, from);
  executed(std::move(f), reply);
}

// The reply is the client's.
void Router::executed(Forward f, std::string_view reply) {
  const Slot slot = f.slot;
  const bool probe = f.probe;
  if (!lanes_.empty()) fail_overtaken(f);
  answer(f, reply);
  if (lanes_.empty() || !lanes_.contains(slot.value)) return;
  if (probe) {
    lanes_[slot.value].probing = false;
    open_lane(slot);
  } else {
    advance(slot, false);
  }
}

// It was not executed: to the node that was named, or back to the waiting ones.
void Router::refused(Forward f, std::string_view reply, const NodeId& from) {
  const RefusalReply refusal = read_refusal(reply);
  f.refusal = reply.substr(1, reply.size() - 3);
  f.hint = NodeId();
  f.ask = false;
  f.rests = true;
  if (refusal.kind == Refusal::kMoved || refusal.kind == Refusal::kAsk) {
    const cluster::NodeView* node = named_node(view(), refusal, view().find(from));
    if (node != nullptr && node->id != from) {
      f.hint = node->id;
      f.ask = refusal.kind == Refusal::kAsk;
      // That we serve it ourselves we shall see in our own view.
      const bool ours = !f.ask && node == &view().self() && !worker_.routes().served.contains(f.slot);
      f.rests = ++f.hops > kMaxHops || ours;
    }
    f.refusal.clear();
  }
  const Slot slot = f.slot;
  park(std::move(f));
  advance(slot, false);
}

void Router::lost(Forward f, bool sent) {
  release_load(f.slot);
  if (f.probe) lanes_[f.slot.value].probing = false;
  if (!sent || !f.writes) {
    f.hint = NodeId();
    f.ask = false;
    f.rests = true;
    return park(std::move(f));
  }
  worker_.stats().router_uncertain.add();
  answer_error(f, kUncertain);
}

// A later command of the connection was executed: a refused one before it must not be executed any more.
void Router::fail_overtaken(const Forward& executed) {
  const auto lane = lanes_.find(executed.slot.value);
  if (lane == lanes_.end()) return;
  std::deque<Forward>& waiting = lane->second.waiting;
  std::vector<Forward> failed;
  for (auto f = waiting.begin(); f != waiting.end();) {
    const bool matters = f->writes || executed.writes;
    if (f->client == executed.client && f->order < executed.order && matters && !f->ask) {
      failed.push_back(std::move(*f));
      f = waiting.erase(f);
    } else {
      ++f;
    }
  }
  for (const Forward& f : failed) answer_error(f, kOvertaken);
}

void Router::release_load(Slot slot) {
  --loads_[slot.value].count;
}

void Router::forget(const Forward& f) {
  --held_;
  held_bytes_ -= f.request.size();
}

void Router::answer(const Forward& f, std::string_view reply) {
  forget(f);
  Connection* c = worker_.find_connection(f.client);
  if (c != nullptr && !c->closing()) c->fill_reply(f.sequence, reply);
}

void Router::answer_error(const Forward& f, std::string_view text) {
  worker_.stats().errors.record(text.substr(0, text.find(' ')));
  answer(f, "-" + std::string(text) + "\r\n");
}

// ---- waiting ----

// Into the slot's lane, at the place that the order of arrival gives it.
void Router::park(Forward f) {
  if (f.probe) lanes_[f.slot.value].probing = false;
  f.probe = false;
  if (f.rests && !f.waited) {
    f.waited = true;
    worker_.stats().router_waits.add();
  }
  std::deque<Forward>& waiting = lanes_[f.slot.value].waiting;
  auto at = waiting.end();
  while (at != waiting.begin() && std::prev(at)->order > f.order) --at;
  waiting.insert(at, std::move(f));
}

// Tries the first waiting command of a slot when nothing of the slot is under way; its success lets the others follow.
void Router::advance(Slot slot, bool new_tick) {
  for (;;) {
    const auto lane = lanes_.find(slot.value);
    if (lane == lanes_.end() || lane->second.probing || loads_[slot.value].count > 0) return;
    std::deque<Forward>& waiting = lane->second.waiting;
    if (waiting.empty()) {
      lanes_.erase(lane);
      return;
    }
    Forward& first = waiting.front();
    if (new_tick && first.rests) {
      first.rests = false;
      first.hops = 0;
      first.hint = NodeId();
      first.ask = false;
    }
    if (first.rests) return;
    Forward f = std::move(first);
    waiting.pop_front();
    f.probe = true;
    lane->second.probing = true;
    if (!try_send(f)) {
      f.probe = false;
      lanes_[slot.value].probing = false;
      lanes_[slot.value].waiting.push_front(std::move(f));
      return;
    }
    // Executed here at once: the next one.
    if (loads_[slot.value].count == 0) lanes_[slot.value].probing = false;
  }
}

// The slot is served again: everything that waits follows.
void Router::open_lane(Slot slot) {
  for (;;) {
    const auto lane = lanes_.find(slot.value);
    if (lane == lanes_.end() || lane->second.probing) return;
    std::deque<Forward>& waiting = lane->second.waiting;
    if (waiting.empty()) {
      lanes_.erase(lane);
      return;
    }
    Forward f = std::move(waiting.front());
    waiting.pop_front();
    if (!try_send(f)) {
      lanes_[slot.value].waiting.push_front(std::move(f));
      return;
    }
  }
}

// Gives up on commands that waited for too long or whose client is gone.
void Router::expire(Slot slot, Instant now) {
  const auto lane = lanes_.find(slot.value);
  if (lane == lanes_.end()) return;
  std::deque<Forward>& waiting = lane->second.waiting;
  std::vector<Forward> late;
  for (auto f = waiting.begin(); f != waiting.end();) {
    const Connection* c = worker_.find_connection(f->client);
    if (c == nullptr || c->closing() || now >= f->deadline) {
      late.push_back(std::move(*f));
      f = waiting.erase(f);
    } else {
      ++f;
    }
  }
  for (const Forward& f : late) {
    if (now >= f.deadline) worker_.stats().router_timeouts.add();
    answer_error(f, f.refusal.empty() ? kNoPrimary : std::string_view(f.refusal));
  }
}

// ---- the loop ----

void Router::flush() {
  // Sending may fail, which may answer clients, whose next commands may be sent.
  while (!dirty_.empty()) {
    for (Upstream* upstream : std::exchange(dirty_, {})) upstream->flush();
  }
  blocking_.reap();
}

void Router::step() {
  const Instant now = monotonic_now();
  if (now < next_tick_ && view().version == seen_view_) return;
  next_tick_ = now + kTick;
  seen_view_ = view().version;
  for (const auto& [key, upstream] : upstreams_) upstream->check(now, view().find(key.first));
  blocking_.step(now);
  std::vector<uint16_t> slots;
  for (const auto& [slot, lane] : lanes_) slots.push_back(slot);
  for (const uint16_t slot : slots) {
    expire(Slot(slot), now);
    advance(Slot(slot), true);
  }
  if (held_ == 0) drop_forgotten_nodes();
}

void Router::drop_forgotten_nodes() {
  flush();
  std::erase_if(upstreams_, [&](const auto& u) { return view().find(u.first.first) == nullptr; });
}

}  // namespace guccho::runtime
