// What is refused before any node sees it, and that the field is named.
#include "operator/backend/local/admission.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "node/supervise/files.h"
#include "tests/unit/operator_local/fixture.h"

namespace guccho::ops::local {
namespace {

using testing::StartsWith;

RedisClusterSpec good() {
  RedisClusterSpec spec;
  spec.primaries = 3;
  spec.replicas_per_primary = 1;
  spec.version = "0.1.0";
  spec.local.host = "127.0.0.1";
  return spec;
}

std::string problem_of(const RedisClusterSpec& spec) {
  const auto ok = admissible(spec);
  return ok ? "" : ok.error().text;
}

TEST(Admissible, WhatNodesCanRunBy) {
  RedisClusterSpec spec = good();
  EXPECT_EQ(problem_of(spec), "");
  spec.config = {{"maxmemory-policy", "allkeys-lru"},
                 {"client-output-buffer-limit", "normal 0 0 0"},
                 {"metrics-port", "0"},
                 {"tls-replication", "no"},
                 {"protected-mode", "yes"}};
  spec.resources.limits = {"1500m", "400Mi"};
  EXPECT_EQ(problem_of(spec), "");
}

TEST(Admissible, AConfigurationThatNoNodeStartsWithIsRefusedByItsField) {
  struct Case {
    std::map<std::string, std::string> config;
    const char* problem;
  };
  const std::vector<Case> cases = {
      {{{"hz", "10"}, {"maxmemory-policy", "allkeys-lru2"}}, "spec.config.maxmemory-policy: "},
      {{{"hz", "10"}, {"maxmemory", "many"}, {"timeout", "0"}}, "spec.config.maxmemory: "},
      {{{"maxmemroy", "1gb"}}, "spec.config.maxmemroy: unknown directive 'maxmemroy' (did you mean 'maxmemory'?)"},
      {{{"maxmemory-policy", "\"allkeys"}}, "spec.config.maxmemory-policy: unbalanced quotes"},
      {{{"router-tls", "yes"}}, "spec.config: router-tls needs tls-cert-file"},
      {{{"router-tls", "yes"}, {"tls-cert-file", "c.pem"}, {"tls-key-file", "/none"}, {"tls-auth-clients", "no"}},
       "spec.config.tls-cert-file: 'c.pem' is not an absolute path"},
      {{{"router-tls", "yes"}, {"tls-cert-file", "/dev/null"}, {"tls-key-file", "/none"}, {"tls-auth-clients", "no"}},
       "spec.config.tls-key-file: /none: No such file"},
      // Nodes have no TLS port here.
      {{{"tls-cluster", "yes"}}, "spec.config.tls-cluster: nodes of this machine have no TLS port"},
      {{{"tls-replication", "\"yes\""}}, "spec.config.tls-replication: nodes of this machine have no TLS port"},
      // All nodes would want the same one.
      {{{"metrics-port", "9121"}}, "spec.config.metrics-port: all nodes run on this machine"},
      {{{"health-port", "9122"}}, "spec.config.health-port: all nodes run on this machine"},
      {{{"admin-port", "9123"}}, "spec.config.admin-port: all nodes run on this machine"},
  };
  for (const Case& c : cases) {
    RedisClusterSpec spec = good();
    spec.config = c.config;
    EXPECT_THAT(problem_of(spec), StartsWith(c.problem));
  }
}

TEST(Admissible, PersistenceIsNotThereYet) {
  RedisClusterSpec spec = good();
  for (const PersistenceMode mode : {PersistenceMode::kSnapshot, PersistenceMode::kLog}) {
    spec.persistence.mode = mode;
    EXPECT_THAT(problem_of(spec),
                StartsWith("spec.persistence.mode: " + std::string(to_string(mode)) + " is not there"));
  }
}

TEST(Admissible, AHostThatIsNoAddressOfThisMachineIsNamed) {
  RedisClusterSpec spec = good();
  const std::pair<const char*, const char*> cases[] = {
      {"10.0.0.300", "spec.local.host: '10.0.0.300' is no IP address"},
      {"203.0.113.7", "spec.local.host: 203.0.113.7 is no address of this machine"},
      {"0.0.0.0", "spec.local.host: 0.0.0.0 is every address"},
      {"::", "spec.local.host: :: is every address"}};
  for (const auto& [host, problem] : cases) {
    spec.local.host = host;
    EXPECT_THAT(problem_of(spec), StartsWith(problem));
  }
}

TEST(CheckProtectedMode, AnAddressThatOthersReachWantsAPasswordOrAWord) {
  RedisClusterSpec spec = good();
  for (const char* host : {"127.0.0.1", "127.3.2.1", "::1"}) {
    spec.local.host = host;
    EXPECT_TRUE(check_protected_mode(spec)) << host;
  }
  for (const char* host : {"192.168.1.7", "fd00::7"}) {
    spec = good();
    spec.local.host = host;
    EXPECT_THAT(check_protected_mode(spec).error().text, StartsWith("spec.local.host: " + std::string(host)));
    spec.config = {{"protected-mode", "yes"}};
    EXPECT_FALSE(check_protected_mode(spec));
    spec.config = {{"protected-mode", "no"}};
    EXPECT_TRUE(check_protected_mode(spec));
    spec.config.clear();
    spec.auth.password_file = "/password";
    EXPECT_TRUE(check_protected_mode(spec));
  }
}

TEST_F(StateDirTest, PasswordsAreReadBeforeAnythingIsDone) {
  RedisClusterSpec spec = good();
  spec.auth.secret_name = "secret";
  EXPECT_THAT(problem_of(spec), StartsWith("spec.auth.secretName: "));
  spec.auth = {.secret_name = {}, .password_file = root_ + "/password"};
  EXPECT_THAT(problem_of(spec), StartsWith("spec.auth.passwordFile: " + root_ + "/password: No such file"));
  ASSERT_TRUE(supervise::write_atomically(root_ + "/password", "\nsecond\n"));
  EXPECT_THAT(problem_of(spec), StartsWith("spec.auth.passwordFile: " + root_ + "/password: first line is empty"));
  ASSERT_TRUE(supervise::write_atomically(root_ + "/password", "open sesame\nsecond\n"));
  EXPECT_EQ(problem_of(spec), "");
  EXPECT_EQ(*password_of(spec.auth), "open sesame");
}

}  // namespace
}  // namespace guccho::ops::local
