// Pub/sub on a worker and across the node: subscribing, publishing, keyspace events.
#include <algorithm>

#include "node/base/glob.h"
#include "node/runtime/control.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

using commands::Session;
using commands::SessionKind;
using commands::SubscriptionKind;

namespace {

// One message in the form of each protocol, written when first needed.
class Frames {
 public:
  explicit Frames(std::initializer_list<std::string_view> parts) : parts_(parts) {}
  std::string_view as(resp::Version version) {
    resp::Buffer& b = version == resp::Version::kResp3 ? resp3_ : resp2_;
    if (b.empty()) {
      resp::ReplyWriter writer(b, version);
      writer.push(parts_.size());
      for (const std::string_view p : parts_) writer.bulk(p);
    }
    return b.view();
  }

 private:
  const std::vector<std::string_view> parts_;
  resp::Buffer resp2_;
  resp::Buffer resp3_;
};

void send(const LocalSubscriptions::Receivers& receivers, Frames frames) {
  for (Connection* c : receivers) c->push_message(frames.as(c->resp));
}

StringMap<LocalSubscriptions::Receivers>& of_kind(LocalSubscriptions& s, SubscriptionKind kind) {
  switch (kind) {
    case SubscriptionKind::kChannel:
      return s.channels;
    case SubscriptionKind::kPattern:
      return s.patterns;
    case SubscriptionKind::kShard:
      break;
  }
  return s.shard_channels;
}

void remove_from(StringMap<LocalSubscriptions::Receivers>& map, std::string_view name, Connection& c) {
  const auto it = map.find(name);
  if (it == map.end()) return;
  it->second.erase(&c);
  if (it->second.empty()) map.erase(it);
}

// The shard of a node is named by its primary.
const NodeId& shard_of(const cluster::NodeView& n) {
  return n.is_replica() ? n.primary_id : n.id;
}

}  // namespace

// ---- subscribing ----

void Node::subscribed(Session& session, SubscriptionKind kind, std::string_view name) {
  auto& c = static_cast<Connection&>(session);
  if (c.kind == SessionKind::kNormal) c.kind = SessionKind::kPubsub;
  Worker& w = c.home();
  of_kind(w.subscriptions(), kind)[std::string(name)].insert(&c);
  if (kind == SubscriptionKind::kPattern) return directory_.add_pattern(w.index(), name);
  directory_.add(kind == SubscriptionKind::kShard, w.index(), name);
}

void Node::unsubscribed(Session& session, SubscriptionKind kind, std::string_view name) {
  auto& c = static_cast<Connection&>(session);
  if (c.kind == SessionKind::kPubsub && c.subscriptions->empty()) c.kind = SessionKind::kNormal;
  Worker& w = c.home();
  remove_from(of_kind(w.subscriptions(), kind), name, c);
  if (kind == SubscriptionKind::kPattern) return directory_.remove_pattern(w.index(), name);
  directory_.remove(kind == SubscriptionKind::kShard, w.index(), name);
}

std::vector<std::string> Node::channels(bool sharded) {
  return directory_.channels(sharded);
}
uint64_t Node::subscribers(bool sharded, std::string_view channel) {
  return directory_.subscribers(sharded, channel);
}
uint64_t Node::patterns() {
  return directory_.patterns().first->size();
}

// The connection is about to be forgotten.
void Worker::leave_channels(Connection& c) {
  commands::Subscriptions had = std::exchange(*c.subscriptions, {});
  for (const std::string& name : had.channels) node_.unsubscribed(c, SubscriptionKind::kChannel, name);
  for (const std::string& name : had.patterns) node_.unsubscribed(c, SubscriptionKind::kPattern, name);
  for (const std::string& name : had.shard_channels) node_.unsubscribed(c, SubscriptionKind::kShard, name);
}

// Shard channels whose slot has left this shard: their subscribers are told, and subscribe where the slot is now.
void Worker::drop_foreign_shard_channels() {
  const cluster::View& view = *routes_->view;
  std::vector<std::string> lost;
  for (const auto& [channel, receivers] : subscriptions_.shard_channels) {
    const cluster::NodeView* owner = view.owner_of(key_slot(channel));
    if (owner == nullptr || shard_of(*owner) != shard_of(view.self())) lost.push_back(channel);
  }
  for (const std::string& channel : lost) {
    const LocalSubscriptions::Receivers receivers = subscriptions_.shard_channels[channel];
    for (Connection* c : receivers) {
      c->subscriptions->shard_channels.erase(channel);
      node_.unsubscribed(*c, SubscriptionKind::kShard, channel);
      resp::Buffer out;
      resp::ReplyWriter reply(out, c->resp);
      reply.push(3);
      reply.bulk("sunsubscribe");
      reply.bulk(channel);
      reply.integer(static_cast<int64_t>(c->subscriptions->shard_channels.size()));
      c->push_message(out.view());
    }
  }
  if (!lost.empty()) wake();
}

// ---- publishing ----

uint64_t Worker::publish(bool sharded, std::string_view channel, std::string_view message) {
  const uint64_t receivers = publish_here(sharded, channel, message);
  node_.publish_to_cluster(*routes_->view, sharded, channel, message);
  return receivers;
}

uint64_t Worker::publish_here(bool sharded, std::string_view channel, std::string_view message) {
  receivers_.clear();
  const SubscriptionDirectory& directory = node_.directory();
  uint64_t count = directory.receivers(sharded, channel, receivers_);
  if (!sharded) {
    if (directory.patterns_version() != patterns_version_) {
      std::tie(patterns_, patterns_version_) = directory.patterns();
    }
    if (!patterns_->empty()) count += SubscriptionDirectory::matching(*patterns_, channel, receivers_);
  }
  if (receivers_.empty()) return count;
  std::ranges::sort(receivers_);
  const auto repeated = std::ranges::unique(receivers_);
  receivers_.erase(repeated.begin(), repeated.end());
  const auto shared = std::make_shared<const PublishedMessage>(
      PublishedMessage{.sharded = sharded, .channel = std::string(channel), .message = std::string(message)});
  for (const uint16_t w : receivers_) (w == index_ ? own_messages_ : outgoing_[w].messages).push_back(shared);
  return count;
}

void Worker::deliver_own_messages() {
  if (serving_busy_) return;  // the script is not over
  for (const auto& message : std::exchange(own_messages_, {})) deliver(*message);
}

void Worker::deliver(const PublishedMessage& m) {
  const auto& channels = m.sharded ? subscriptions_.shard_channels : subscriptions_.channels;
  if (const auto it = channels.find(m.channel); it != channels.end()) {
    Frames frames({m.sharded ? "smessage" : "message", m.channel, m.message});
    if (m.sharded && config_->cluster_slot_stats_enabled) [[unlikely]] {
      const size_t bytes = frames.as(resp::Version::kResp2).size() * it->second.size();
      stats_.slots.add(key_slot(m.channel).value, {.nanos = 0, .bytes_in = 0, .bytes_out = bytes});
    }
    send(it->second, std::move(frames));
  }
  if (m.sharded) return;
  for (const auto& [pattern, receivers] : subscriptions_.patterns) {
    if (glob_match(pattern, m.channel)) send(receivers, Frames({"pmessage", pattern, m.channel, m.message}));
  }
}

// ---- the cluster ----

void Node::publish_to_cluster(const cluster::View& view, bool sharded, std::string_view channel,
                              std::string_view message) {
  const bool anybody = sharded
                           ? std::ranges::any_of(view.nodes,
                                                 [&](const cluster::NodeView& n) {
                                                   return &n != &view.self() && shard_of(n) == shard_of(view.self());
                                                 })
                           : view.nodes.size() > 1;
  if (!anybody) return;
  control_->post(
      cluster::PublishToCluster{.sharded = sharded, .channel = std::string(channel), .message = std::string(message)});
}

void Node::deliver_from_cluster(bool sharded, std::string channel, std::string message) {
  std::vector<uint16_t> receivers;
  directory_.receivers(sharded, channel, receivers);
  if (!sharded) SubscriptionDirectory::matching(*directory_.patterns().first, channel, receivers);
  if (receivers.empty()) return;
  std::ranges::sort(receivers);
  const auto repeated = std::ranges::unique(receivers);
  receivers.erase(repeated.begin(), repeated.end());
  const auto shared = std::make_shared<const PublishedMessage>(
      PublishedMessage{.sharded = sharded, .channel = std::move(channel), .message = std::move(message)});
  for (const uint16_t w : receivers) {
    Worker& to = worker(w);
    to.post([&to, shared] { to.deliver(*shared); });
  }
}

// ---- keyspace events ----

void Worker::notify_key_event(uint32_t event_class, std::string_view event, std::string_view key) {
  const uint32_t wanted = config_->notify_keyspace_events;
  if ((wanted & event_class) == 0) return;
  std::string channel;
  if ((wanted & config::kNotifyKeyspace) != 0) {
    channel.assign("__keyspace@0__:").append(key);
    publish_here(false, channel, event);
  }
  if ((wanted & config::kNotifyKeyevent) != 0) {
    channel.assign("__keyevent@0__:").append(event);
    publish_here(false, channel, key);
  }
}

}  // namespace guccho::runtime
