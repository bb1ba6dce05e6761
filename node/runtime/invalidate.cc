// Client-side caching: remembering what clients read, and telling them when it changes.
#include <algorithm>

#include "node/commands/scripting.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::CommandSpec;
using commands::SessionKind;

namespace {

constexpr std::string_view kChannel = "__redis__:invalidate";

// The changed keys, or null for all of them.
void write_keys(resp::ReplyWriter& reply, const std::vector<std::string>& keys) {
  if (keys.empty()) return reply.null();
  reply.array(keys.size());
  for (const std::string& key : keys) reply.bulk(key);
}

void write_push(resp::Buffer& out, const std::vector<std::string>& keys) {
  resp::ReplyWriter reply(out, resp::Version::kResp3);
  reply.push(2);
  reply.bulk("invalidate");
  write_keys(reply, keys);
}

}  // namespace

// ---- switching on and off ----

void Node::start_tracking(commands::Session& session) {
  auto& c = static_cast<Connection&>(session);
  c.home().tracking().clients.insert(&c);
  for (auto& w : workers_) {
    for (const std::string& prefix : c.tracking->prefixes) {
      std::vector<uint32_t>& counts = w->tracking().prefixes[prefix];
      counts.resize(workers_.size());
      ++counts[c.home().index()];
    }
    w->tracking().count();
  }
}

void Node::stop_tracking(commands::Session& session) {
  auto& c = static_cast<Connection&>(session);
  c.home().leave_tracking(c);
}

void Worker::leave_tracking(Connection& c) {
  const std::shared_ptr<const commands::Tracking> had = std::move(c.tracking);
  tracking_.clients.erase(&c);
  tracking_.count();
  if (had->prefixes.empty()) return;
  for (uint16_t i = 0; i < count_; ++i) {
    Worker& w = node_.worker(i);
    w.post([&w, from = index_, prefixes = had->prefixes] {
      for (const std::string& prefix : prefixes) {
        const auto it = w.tracking_.prefixes.find(prefix);
        --it->second[from];
        const bool none = std::ranges::all_of(it->second, [](uint32_t n) { return n == 0; });
        if (none) w.tracking_.prefixes.erase(it);
      }
      w.tracking_.count();
    });
  }
}

// ---- what is read and what changes ----

void Worker::remember_keys(const CommandSpec& spec, std::span<const std::string_view> args, Slot slot,
                           const commands::Caller& caller) {
  // Of a script only what it reads counts, not what it declares.
  if (spec.keys.empty() || commands::is_script_call(spec)) return;
  if (!commands::find_keys(spec, args, key_scratch_)) return;
  Worker& owner = data_owner(slot);
  TrackingTable& table = owner.tracking_.table;
  for (const commands::KeyPosition& k : key_scratch_) table.add(args[k.index], {caller.client_id, caller.worker});
  // Every worker has its share of the limit.
  const uint64_t limit = config_->tracking_table_max_keys;
  const uint64_t share = (limit + count_ - 1) / count_;
  while (limit != 0 && table.size() > share) owner.invalidate_readers(table.any_key(), 0);
  owner.tracking_.count();
}

void Worker::invalidate_readers(std::string_view key, uint64_t origin) {
  for (const TrackingTable::Reader& r : tracking_.table.take(key)) {
    tracking_.pending |= r.home == index_;
    (r.home == index_ ? tracking_.own : outgoing_[r.home].invalidations)
        .push_back({.client = r.client, .origin = origin, .key = std::string(key)});
  }
}

void Worker::touch_tracked(std::string_view key, uint64_t origin) {
  invalidate_readers(key, origin);
  for (const auto& [prefix, counts] : tracking_.prefixes) {
    if (!key.starts_with(prefix)) continue;
    std::shared_ptr<BroadcastKeys>& changed = tracking_.changed[prefix];
    if (!changed) changed = std::make_shared<BroadcastKeys>(BroadcastKeys{.prefix = prefix, .keys = {}});
    changed->keys[std::string(key)] = origin;
  }
  tracking_.count();
}

// FLUSHALL and their like, in the exclusive section.
void Node::all_keys_go() {
  break_all_watches();
  for (auto& w : workers_) {
    if (!w->blocked().empty()) w->blocked().touch_all();
    TrackingState& t = w->tracking();
    t.table.clear();
    t.changed.clear();
    t.flushed = t.pending = !t.clients.empty();
    t.count();
    w->wake();
  }
}

// ---- telling ----

void Worker::deliver_own_invalidations() {
  if (serving_busy_) return;  // the script is not over
  tracking_.pending = false;
  for (const Invalidation& i : std::exchange(tracking_.own, {})) deliver_invalidation(i);
  if (!std::exchange(tracking_.flushed, false)) return;
  const std::vector<Connection*> all(tracking_.clients.begin(), tracking_.clients.end());
  for (Connection* c : all) send_invalidation(*c, {});
}

void Worker::deliver_invalidation(const Invalidation& i) {
  Connection* c = find_connection(i.client);
  if (c == nullptr || c->closing() || !c->tracking || c->tracking->broadcast) return;
  if (c->tracking->no_loop && i.origin == c->id) return;
  send_invalidation(*c, {i.key});
}

void Worker::deliver_broadcast(const BroadcastKeys& b) {
  const std::vector<Connection*> all(tracking_.clients.begin(), tracking_.clients.end());
  for (Connection* c : all) {
    if (!c->tracking->broadcast || std::ranges::find(c->tracking->prefixes, b.prefix) == c->tracking->prefixes.end()) {
      continue;
    }
    std::vector<std::string> keys;
    for (const auto& [key, origin] : b.keys) {
      if (!c->tracking->no_loop || origin != c->id) keys.push_back(key);
    }
    if (!keys.empty()) send_invalidation(*c, keys);
  }
}

// At the end of a turn, after the replies of what changed the keys.
void Worker::send_broadcasts() {
  for (const auto& [prefix, changed] : std::exchange(tracking_.changed, {})) {
    const auto asked = tracking_.prefixes.find(prefix);
    if (asked == tracking_.prefixes.end()) continue;
    for (uint16_t w = 0; w < asked->second.size(); ++w) {
      if (asked->second[w] == 0) continue;
      if (w == index_) {
        deliver_broadcast(*changed);
      } else {
        outgoing_[w].broadcasts.push_back(changed);
      }
    }
  }
}

void Worker::send_invalidation(Connection& c, const std::vector<std::string>& keys) {
  const commands::Tracking& t = *c.tracking;
  if (t.redirect == 0) {
    if (c.resp != resp::Version::kResp3) return;  // there is no way to tell it
    resp::Buffer out;
    write_push(out, keys);
    return c.push_message(out.view());
  }
  if (t.redirect_worker == index_) return deliver_redirected(t.redirect, c.id, index_, keys);
  Worker& w = node_.worker(t.redirect_worker);
  w.post([&w, to = t.redirect, of = c.id, from = index_, keys] { w.deliver_redirected(to, of, from, keys); });
}

void Worker::deliver_redirected(uint64_t to, uint64_t of, uint16_t of_worker, const std::vector<std::string>& keys) {
  Connection* c = find_connection(to);
  if (c == nullptr || c->closing()) {
    if (of_worker == index_) return redirection_broke(of, to);
    Worker& w = node_.worker(of_worker);
    return w.post([&w, of, to] { w.redirection_broke(of, to); });
  }
  resp::Buffer out;
  if (c->resp == resp::Version::kResp3) {
    write_push(out, keys);
  } else if (c->kind == SessionKind::kPubsub) {
    resp::ReplyWriter reply(out, c->resp);
    reply.array(3);
    reply.bulk("message");
    reply.bulk(kChannel);
    write_keys(reply, keys);
  }
  if (!out.empty()) c->push_message(out.view());
}

void Worker::redirection_broke(uint64_t client, uint64_t to) {
  Connection* c = find_connection(client);
  if (c == nullptr || c->closing() || !c->tracking || c->tracking->redirect != to) return;
  c->tracking->broken = true;
  if (c->resp != resp::Version::kResp3) return;
  resp::Buffer out;
  resp::ReplyWriter reply(out, c->resp);
  reply.push(2);
  reply.bulk("tracking-redir-broken");
  reply.integer(static_cast<int64_t>(to));
  c->push_message(out.view());
}

}  // namespace guccho::runtime
