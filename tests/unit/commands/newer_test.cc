// What came after Redis 7.2, which no redis-server of Debian can be asked about. The expected replies and their
// sources:
//   SET IFEQ            https://valkey.io/commands/set/
//   DELIFEQ             https://valkey.io/commands/delifeq/
//   CLUSTER SLOT-STATS  https://valkey.io/commands/cluster-slot-stats/
#include "tests/unit/commands/harness.h"

namespace guccho::commands {
namespace {

using testing::Node;
using testing::run_steps;
using testing::Step;

TEST(Newer, SetIfeq) {
  Node node;
  run_steps(node, std::vector<Step>{
                      {"SET k new IFEQ old", "$-1|", "", ""},
                      {"EXISTS k", ":0|"},
                      {"SET k old", "+OK|", "SET k old", "set k"},
                      {"SET k new IFEQ other", "$-1|", "", ""},
                      {"SET k new IFEQ old", "+OK|", "SET k new", "set k"},
                      {"SET k 2 ifeq new GET", "$3|new|", "SET k 2", "set k"},
                      {"SET k 3 IFEQ x GET", "$1|2|", "", ""},
                      {"SET none 3 IFEQ x GET", "$-1|", "", ""},
                      // An integer is compared by its text.
                      {"SET k 3 IFEQ 2 PX 1000", "+OK|", "SET k 3 PXAT 1700000001000", "set k; expire k"},
                      {"SET k 3 IFEQ 3 PXAT 1700000002000", "+OK|", "SET k 3 PXAT 1700000002000", "set k; expire k"},
                      {"SET k 4 IFEQ 3 KEEPTTL", "+OK|", "SET k 4 KEEPTTL", "set k"},
                      {"PEXPIRETIME k", ":1700000002000|"},
                      {"SET k 5 IFEQ 4", "+OK|", "SET k 5", "set k"},
                      {"PTTL k", ":-1|"},
                      {"SET k v NX IFEQ 5", "-ERR syntax error|", "", ""},
                      {"SET k v IFEQ 5 XX", "-ERR syntax error|", "", ""},
                      {"SET k v IFEQ", "-ERR syntax error|", "", ""},
                      {"SET k v IFEQ 5 IFEQ 5", "-ERR syntax error|", "", ""},
                      {"HSET h f v", ":1|"},
                      {"SET h v IFEQ x", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
                      {"SET h v IFEQ x GET", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
                  });
}

TEST(Newer, Delifeq) {
  Node node;
  run_steps(node, std::vector<Step>{
                      {"SET mykey abc123", "+OK|"},
                      {"DELIFEQ mykey xyz", ":0|", "", ""},
                      {"DELIFEQ mykey abc123", ":1|", "DEL mykey", "del mykey"},
                      {"DELIFEQ mykey abc123", ":0|", "", ""},
                      {"SET n 12", "+OK|"},
                      {"DELIFEQ n 12", ":1|"},
                      {"HSET h f v", ":1|"},
                      {"DELIFEQ h x", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
                      {"DELIFEQ h", "-ERR wrong number of arguments for 'delifeq' command|"},
                  });
}

TEST(Newer, SlotStats) {
  Node node;
  auto slots = std::make_shared<cluster::SlotTable>();
  slots->owner.fill(0);
  slots->owner[3] = cluster::kNoNode;
  node.host.cluster_view->slots = slots;
  node.run("SET a 1");  // slot 15495
  node.run("SET {a}2 1");
  node.run("SET foo 1");  // slot 12182
  run_steps(
      node,
      std::vector<Step>{
          {"CLUSTER SLOT-STATS SLOTSRANGE 0 1", "*2|*2|:0|*2|$9|key-count|:0|*2|:1|*2|$9|key-count|:0|"},
          {"CLUSTER SLOT-STATS SLOTSRANGE 2 4", "*2|*2|:2|*2|$9|key-count|:0|*2|:4|*2|$9|key-count|:0|"},
          {"CLUSTER SLOT-STATS SLOTSRANGE 15495 15495", "*1|*2|:15495|*2|$9|key-count|:2|"},
          {"CLUSTER SLOT-STATS ORDERBY key-count LIMIT 2",
           "*2|*2|:15495|*2|$9|key-count|:2|*2|:12182|*2|$9|key-count|:1|"},
          {"CLUSTER SLOT-STATS ORDERBY KEY-COUNT desc LIMIT 3",
           "*3|*2|:15495|*2|$9|key-count|:2|*2|:12182|*2|$9|key-count|:1|*2|:0|*2|$9|key-count|:0|"},
          {"CLUSTER SLOT-STATS ORDERBY key-count ASC LIMIT 1", "*1|*2|:0|*2|$9|key-count|:0|"},
          {"CLUSTER SLOT-STATS SLOTSRANGE 2 1", "-ERR Start slot number 2 is greater than end slot number 1|"},
          {"CLUSTER SLOT-STATS SLOTSRANGE 0 16384", "-ERR Invalid or out of range slot|"},
          {"CLUSTER SLOT-STATS SLOTSRANGE 0 1 2",
           "-ERR unknown subcommand or wrong number of arguments for 'SLOT-STATS'. Try CLUSTER HELP.|"},
          {"CLUSTER SLOT-STATS ORDERBY cpu-usec", "-ERR Unrecognized sort metric for ORDERBY.|"},
          {"CLUSTER SLOT-STATS ORDERBY key-count LIMIT 0",
           "-ERR Limit has to lie in between 1 and 16384 (maximum number of slots).|"},
          {"CLUSTER SLOT-STATS ORDERBY key-count ASC DESC", "-ERR Multiple filters of the same type are disallowed.|"},
          {"CLUSTER SLOT-STATS ORDERBY key-count x", "-ERR syntax error|"},
      });
  node.config.cluster_slot_stats_enabled = true;
  run_steps(node, std::vector<Step>{
                      {"CLUSTER SLOT-STATS SLOTSRANGE 1 1",
                       "*1|*2|:1|*8|$9|key-count|:0|$8|cpu-usec|:2|$16|network-bytes-in|:30|$17|network-bytes-out|:5|"},
                      {"CLUSTER SLOT-STATS ORDERBY network-bytes-out LIMIT 1",
                       "*1|*2|:1|*8|$9|key-count|:0|$8|cpu-usec|:2|$16|network-bytes-in|:30|$17|network-bytes-out|:5|"},
                      {"CLUSTER SLOT-STATS ORDERBY cpu-usec ASC LIMIT 1",
                       "*1|*2|:0|*8|$9|key-count|:0|$8|cpu-usec|:0|$16|network-bytes-in|:0|$17|network-bytes-out|:0|"},
                      {"CLUSTER SLOT-STATS ORDERBY memory", "-ERR Unrecognized sort metric for ORDERBY.|"},
                  });
}

}  // namespace
}  // namespace guccho::commands
