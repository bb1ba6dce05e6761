// One table of resources, good and bad, judged by the embedded CRD; defaults, round trips and the samples.
#include "operator/model/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "operator/model/crd.h"
#include "operator/model/print.h"

namespace guccho::ops {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string resource(const std::string& spec) {
  return "apiVersion: guccho.io/v1\nkind: RedisCluster\nmetadata: {name: c}\nspec: " + spec + "\n";
}

struct Case {
  std::string name;
  std::string text;
  std::string error;  // how it starts; empty: accepted
};

const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
      {"smallest", resource("{primaries: 1}"), ""},
      {"no replicas", resource("{primaries: 3, replicasPerPrimary: 0}"), ""},
      {"config of both types", resource("{primaries: 1, config: {hz: 10, maxmemory: 1gb}}"), ""},
      {"quantities", resource("{primaries: 1, resources: {limits: {cpu: 500m, memory: 1.5Gi}, requests: {cpu: 2}}}"),
       ""},
      {"metadata of a live object",
       "apiVersion: guccho.io/v1\nkind: RedisCluster\nmetadata: {name: c, namespace: prod, uid: u,"
       " labels: {a: b}, generation: 7, resourceVersion: '9'}\nspec: {primaries: 1}",
       ""},
      {"json", R"({"apiVersion":"guccho.io/v1","kind":"RedisCluster","metadata":{"name":"c"},"spec":{"primaries":2}})",
       ""},
      {"no primaries given", resource("{}"), "spec.primaries: is required"},
      {"0 primaries", resource("{primaries: 0}"), "spec.primaries: must be at least 1, is 0"},
      {"too many primaries", resource("{primaries: 1001}"), "spec.primaries: must be at most 1000, is 1001"},
      {"primaries as text", resource("{primaries: '3'}"), "spec.primaries: must be of type integer, is string \"3\""},
      {"half a primary", resource("{primaries: 1.5}"), "spec.primaries: must be of type integer"},
      {"huge", resource("{primaries: 99999999999}"), "spec.primaries: must be at most 1000"},
      {"negative replicas", resource("{primaries: 3, replicasPerPrimary: -1}"),
       "spec.replicasPerPrimary: must be at least 0, is -1"},
      {"unknown field", resource("{primaries: 3, replicas: 1}"), "spec.replicas: unknown field"},
      {"unknown nested field", resource("{primaries: 3, persistence: {kind: log}}"),
       "spec.persistence.kind: unknown field"},
      {"unknown top field", resource("{primaries: 3}\nextra: 1"), "extra: unknown field"},
      {"unknown metadata field",
       "apiVersion: guccho.io/v1\nkind: RedisCluster\nmetadata: {name: c, color: red}\n"
       "spec: {primaries: 1}",
       "metadata.color: unknown field"},
      {"unknown version", resource("{primaries: 3, version: '9.9'}"),
       "spec.version: \"9.9\" is not known, want one of: 0.1.0"},
      {"unknown mode", resource("{primaries: 3, persistence: {mode: tape}}"),
       "spec.persistence.mode: \"tape\" is not known"},
      {"operator's own directive", resource("{primaries: 3, config: {cluster-enabled: 'no'}}"),
       "spec.config.cluster-enabled: must not be given here"},
      {"directive in capitals", resource("{primaries: 3, config: {Port: 1}}"),
       "spec.config: \"Port\": directive names"},
      {"directive with a line break", resource("{primaries: 3, config: {hz: \"1\\nport 1\"}}"), "spec.config.hz: "},
      {"boolean directive", resource("{primaries: 3, config: {lazyfree-lazy-expire: yes}}"),
       "spec.config.lazyfree-lazy-expire: must be a string or an integer, is boolean true (quote yes and no)"},
      {"bad quantity", resource("{primaries: 3, resources: {limits: {memory: lots}}}"),
       "spec.resources.limits.memory: "},
      {"a very long quantity",
       resource("{primaries: 1, persistence: {storage: {size: 1" + std::string(200'000, '0') + "}}}"), ""},
      {"a very long bad quantity",
       resource("{primaries: 1, persistence: {storage: {size: 1" + std::string(200'000, '0') + "x}}}"),
       "spec.persistence.storage.size: "},
      {"two passwords", resource("{primaries: 3, auth: {secretName: a, passwordFile: b}}"),
       "spec.auth.secretName with passwordFile: must not be given here"},
      {"port out of range", resource("{primaries: 3, local: {firstPort: 60000}}"),
       "spec.local.firstPort: must be at most"},
      {"null spec", resource("null"), "spec: must be of type object, is null"},
      {"bad name", "apiVersion: guccho.io/v1\nkind: RedisCluster\nmetadata: {name: A_b}\nspec: {primaries: 1}",
       "metadata.name: \"A_b\" does not match"},
      {"no name", "apiVersion: guccho.io/v1\nkind: RedisCluster\nspec: {primaries: 1}", "metadata.name: is required"},
      {"other version of the API",
       "apiVersion: guccho.io/v2\nkind: RedisCluster\nmetadata: {name: c}\nspec: {primaries: 1}",
       "apiVersion: \"guccho.io/v2\" is not known, want guccho.io/v1"},
      {"other kind", "apiVersion: guccho.io/v1\nkind: Pod\nmetadata: {name: c}\nspec: {primaries: 1}", "kind: \"Pod\""},
      {"key twice", resource("{primaries: 1, primaries: 2}"), "spec.primaries: given twice"},
      {"key twice in json", R"({"kind":"RedisCluster","kind":"RedisCluster"})", "kind: given twice"},
      {"two documents", resource("{primaries: 1}") + "---\n" + resource("{primaries: 1}"), "more than one document"},
      {"empty", "", "empty"},
      {"only a comment", "# nothing\n", "empty"},
      {"a list", "- 1\n", "not a resource"},
      {"broken yaml", "apiVersion: [", "line "},
      {"broken json", "{\"a\":", "not valid JSON"},
      {"aliases that explode",
       "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
       "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
       "more than 100000 values"},
      {"nested too deep", "a: " + std::string(100, '[') + std::string(100, ']'), "a[0]"},
      {"too large", std::string((1 << 20) + 1, '#'), "larger than"},
  };
  return table;
}

TEST(ParseResource, TableOfResources) {
  for (const Case& c : cases()) {
    const auto got = parse_resource(c.text);
    if (c.error.empty()) {
      EXPECT_TRUE(got) << c.name << ": " << got.error().text;
    } else {
      ASSERT_FALSE(got) << c.name;
      EXPECT_THAT(got.error().text, StartsWith(c.error)) << c.name;
    }
  }
}

TEST(ParseResource, FillsDefaultsFromTheSchema) {
  const auto got = parse_resource(resource("{primaries: 3}"));
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->key.str(), "default/c");
  EXPECT_EQ(got->spec.replicas_per_primary, 1);
  EXPECT_EQ(got->spec.version, GUCCHO_VERSION) << "the CRD's default version is the one that is built";
  EXPECT_EQ(got->spec.persistence.mode, PersistenceMode::kNone);
  EXPECT_EQ(got->spec.local.host, "127.0.0.1");
  EXPECT_EQ(got->spec.total(), 6);
}

TEST(ParseResource, ReadsEveryField) {
  const auto got = parse_resource(
      resource("{primaries: 2, replicasPerPrimary: 3, image: i, config: {hz: 10, maxmemory-policy: noeviction},"
               " persistence: {mode: log, storage: {size: 1Gi, storageClassName: fast}},"
               " resources: {requests: {cpu: 1, memory: 2Gi}, limits: {cpu: 1500m, memory: 3Gi}},"
               " auth: {passwordFile: /p}, local: {host: '::1', firstPort: 7100, firstRouterPort: 7200}}"));
  ASSERT_TRUE(got) << got.error().text;
  const RedisClusterSpec& s = got->spec;
  EXPECT_EQ(s.shard_size(), 4);
  EXPECT_EQ(s.image, "i");
  EXPECT_EQ(s.config, (std::map<std::string, std::string>{{"hz", "10"}, {"maxmemory-policy", "noeviction"}}));
  EXPECT_EQ(s.persistence.mode, PersistenceMode::kLog);
  EXPECT_EQ(s.persistence.storage, (StorageSpec{"1Gi", "fast"}));
  EXPECT_EQ(s.resources.requests, (Quantities{"1", "2Gi"}));
  EXPECT_EQ(s.resources.limits, (Quantities{"1500m", "3Gi"}));
  EXPECT_EQ(s.auth.password_file, "/p");
  EXPECT_EQ(s.local, (LocalSpec{"::1", 7100, 7200}));
}

RedisCluster with_status() {
  RedisCluster cluster = *parse_resource(resource("{primaries: 3, config: {hz: 10}}"));
  cluster.uid = "u-1";
  cluster.generation = 4;
  cluster.status = {.phase = Phase::kDegraded,
                    .observed_generation = 3,
                    .shards = 3,
                    .primaries = 3,
                    .replicas = 2,
                    .ready_instances = 5,
                    .selector = "a=b",
                    .conditions = {},
                    .nodes = {}};
  cluster.status.conditions = {
      {"Ready", ConditionStatus::kFalse, "ReplicaMissing", "0-1 does not answer", UnixMillis(Millis(1714558830123))}};
  cluster.status.nodes = {
      {*NodeId::parse(std::string(40, 'a')), {0, 1}, Role::kReplica, "z", "", true, DataGeneration(9)}};
  return cluster;
}

TEST(Print, ReadsBackAsItWas) {
  const RedisCluster cluster = with_status();
  const auto again = parse_resource(to_json(cluster));
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->key, cluster.key);
  EXPECT_EQ(again->uid, cluster.uid);
  EXPECT_EQ(again->generation, cluster.generation);
  EXPECT_EQ(again->spec, cluster.spec);
  EXPECT_EQ(again->status, cluster.status);
  EXPECT_EQ(to_json(*again), to_json(cluster));
  const auto status = status_from_json(status_to_json(cluster.status));
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(*status, cluster.status);
}

TEST(Print, RefusesABrokenStatus) {
  EXPECT_FALSE(status_from_json("{\"phase\": 1}"));
  EXPECT_FALSE(status_from_json("{\"nodes\": [{\"id\": \"x\", \"shard\": 0, \"ordinal\": 0, \"role\": \"primary\"}]}"));
  EXPECT_FALSE(status_from_json("["));
  EXPECT_FALSE(status_from_json("[]"));
}

TEST(Print, Times) {
  EXPECT_EQ(time_text(UnixMillis(Millis(1714558830123))), "2024-05-01T10:20:30.123Z");
  EXPECT_EQ(*parse_time("2024-05-01T10:20:30.123Z"), UnixMillis(Millis(1714558830123)));
  EXPECT_EQ(*parse_time("2024-05-01T10:20:30Z"), UnixMillis(Millis(1714558830000)));
  for (const char* bad :
       {"", "2024-05-01", "2024-02-30T10:20:30Z", "2024-05-01T10:20:30+01:00", "2024-05-01T25:20:30Z"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

TEST(Samples, AreAccepted) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GUCCHO_SOURCE_DIR "/deploy/manifests/samples")) {
    const auto got = parse_resource(file_text(entry.path()));
    EXPECT_TRUE(got) << entry.path() << ": " << got.error().text;
    ++seen;
  }
  EXPECT_GE(seen, 4);
}

TEST(Crd, IsTheFileItself) {
  EXPECT_EQ(kCrdYaml, file_text(GUCCHO_SOURCE_DIR "/deploy/manifests/crd/redisclusters.guccho.io.yaml"));
}

}  // namespace
}  // namespace guccho::ops
