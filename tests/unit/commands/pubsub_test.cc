// Publish/subscribe and client-side caching, as far as the commands go: replies, and what the node is told.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

using Calls = std::vector<std::string>;

TEST(Pubsub, EachSubscriptionIsAnsweredAndEntersForceOnce) {
  Node node;
  const Step steps[] = {
      {"SUBSCRIBE a b", "*3|$9|subscribe|$1|a|:1|*3|$9|subscribe|$1|b|:2|"},
      {"SUBSCRIBE a", "*3|$9|subscribe|$1|a|:2|"},
      {"PSUBSCRIBE p*", "*3|$10|psubscribe|$2|p*|:3|"},
      {"SSUBSCRIBE s", "*3|$10|ssubscribe|$1|s|:1|"},
      {"UNSUBSCRIBE b c", "*3|$11|unsubscribe|$1|b|:2|*3|$11|unsubscribe|$1|c|:2|"},
      {"SUNSUBSCRIBE", "*3|$12|sunsubscribe|$1|s|:0|"},
      {"SUNSUBSCRIBE", "*3|$12|sunsubscribe|$-1|:0|"},
      {"PUNSUBSCRIBE", "*3|$12|punsubscribe|$2|p*|:1|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.host.calls, (Calls{"subscribed 0 a", "subscribed 0 b", "subscribed 1 p*", "subscribed 2 s",
                                    "unsubscribed 0 b", "unsubscribed 2 s", "unsubscribed 1 p*"}));
  EXPECT_EQ(node.run("RESET"), "+RESET|");
  EXPECT_EQ(node.host.calls.back(), "unsubscribed 0 a");
  EXPECT_TRUE(node.session.subscriptions->empty());
}

TEST(Pubsub, AnswersArePushesInResp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  EXPECT_EQ(node.run("SUBSCRIBE a"), ">3|$9|subscribe|$1|a|:1|");
  EXPECT_EQ(node.run("PUNSUBSCRIBE"), ">3|$12|punsubscribe|_|:1|");
}

TEST(Pubsub, ATransactionMaySubscribeButNotToShardChannels) {
  Node node;
  node.in_exec = true;
  EXPECT_EQ(node.run("SSUBSCRIBE s"), "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client|");
  EXPECT_EQ(node.host.calls, Calls());
  EXPECT_EQ(node.run("SUBSCRIBE a"), "*3|$9|subscribe|$1|a|:1|");
  EXPECT_EQ(node.run("PSUBSCRIBE p*"), "*3|$10|psubscribe|$2|p*|:2|");
}

TEST(Pubsub, PingOfASubscriber) {
  Node node;
  node.session.kind = SessionKind::kPubsub;
  EXPECT_EQ(node.run("PING"), "*2|$4|pong|$0||");
  EXPECT_EQ(node.run("PING hello"), "*2|$4|pong|$5|hello|");
  node.session.resp = resp::Version::kResp3;
  EXPECT_EQ(node.run("PING"), "+PONG|");
}

TEST(Pubsub, PublishIsNotReplicated) {
  Node node;
  node.effects.receivers = 5;
  const Step steps[] = {
      {"PUBLISH news hello", ":5|", "", ""},
      {"SPUBLISH news hello", ":5|", "", ""},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.effects.published, (Calls{"news hello", "shard news hello"}));
}

TEST(Pubsub, Views) {
  Node node;
  node.host.plain_channels = {"apple", "banana"};
  node.host.shard_channels = {"shard"};
  const Step steps[] = {
      {"PUBSUB CHANNELS", "*2|$5|apple|$6|banana|"},
      {"PUBSUB CHANNELS b*", "*1|$6|banana|"},
      {"PUBSUB CHANNELS a b", "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.|"},
      {"PUBSUB SHARDCHANNELS x*", "*0|"},
      {"PUBSUB NUMSUB ab c", "*4|$2|ab|:2|$1|c|:1|"},
      {"PUBSUB NUMSUB", "*0|"},
      {"PUBSUB SHARDNUMSUB abc", "*2|$3|abc|:3|"},
      {"PUBSUB NUMPAT", ":3|"},
  };
  run_steps(node, steps);
}

TEST(Tracking, IsSwitchedOnWithItsOptions) {
  Node node;
  const Step steps[] = {
      {"CLIENT TRACKING on BCAST PREFIX b PREFIX a NOLOOP", "+OK|"},
      {"CLIENT TRACKINGINFO", "*6|$5|flags|*3|$2|on|$5|bcast|$6|noloop|$8|redirect|:0|$8|prefixes|*2|$1|a|$1|b|"},
      {"CLIENT TRACKING on BCAST PREFIX c", "+OK|"},
      {"CLIENT TRACKING on BCAST PREFIX ax",
       "-ERR Prefix 'ax' overlaps with an existing prefix 'a'. Prefixes for a single client must not overlap.|"},
      {"CLIENT TRACKING on",
       "-ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
       "re-enabling it with a different mode.|"},
      {"CLIENT TRACKINGINFO", "*6|$5|flags|*2|$2|on|$5|bcast|$8|redirect|:0|$8|prefixes|*3|$1|a|$1|b|$1|c|"},
      {"CLIENT TRACKING off", "+OK|"},
      {"CLIENT TRACKING off", "+OK|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.host.calls, (Calls{"start tracking 3", "start tracking 3", "stop tracking 3"}));
}

TEST(Tracking, CachingDecidesWhatIsRemembered) {
  Node node;
  EXPECT_EQ(node.run("CLIENT TRACKING on OPTIN"), "+OK|");
  EXPECT_FALSE(node.session.tracking->remembers());
  EXPECT_EQ(node.run("CLIENT CACHING yes"), "+OK|");
  EXPECT_TRUE(node.session.tracking->remembers());
  EXPECT_EQ(node.run("CLIENT TRACKING off"), "+OK|");
  EXPECT_EQ(node.run("CLIENT TRACKING on OPTOUT"), "+OK|");
  EXPECT_TRUE(node.session.tracking->remembers());
  EXPECT_EQ(node.run("CLIENT CACHING no"), "+OK|");
  EXPECT_FALSE(node.session.tracking->remembers());
}

TEST(Tracking, IsRefusedOnTheRouterPort) {
  Node node;
  node.session.router = true;
  EXPECT_EQ(node.run("CLIENT TRACKING on"),
            "-ERR CLIENT TRACKING is not served on the router port; use the cluster port|");
  EXPECT_EQ(node.run("CLIENT TRACKING off"), "+OK|");
}

}  // namespace
}  // namespace guccho::commands::testing
