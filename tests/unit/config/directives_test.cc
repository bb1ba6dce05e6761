// The directive table: every row prints what it reads, hints name the near miss.
#include "node/config/directives.h"

#include <gtest/gtest.h>

#include "node/config/fields.h"

namespace guccho::config {
namespace {

TEST(Directives, EveryDefaultCanBeReadBack) {
  const Config defaults;
  for (const Directive& d : directives()) {
    const std::string printed = d.print(d, defaults);
    Config again;
    std::vector<std::string> args = {printed};
    if (d.has(kManyArguments)) args = split_blanks(printed);
    const Status s = d.read(d, args, again);
    EXPECT_TRUE(s) << d.name << " " << printed << ": " << (s ? "" : s.error().text);
    EXPECT_EQ(again, defaults) << d.name;
  }
}

TEST(Directives, FoundByNameAndAliasInAnyCase) {
  ASSERT_NE(find_directive("PORT"), nullptr);
  EXPECT_EQ(find_directive("slave-read-only"), find_directive("replica-read-only"));
  EXPECT_EQ(find_directive("nonsense"), nullptr);
  EXPECT_EQ(find_directive(""), nullptr);
}

// Every alias that config.c of Redis 7.2 has, but for slaveof, which is refused by either name.
TEST(Directives, AliasesOfRedis) {
  for (const auto& [alias, name] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"slave-serve-stale-data", "replica-serve-stale-data"},
           {"slave-read-only", "replica-read-only"},
           {"slave-priority", "replica-priority"},
           {"slave-announce-ip", "replica-announce-ip"},
           {"slave-announce-port", "replica-announce-port"},
           {"slave-lazy-flush", "replica-lazy-flush"},
           {"slave-ignore-maxmemory", "replica-ignore-maxmemory"},
           {"min-slaves-to-write", "min-replicas-to-write"},
           {"min-slaves-max-lag", "min-replicas-max-lag"},
           {"repl-ping-slave-period", "repl-ping-replica-period"},
           {"cluster-slave-no-failover", "cluster-replica-no-failover"},
           {"cluster-slave-validity-factor", "cluster-replica-validity-factor"},
           {"hash-max-ziplist-entries", "hash-max-listpack-entries"},
           {"hash-max-ziplist-value", "hash-max-listpack-value"},
           {"zset-max-ziplist-entries", "zset-max-listpack-entries"},
           {"zset-max-ziplist-value", "zset-max-listpack-value"},
           {"list-max-ziplist-size", "list-max-listpack-size"},
           {"lua-time-limit", "busy-reply-threshold"},
       }) {
    ASSERT_NE(find_directive(name), nullptr) << name;
    EXPECT_EQ(find_directive(alias), find_directive(name)) << alias;
  }
}

TEST(Directives, NearestName) {
  EXPECT_EQ(nearest_directive("prot"), "port");
  EXPECT_EQ(nearest_directive("max-memory"), "maxmemory");
  EXPECT_EQ(nearest_directive("cluster-node-timeot"), "cluster-node-timeout");
  EXPECT_EQ(nearest_directive("xyzzy-plugh"), "");
  EXPECT_EQ(nearest_directive(std::string(10000, 'a')), "");
}

TEST(Directives, MemoryUnits) {
  struct Case {
    std::string_view text;
    std::optional<uint64_t> bytes;
  };
  for (const Case& c : std::initializer_list<Case>{{"0", 0},
                                                   {"100", 100},
                                                   {"7b", 7},
                                                   {"1k", 1000},
                                                   {"1KB", 1024},
                                                   {"2m", 2'000'000},
                                                   {"2mb", 2u << 20},
                                                   {"1g", 1'000'000'000},
                                                   {"3Gb", 3ull << 30},
                                                   {"-1", std::nullopt},
                                                   {"1 gb", std::nullopt},
                                                   {"1gbx", std::nullopt},
                                                   {"5%", std::nullopt},
                                                   {"", std::nullopt},
                                                   {"99999999999999999999", std::nullopt},
                                                   {"99999999999999999gb", std::nullopt}}) {
    EXPECT_EQ(parse_memory(c.text), c.bytes) << c.text;
  }
}

TEST(Directives, BusPortFollowsTheClusterPort) {
  Config c;
  EXPECT_EQ(c.bus_port(), 16379);
  c.cluster_port = 7;
  EXPECT_EQ(c.bus_port(), 7);
  c = Config{.port = 60000};
  EXPECT_EQ(c.bus_port(), 0);
  c = Config{.port = 7000, .tls_port = 7100, .tls_cluster = true};
  EXPECT_EQ(c.bus_port(), 17100);
}

TEST(Directives, GoodReplicasCountWithANumberAndALag) {
  using std::chrono::seconds;
  EXPECT_FALSE(Config().counts_good_replicas());
  Config c{.min_replicas_to_write = 1};
  EXPECT_TRUE(c.counts_good_replicas());
  c.min_replicas_max_lag = seconds(0);
  EXPECT_FALSE(c.counts_good_replicas());
}

}  // namespace
}  // namespace guccho::config
