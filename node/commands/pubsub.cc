// Pub/sub: subscribing to channels, patterns and shard channels, publishing, and who subscribes to what.
#include <algorithm>

#include "node/base/glob.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/subscriptions.h"

namespace guccho::commands {
namespace {

using Names = std::set<std::string, std::less<>>;

Names& names_of(Subscriptions& s, SubscriptionKind kind) {
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

// Shard channels are counted by themselves.
size_t count_of(const Session& session, SubscriptionKind kind) {
  if (!session.subscriptions) return 0;
  const Subscriptions& s = *session.subscriptions;
  return kind == SubscriptionKind::kShard ? s.shard_channels.size() : s.channels.size() + s.patterns.size();
}

// One such answer a name, each a reply (RESP3: a push) of its own.
void confirm(Context& c, SubscriptionKind kind, const std::string_view* name) {
  c.session->sent_anyhow = true;
  c.reply.push(3);
  c.reply.bulk(c.spec.name);
  name != nullptr ? c.reply.bulk(*name) : c.reply.null();
  c.reply.integer(static_cast<int64_t>(count_of(*c.session, kind)));
}

void subscribe_to(Context& c, SubscriptionKind kind) {
  Session& session = *c.session;
  if (!session.subscriptions) session.subscriptions = std::make_shared<Subscriptions>();
  Names& names = names_of(*session.subscriptions, kind);
  for (const std::string_view name : c.args.subspan(1)) {
    if (names.emplace(name).second) c.host.subscribed(session, kind, name);
    confirm(c, kind, &name);
  }
}

void unsubscribe_from(Context& c, SubscriptionKind kind) {
  Session& session = *c.session;
  const auto leave = [&](std::string_view name) {
    if (session.subscriptions) {
      Names& names = names_of(*session.subscriptions, kind);
      if (const auto it = names.find(name); it != names.end()) {
        const std::string gone = std::move(names.extract(it).value());
        c.host.unsubscribed(session, kind, gone);
      }
    }
    confirm(c, kind, &name);
  };
  if (c.argc() > 1) {
    for (const std::string_view name : c.args.subspan(1)) leave(name);
    return;
  }
  const Names all = session.subscriptions ? names_of(*session.subscriptions, kind) : Names();
  if (all.empty()) return confirm(c, kind, nullptr);
  for (const std::string& name : all) leave(name);
}

void list_channels(Context& c, bool sharded) {
  if (c.argc() > 3) return subcommand_syntax_error(c);
  std::vector<std::string> channels = c.host.channels(sharded);
  if (c.argc() == 3) std::erase_if(channels, [&](const std::string& ch) { return !glob_match(c.arg(2), ch); });
  c.reply.array(channels.size());
  for (const std::string& ch : channels) c.reply.bulk(ch);
}

void count_subscribers(Context& c, bool sharded) {
  c.reply.array(2 * (c.argc() - 2));
  for (const std::string_view ch : c.args.subspan(2)) {
    c.reply.bulk(ch);
    c.reply.integer(static_cast<int64_t>(c.host.subscribers(sharded, ch)));
  }
}

}  // namespace

void leave_all_channels(Context& c) {
  if (!c.session->subscriptions) return;
  const Subscriptions had = std::exchange(*c.session->subscriptions, {});
  for (const std::string& name : had.channels) c.host.unsubscribed(*c.session, SubscriptionKind::kChannel, name);
  for (const std::string& name : had.patterns) c.host.unsubscribed(*c.session, SubscriptionKind::kPattern, name);
  for (const std::string& name : had.shard_channels) c.host.unsubscribed(*c.session, SubscriptionKind::kShard, name);
}

namespace handlers {

void subscribe(Context& c) {
  subscribe_to(c, SubscriptionKind::kChannel);
}
void psubscribe(Context& c) {
  subscribe_to(c, SubscriptionKind::kPattern);
}
// As in redis-server, older clients may send the other two in a transaction.
void ssubscribe(Context& c) {
  if (c.caller.in_exec) return c.reply.error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  subscribe_to(c, SubscriptionKind::kShard);
}
void unsubscribe(Context& c) {
  unsubscribe_from(c, SubscriptionKind::kChannel);
}
void punsubscribe(Context& c) {
  unsubscribe_from(c, SubscriptionKind::kPattern);
}
void sunsubscribe(Context& c) {
  unsubscribe_from(c, SubscriptionKind::kShard);
}

// Not replicated: the cluster bus carries it, to replicas too.
void publish(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.effects.publish(false, c.arg(1), c.arg(2))));
}
void spublish(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.effects.publish(true, c.arg(1), c.arg(2))));
}

void pubsub_channels(Context& c) {
  list_channels(c, false);
}
void pubsub_shardchannels(Context& c) {
  list_channels(c, true);
}
void pubsub_numsub(Context& c) {
  count_subscribers(c, false);
}
void pubsub_shardnumsub(Context& c) {
  count_subscribers(c, true);
}
void pubsub_numpat(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.host.patterns()));
}

void pubsub_help(Context& c) {
  reply_help(c,
             {"CHANNELS [<pattern>]", "    Return the currently active channels matching a <pattern> (default: '*').",
              "NUMPAT", "    Return number of subscriptions to patterns.", "NUMSUB [<channel> ...]",
              "    Return the number of subscribers for the specified channels, excluding",
              "    pattern subscriptions(default: no channels).", "SHARDCHANNELS [<pattern>]",
              "    Return the currently active shard level channels matching a <pattern> (default: '*').",
              "SHARDNUMSUB [<shardchannel> ...]",
              "    Return the number of subscribers for the specified shard level channel(s)"});
}

}  // namespace handlers
}  // namespace guccho::commands
