// CONFIG GET and SET; the error texts were taken from redis-server 7.0.15.
#include "node/config/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guccho::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::vector<NameValue> get_all(const std::vector<std::string_view>& patterns, const Config& c = {}) {
  return get(c, patterns);
}

TEST(ConfigGet, NamesAndPatterns) {
  EXPECT_THAT(get_all({"maxmemory"}), ElementsAre(Pair("maxmemory", "0")));
  EXPECT_THAT(get_all({"HZ"}), ElementsAre(Pair("HZ", "10")));
  EXPECT_THAT(get_all({"nonexist"}), ElementsAre());
  EXPECT_THAT(get_all({"hash-max-*"}),
              UnorderedElementsAre(Pair("hash-max-listpack-entries", "512"), Pair("hash-max-ziplist-entries", "512"),
                                   Pair("hash-max-listpack-value", "64"), Pair("hash-max-ziplist-value", "64")));
  EXPECT_THAT(get_all({"maxmemory", "maxmem?ry", "hz"}), ElementsAre(Pair("maxmemory", "0"), Pair("hz", "10")));
  EXPECT_THAT(get_all({"aof-disable-*"}), ElementsAre());  // hidden from patterns
  EXPECT_THAT(get_all({"aof-disable-auto-gc"}), ElementsAre(Pair("aof-disable-auto-gc", "no")));
}

TEST(ConfigGet, OneDatabaseWhateverIsConfigured) {
  EXPECT_THAT(get_all({"databases"}, Config{.ineffective = {{"databases", "16"}}}),
              ElementsAre(Pair("databases", "1")));
}

TEST(ConfigGet, ValuesAsRedisShowsThem) {
  const std::vector<NameValue> all = get_all({"*"});
  for (const NameValue& expected : std::initializer_list<NameValue>{
           {"bind", "* -::*"},
           {"client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
           {"latency-tracking-info-percentiles", "50 99 99.9"},
           {"cluster-preferred-endpoint-type", "ip"},
           {"maxmemory-policy", "noeviction"},
           {"unixsocketperm", "0"},
           {"save", ""},
           {"appendonly", "no"},
           {"oom-score-adj-values", "0 200 800"},
           {"slave-priority", "100"},
           {"active-defrag-ignore-bytes", "4194304"},
       }) {
    EXPECT_THAT(all, Contains(expected));
  }
}

struct Refusal {
  Pairs pairs;
  std::string_view reply;
};

TEST(ConfigSet, Refusals) {
#define FAILED(name, reason) "ERR CONFIG SET failed (possibly related to argument '" name "') - " reason
  for (const Refusal& c : std::initializer_list<Refusal>{
           {{{"foo", "bar"}}, "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"},
           {{{"maxmemory", "1gb"}, {"foo", "bar"}}, "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"},
           {{{"maxmemory", "abc"}}, FAILED("maxmemory", "argument must be a memory value")},
           {{{"hz", "abc"}}, FAILED("hz", "argument couldn't be parsed into an integer")},
           {{{"hz", "99999999999"}}, FAILED("hz", "argument must be between 0 and 2147483647 inclusive")},
           // Sizes in the store have 32 bits.
           {{{"proto-max-bulk-len", "4096mb"}},
            FAILED("proto-max-bulk-len", "argument must be between 1048576 and 4293918720 inclusive")},
           {{{"maxclients", "0"}}, FAILED("maxclients", "argument must be between 1 and 4294967295 inclusive")},
           {{{"loglevel", "foo"}},
            FAILED("loglevel", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing")},
           {{{"databases", "3"}}, FAILED("databases", "can't set immutable config")},
           {{{"cluster-enabled", "no"}}, FAILED("cluster-enabled", "can't set immutable config")},
           {{{"dir", "/tmp"}, {"hz", "3"}}, FAILED("dir", "can't set protected config")},
           {{{"maxmemory", "1gb"}, {"MAXMEMORY", "2gb"}}, FAILED("MAXMEMORY", "duplicate parameter")},
           {{{"client-output-buffer-limit", "normal 0 0"}},
            FAILED("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")},
           {{{"client-output-buffer-limit", "foo 0 0 0"}},
            FAILED("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
           {{{"client-output-buffer-limit", "master 0 0 0"}},
            FAILED("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
           {{{"list-max-ziplist-entries", "1"}},
            "ERR Unknown option or number of arguments for CONFIG SET - 'list-max-ziplist-entries'"},
           {{{"client-output-buffer-limit", "normal a 0 0"}},
            FAILED("client-output-buffer-limit",
                   "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
           {{{"save", "60 1000 "}}, FAILED("save", "Invalid save parameters")},
           {{{"notify-keyspace-events", "KEQ"}},
            FAILED("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")},
           {{{"maxmemory-clients", "500%"}},
            FAILED("maxmemory-clients", "percentage argument must be less or equal to 100")},
           {{{"latency-tracking-info-percentiles", "50 101"}},
            FAILED("latency-tracking-info-percentiles",
                   "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
           {{{"latency-tracking-info-percentiles", "50 a"}},
            FAILED("latency-tracking-info-percentiles", "Invalid latency-tracking-info-percentiles parameters")},
           {{{"client-query-buffer-limit", "1"}},
            FAILED("client-query-buffer-limit", "argument must be between 1048576 and 9223372036854775807 inclusive")},
           {{{"repl-backlog-size", "0"}},
            FAILED("repl-backlog-size", "argument must be between 1 and 9223372036854775807 inclusive")},
           {{{"repl-backlog-size", "8589934593"}},
            FAILED("repl-backlog-size",
                   "argument must be at most 8589934592 (8gb), as much as the replication log can keep")},
           {{{"appendonly", "yes"}},
            FAILED("appendonly", "only 'no' is accepted: the append-only file is not available yet")},
       }) {
    const Result<Config> r = set({}, c.pairs, true);
    EXPECT_EQ(r ? "accepted" : r.error().text, c.reply);
  }
#undef FAILED
}

TEST(ConfigSet, TheGreatestBacklog) {
  const Result<Config> after = set({}, Pairs{{"repl-backlog-size", "8gb"}}, true);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->repl_backlog_size, kMaxReplBacklog);
}

TEST(ConfigSet, AllOrNothing) {
  const Config before;
  EXPECT_FALSE(set(before, Pairs{{"maxmemory", "100mb"}, {"hz", "50"}, {"loglevel", "x"}}, true));
  const Result<Config> after = set(before, Pairs{{"maxmemory", "100mb"}, {"hz", "50"}, {"slave-priority", "7"}}, true);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->maxmemory, 100u << 20);
  EXPECT_EQ(after->hz, 50u);
  EXPECT_EQ(after->replica_priority, 7u);
  EXPECT_EQ(before, Config());
}

TEST(ConfigSet, ClassesNotNamedStay) {
  const Result<Config> after = set({}, Pairs{{"client-output-buffer-limit", "Normal 1mb 2mb 3 REPLICA 1 2 3"}}, true);
  ASSERT_TRUE(after);
  EXPECT_THAT(get_all({"client-output-buffer-limit"}, *after),
              ElementsAre(Pair("client-output-buffer-limit",
                               "normal 1048576 2097152 3 slave 1 2 3 pubsub 33554432 8388608 60")));
}

TEST(ConfigSet, NotifyEventsPrintInRedisOrder) {
  const Result<Config> after = set({}, Pairs{{"notify-keyspace-events", "EKxAm"}}, true);
  ASSERT_TRUE(after);
  EXPECT_THAT(get_all({"notify-keyspace-events"}, *after), ElementsAre(Pair("notify-keyspace-events", "AKEm")));
}

TEST(ConfigSet, ProtectedDirectivesAsConfigured) {
  const Pairs pairs = {{"dbfilename", "x.rdb"}};
  EXPECT_FALSE(set(Config{}, pairs, true));
  EXPECT_TRUE(set(Config{.enable_protected_configs = Guard::kYes}, pairs, false));
  EXPECT_TRUE(set(Config{.enable_protected_configs = Guard::kLocal}, pairs, true));
  EXPECT_FALSE(set(Config{.enable_protected_configs = Guard::kLocal}, pairs, false));
}

TEST(ConfigSet, CombinationsAreChecked) {
  const Config tls{.tls_port = 7001, .tls_cert_file = "c", .tls_key_file = "k", .tls_ca_cert_file = "a"};
  const Result<Config> r = set(tls, Pairs{{"tls-cert-file", ""}}, true);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text,
            "ERR CONFIG SET failed (possibly related to argument 'tls-cert-file') - tls-port needs tls-cert-file");
}

TEST(ConfigSet, Sensitive) {
  EXPECT_TRUE(is_sensitive("requirepass"));
  EXPECT_TRUE(is_sensitive("MASTERAUTH"));
  EXPECT_FALSE(is_sensitive("port"));
  EXPECT_FALSE(is_sensitive("foo"));
}

}  // namespace
}  // namespace guccho::config
