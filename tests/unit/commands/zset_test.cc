// Sorted sets and geographic indexes: replies, what is replicated, keyspace events, waiting.
#include <set>

#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

constexpr const char* kWrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value|";

TEST(SortedSets, AddingAndRemoving) {
  Node node;
  const Step steps[] = {
      {"ZADD z 1 a 2 b", ":2|", "ZADD z 1 a 2 b", "zadd z"},
      {"ZADD z 1 a", ":0|", "", ""},
      {"ZADD z 3 a", ":0|", "ZADD z 3 a", "zadd z"},
      {"ZADD z CH 4 a 2 b", ":1|", "ZADD z CH 4 a 2 b", "zadd z"},
      {"ZADD z NX 9 a", ":0|", "", ""},
      {"ZADD z XX 9 c", ":0|", "", ""},
      {"ZADD nosuch XX 9 c", ":0|", "", ""},
      {"ZADD nosuch XX INCR 9 c", "$-1|", "", ""},
      {"ZADD z GT CH 3 a", ":0|", "", ""},
      {"ZADD z INCR 1.5 a", "$3|5.5|", "ZADD z INCR 1.5 a", "zincr z"},
      {"ZADD z NX INCR 1.5 a", "$-1|", "", ""},
      {"ZADD z INCR 0 a", "$3|5.5|", "", ""},
      {"ZINCRBY z 1 new", "$1|1|", "ZINCRBY z 1 new", "zincr z"},
      {"ZADD z inf i", ":1|"},
      {"ZINCRBY z -inf i", "-ERR resulting score is not a number (NaN)|", "", ""},
      {"ZADD z 1 a b", "-ERR syntax error|", "", ""},
      {"ZADD z 1 a x b", "-ERR value is not a valid float|", "", ""},
      {"ZSCORE z a", "$3|5.5|"},
      {"ZREM z nosuch", ":0|", "", ""},
      {"ZREM z a i nosuch", ":2|", "ZREM z a i nosuch", "zrem z"},
      {"ZREM z b new more", ":2|", "ZREM z b new more", "zrem z; del z"},
      {"EXISTS z", ":0|"},
      {"ZADD z 1 a 2 b 3 c 4 d 5 e", ":5|", "ZADD z 1 a 2 b 3 c 4 d 5 e", "zadd z"},
      {"ZREMRANGEBYRANK z 0 0", ":1|", "ZREMRANGEBYRANK z 0 0", "zremrangebyrank z"},
      {"ZREMRANGEBYSCORE z (1 2", ":1|", "ZREMRANGEBYSCORE z (1 2", "zremrangebyscore z"},
      {"ZREMRANGEBYSCORE z 8 9", ":0|", "", ""},
      {"ZREMRANGEBYLEX z - +", ":3|", "ZREMRANGEBYLEX z - +", "zremrangebylex z; del z"},
      {"SET s 1", "+OK|"},
      {"ZADD s 1 a", kWrongType, "", ""},
      {"ZREM s a", kWrongType, "", ""},
      {"ZREMRANGEBYRANK s 0 1", kWrongType},
  };
  run_steps(node, steps);
}

TEST(SortedSets, NewKeysAreAnnouncedToThoseWhoAsk) {
  Node node;
  node.config.notify_keyspace_events = config::kNotifyNew;
  const Step steps[] = {
      {"ZADD {t}z 1 a", ":1|", "ZADD {t}z 1 a", "new {t}z; zadd {t}z"},
      {"ZADD {t}z 2 a", ":0|", "ZADD {t}z 2 a", "zadd {t}z"},
      {"ZRANGESTORE {t}y {t}z 0 -1", ":1|", nullptr, "new {t}y; zrangestore {t}y"},
      {"ZRANGESTORE {t}y {t}z 0 -1", ":1|", nullptr, "zrangestore {t}y"},
      {"ZUNIONSTORE {t}y 1 {t}z", ":1|", nullptr, "zunionstore {t}y"},
      {"ZINTERSTORE {t}y 1 {t}z", ":1|", nullptr, "zinterstore {t}y"},
      {"ZDIFFSTORE {t}y 1 {t}z", ":1|", "ZDIFFSTORE {t}y 1 {t}z", "zdiffstore {t}y"},
      {"ZDIFFSTORE {t}y 2 {t}z {t}z", ":0|", "ZDIFFSTORE {t}y 2 {t}z {t}z", "del {t}y"},
      {"ZDIFFSTORE {t}y 2 {t}z {t}z", ":0|", "", ""},
  };
  run_steps(node, steps);
}

// The rank's score is new in 7.2: no older server to compare with.
TEST(SortedSets, RanksWithScores) {
  Node node;
  const Step steps[] = {
      {"ZADD z 1 a 2.5 b", ":2|"},
      {"ZRANK z b", ":1|"},
      {"ZRANK z b WITHSCORE", "*2|:1|$3|2.5|"},
      {"ZREVRANK z b withscore", "*2|:0|$3|2.5|"},
      {"ZRANK z nosuch WITHSCORE", "*-1|"},
      {"ZRANK z nosuch", "$-1|"},
      {"ZRANK nosuch b WITHSCORE", "*-1|"},
      {"ZRANK z b WITHSCORES", "-ERR syntax error|"},
      {"ZRANK z b WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command|"},
      {"ZREVRANK z b WITHSCORE x", "-ERR wrong number of arguments for 'zrevrank' command|"},
  };
  run_steps(node, steps);
  node.session.resp = resp::Version::kResp3;
  EXPECT_EQ(node.run("ZRANK z b WITHSCORE"), "*2|:1|,2.5|");
  EXPECT_EQ(node.run("ZRANK z nosuch WITHSCORE"), "_|");
}

TEST(SortedSets, PopsAreReplicatedAsWhatTheyTook) {
  Node node;
  const Step steps[] = {
      {"ZADD {t}z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", ":7|"},
      {"ZPOPMIN {t}z", "*2|$1|a|$1|1|", "ZPOPMIN {t}z", "zpopmin {t}z"},
      {"ZPOPMAX {t}z 2", "*4|$1|g|$1|7|$1|f|$1|6|", "ZPOPMAX {t}z 2", "zpopmax {t}z"},
      {"ZPOPMIN {t}z 0", "*0|", "", ""},
      {"ZMPOP 2 {t}no {t}z MIN", "*2|$4|{t}z|*1|*2|$1|b|$1|2|", "ZPOPMIN {t}z 1", "zpopmin {t}z"},
      {"BZPOPMAX {t}no {t}z 0", "*3|$4|{t}z|$1|e|$1|5|", "ZPOPMAX {t}z", "zpopmax {t}z"},
      {"BZMPOP 0 2 {t}no {t}z MAX COUNT 9", "*2|$4|{t}z|*2|*2|$1|d|$1|4|*2|$1|c|$1|3|", "ZPOPMAX {t}z 2",
       "zpopmax {t}z; del {t}z"},
      {"ZMPOP 1 {t}z MIN", "*-1|", "", ""},
      {"ZPOPMIN {t}z", "*0|", "", ""},
  };
  run_steps(node, steps);
}

TEST(SortedSets, BlockingPopsWait) {
  Node node;
  const Step steps[] = {
      {"BZPOPMIN {t}a {t}b 1.5", "blocks: zset {t}a {t}b 1500", "", ""},
      {"BZPOPMAX {t}a 0", "blocks: zset {t}a 0", "", ""},
      {"BZMPOP 0.0001 2 {t}a {t}b MIN COUNT 3", "blocks: zset {t}a {t}b 1", "", ""},
      {"BZPOPMIN {t}a -1", "-ERR timeout is negative|"},
      {"BZPOPMIN {t}a x", "-ERR timeout is not a float or out of range|"},
      {"BZPOPMIN {t}a 1e300", "-ERR timeout is out of range|"},
  };
  run_steps(node, steps);
  node.in_exec = true;
  EXPECT_EQ(node.run("BZPOPMIN {t}a 0"), "*-1|");
  EXPECT_EQ(node.run("BZMPOP 0 1 {t}a MIN"), "*-1|");
}

TEST(SortedSets, RandomMembersAreAllReached) {
  Node node;
  for (int i = 0; i < 300; ++i) node.run("ZADD z " + std::to_string(i) + " m" + std::to_string(i));
  std::set<std::string> seen;
  for (int i = 0; i < 6000; ++i) seen.insert(node.run("ZRANDMEMBER z"));
  EXPECT_EQ(seen.size(), 300u);
  seen.clear();
  for (int i = 0; i < 200; ++i) {
    const std::string reply = node.run("ZRANDMEMBER z 40");
    std::set<std::string> members;
    size_t count = 0;
    for (size_t at = reply.find("m"); at != std::string::npos; at = reply.find("m", at + 1), ++count) {
      members.insert(reply.substr(at, reply.find('|', at) - at));
    }
    EXPECT_EQ(count, 40u);
    EXPECT_EQ(members.size(), 40u) << "distinct";
    seen.insert(members.begin(), members.end());
  }
  EXPECT_EQ(seen.size(), 300u);
}

TEST(GeographicIndexes, AddedAsScores) {
  Node node;
  const Step steps[] = {
      {"GEOADD g CH 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2|",
       "ZADD g CH 3479099956230698 Palermo 3479447370796909 Catania", "zadd g"},
      {"GEOADD g 13.361389 38.115556 Palermo", ":0|", "", ""},
      {"GEOADD g 181 1 a", "-ERR invalid longitude,latitude pair 181.000000,1.000000|", "", ""},
      {"GEODIST g Palermo Catania", "$11|166274.1516|"},
      {"GEOHASH g Palermo Catania", "*2|$11|sqc8b49rny0|$11|sqdtr74hyu0|"},
      {"GEOSEARCHSTORE g g FROMLONLAT 15 37 BYRADIUS 100 km", ":1|",
       "GEOSEARCHSTORE g g FROMLONLAT 15 37 BYRADIUS 100 km", "geosearchstore g"},
      {"GEORADIUS g 15 37 100 km STORE g", ":1|", "GEORADIUS g 15 37 100 km STORE g", "georadiusstore g"},
      {"GEORADIUS g 15 37 1 m STORE g", ":0|", "GEORADIUS g 15 37 1 m STORE g", "del g"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing
