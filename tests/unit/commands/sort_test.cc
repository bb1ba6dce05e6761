// SORT: orders, what is stored and replicated, names made of patterns.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Sort, ListsAndSets) {
  Node node;
  const Step steps[] = {
      {"RPUSH l 3 1 20 2", ":4|"},
      {"SORT l", "*4|$1|1|$1|2|$1|3|$2|20|", "", ""},
      {"SORT l DESC LIMIT 0 2", "*2|$2|20|$1|3|"},
      {"SORT l ALPHA", "*4|$1|1|$1|2|$2|20|$1|3|"},
      {"SORT l BY nosort", "*4|$1|3|$1|1|$2|20|$1|2|"},
      {"SORT_RO l BY nosort DESC LIMIT 1 2", "*2|$2|20|$1|1|"},
      {"SORT l BY nosort LIMIT 1 9", "*3|$1|1|$2|20|$1|2|"},
      {"SORT l BY nosort DESC LIMIT 4 1", "*0|"},
      {"SADD s 3 x", ":2|"},
      {"SORT s", "-ERR One or more scores can't be converted into double|", "", ""},
      {"SORT s ALPHA", "*2|$1|3|$1|x|"},
      {"SORT nosuch", "*0|"},
      {"SORT_RO l STORE d", "-ERR syntax error|"},
      {"SET k v", "+OK|"},
      {"SORT k", "-WRONGTYPE Operation against a key holding the wrong kind of value|"},
  };
  run_steps(node, steps);
}

TEST(Sort, Storing) {
  Node node;
  const Step steps[] = {
      {"RPUSH {l} 3 1 2", ":3|"},
      {"SORT {l} STORE {l}d", ":3|", "SORT {l} STORE {l}d", "sortstore {l}d"},
      {"LRANGE {l}d 0 -1", "*3|$1|1|$1|2|$1|3|"},
      {"SORT {l} DESC STORE {l}", ":3|", "SORT {l} DESC STORE {l}", "sortstore {l}"},
      {"LRANGE {l} 0 -1", "*3|$1|3|$1|2|$1|1|"},
      {"SORT {l} LIMIT 0 0 STORE {l}d", ":0|", "SORT {l} LIMIT 0 0 STORE {l}d", "del {l}d"},
      {"SORT {l} LIMIT 0 0 STORE {l}d", ":0|", "", ""},
      {"SADD {l}s b a", ":2|"},
      {"SORT {l}s BY nosort STORE {l}d", ":2|", "SORT {l}s BY nosort STORE {l}d", "sortstore {l}d"},
      {"LRANGE {l}d 0 -1", "*2|$1|a|$1|b|"},
  };
  run_steps(node, steps);
}

TEST(Sort, PatternsWithinTheSlot) {
  Node node;
  const Step steps[] = {
      {"RPUSH {l} 1 2 3", ":3|"},
      {"MSET {l}w_1 30 {l}w_2 20 {l}w_3 10 {l}v_1 one", "+OK|"},
      {"HSET {l}h_2 f two", ":1|"},
      {"SORT {l} BY {l}w_*", "*3|$1|3|$1|2|$1|1|"},
      {"SORT {l} BY {l}w_* ALPHA DESC", "*3|$1|1|$1|2|$1|3|"},
      {"SORT {l} GET # GET {l}v_* GET {l}h_*->f", "*9|$1|1|$3|one|$-1|$1|2|$-1|$3|two|$1|3|$-1|$-1|"},
      {"SORT {l} GET {l}v_* STORE {l}d", ":3|"},
      {"LRANGE {l}d 0 -1", "*3|$3|one|$0||$0||"},
      {"SORT {l} BY {l}nosuch_*", "*3|$1|1|$1|2|$1|3|"},
      {"SORT {l} BY w_*", "-ERR BY option of SORT denied in Cluster mode.|"},
      {"SORT {l} BY {m}w_*", "-ERR BY option of SORT denied in Cluster mode.|"},
      {"SORT {l} BY *{l}", "-ERR BY option of SORT denied in Cluster mode.|"},
      {"SORT {l} GET {l*}", "-ERR GET option of SORT denied in Cluster mode.|"},
      {"SORT {l} GET {}*", "-ERR GET option of SORT denied in Cluster mode.|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing
