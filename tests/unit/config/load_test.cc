// Files, includes, standard input and the command line together; what is refused, and with which words.
#include "node/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace guccho::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Files = std::map<std::string, std::string>;

Result<Loaded> load_args(const std::vector<std::string>& args, const Files& files = {}) {
  const auto read = [&](const std::string& path) -> Result<std::string> {
    const auto it = files.find(path);
    if (it == files.end()) return fail("No such file or directory");
    return it->second;
  };
  const Result<CommandLine> line = parse_command_line(args);
  if (!line) return fail(line.error().text);
  return load(*line, read);
}

Result<Loaded> load_text(const std::string& text) {
  return load_args({"redis.conf"}, {{"redis.conf", text}});
}

std::string error_of(const Result<Loaded>& r) {
  return r ? "accepted" : r.error().text;
}

TEST(Load, NothingGivesDefaults) {
  const Result<Loaded> r = load_args({});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config, Config());
  EXPECT_EQ(r->config.cluster_node_timeout, Millis(1000));
}

TEST(Load, AnExampleOfEveryKind) {
  const Result<Loaded> r = load_text(
      "# comment\n\nport 7000\r\n"
      "BIND 127.0.0.1 -::1\n"
      "maxmemory 2gb\nmaxmemory-policy allkeys-lfu\nmaxmemory-clients 5%\n"
      "requirepass \"a b\\x41\"\nunixsocketperm 700\nappendonly no\nsave \"\"\n"
      "client-output-buffer-limit slave 1mb 2kb 3\nclient-output-buffer-limit pubsub 0 0 0\n"
      "slave-read-only no\nnotify-keyspace-events KEA\nlatency-tracking-info-percentiles 50 99.95\n"
      "cluster-node-timeout 2500\ntimeout 30\nhz 9999\ncluster-enabled yes\ndatabases 1");
  ASSERT_TRUE(r) << error_of(r);
  const Config& c = r->config;
  EXPECT_EQ(c.port, 7000);
  EXPECT_THAT(c.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_EQ(c.maxmemory, 2ull << 30);
  EXPECT_EQ(c.maxmemory_policy, MaxmemoryPolicy::kAllkeysLfu);
  EXPECT_EQ(c.maxmemory_clients.percent, 5);
  EXPECT_EQ(c.requirepass, "a bA");
  EXPECT_EQ(c.unixsocketperm, 0700u);
  EXPECT_EQ(c.client_output_replica, (BufferLimit{1 << 20, 2048, Seconds(3)}));
  EXPECT_EQ(c.client_output_pubsub, BufferLimit());
  EXPECT_FALSE(c.replica_read_only);
  EXPECT_EQ(c.notify_keyspace_events, kNotifyAll | kNotifyKeyspace | kNotifyKeyevent);
  EXPECT_THAT(c.latency_tracking_info_percentiles, ElementsAre(50, 99.95));
  EXPECT_EQ(c.cluster_node_timeout, Millis(2500));
  EXPECT_EQ(c.timeout, Seconds(30));
  EXPECT_EQ(c.hz, 500u);
  EXPECT_TRUE(r->warnings.empty());
}

TEST(Load, LaterWins) {
  const Result<Loaded> r = load_args({"a.conf", "--port", "3", "-"},
                                     {{"a.conf", "port 1\nport 2\ntimeout 5\n"}, {"-", "timeout 6\ntcp-backlog 7"}});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 3);
  EXPECT_EQ(r->config.timeout, Seconds(6));
  EXPECT_EQ(r->config.tcp_backlog, 7u);
}

TEST(Load, Users) {
  const Result<Loaded> r =
      load_args({"redis.conf", "--user", "c", "on"}, {{"redis.conf", "user a on >x (+get ~b)\nUser b\n"}});
  ASSERT_TRUE(r) << error_of(r);
  const std::vector<UserLine> expected = {
      {"redis.conf:1", "a", {"on", ">x", "(+get", "~b)"}}, {"redis.conf:2", "b", {}}, {"command line", "c", {"on"}}};
  EXPECT_EQ(r->config.users, expected);
  EXPECT_THAT(error_of(load_text("user\n")), HasSubstr("redis.conf:1: user: wrong number of arguments"));
  EXPECT_THAT(error_of(load_text("user a\nuser a\n")),
              HasSubstr("redis.conf:2: user: 'a' is already defined at redis.conf:1"));
  EXPECT_THAT(error_of(load_text("aclfile x\nuser a\n")),
              HasSubstr("redis.conf:2: user: users are in the aclfile 'x'"));
}

TEST(Load, Include) {
  const Result<Loaded> r =
      load_args({"a.conf"}, {{"a.conf", "port 1\ninclude b.conf\ntimeout 9\n"}, {"b.conf", "port 2\ntimeout 8\n"}});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 2);
  EXPECT_EQ(r->config.timeout, Seconds(9));
  EXPECT_THAT(error_of(load_args({"a.conf"}, {{"a.conf", "include a.conf"}})), HasSubstr("more than 16 deep"));
  EXPECT_EQ(error_of(load_args({"a.conf"}, {{"a.conf", "\ninclude gone.conf"}})),
            "a.conf:2: gone.conf: cannot read the configuration: No such file or directory");
}

TEST(Load, CommandLine) {
  const Result<Loaded> r = load_args({"--port", "7000", "--save", "", "--bind", "1.1.1.1", "::1", "--save", "--hz 5"});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 7000);
  EXPECT_THAT(r->config.bind, ElementsAre("1.1.1.1", "::1"));
  EXPECT_EQ(r->config.hz, 5u);
  EXPECT_EQ(parse_command_line(std::vector<std::string>{"--help"})->action, CommandLine::Action::kHelp);
  EXPECT_EQ(parse_command_line(std::vector<std::string>{"-v"})->action, CommandLine::Action::kVersion);
  EXPECT_EQ(error_of(load_args({"--port"})), "command line: port: wrong number of arguments");
  EXPECT_EQ(error_of(load_args({"-p", "7000"})), "command line: '-p' is neither a file nor a directive; see --help");
  EXPECT_EQ(error_of(load_args({"a.conf", "b.conf"})),
            "command line: 'b.conf' is neither a file nor a directive; see --help");
  EXPECT_EQ(error_of(load_args({"--requirepass", "x", "--prot", "1"})),
            "command line: unknown directive 'prot' (did you mean 'port'?)");
  EXPECT_EQ(error_of(load_args({"gone.conf"})), "gone.conf: cannot read the configuration: No such file or directory");
}

struct Refusal {
  std::string_view line, error;
};

TEST(Load, RefusedLines) {
  for (const Refusal& c : std::initializer_list<Refusal>{
           {"foo bar", "redis.conf:1: unknown directive 'foo'"},
           {"maxmemry 1gb", "redis.conf:1: unknown directive 'maxmemry' (did you mean 'maxmemory'?)"},
           {"port", "redis.conf:1: port: wrong number of arguments"},
           {"port 1 2", "redis.conf:1: port: wrong number of arguments"},
           {"port abc", "redis.conf:1: port: argument couldn't be parsed into an integer"},
           {"port 0x10", "redis.conf:1: port: argument couldn't be parsed into an integer"},
           {"port 70000", "redis.conf:1: port: argument must be between 0 and 65535 inclusive"},
           {"unixsocketperm 999", "redis.conf:1: unixsocketperm: argument couldn't be parsed as an octal number"},
           {"unixsocketperm 7777", "redis.conf:1: unixsocketperm: argument must be between 0 and 777 inclusive"},
           {"maxmemory \"1gb", "redis.conf:1: unbalanced quotes"},
           {"save 60", "redis.conf:1: save: Invalid save parameters"},
           {"save 60 1", "redis.conf:1: save: snapshots on disk are not available yet: use save \"\""},
           {"appendonly yes",
            "redis.conf:1: appendonly: only 'no' is accepted: the append-only file is not available yet"},
           {"cluster-enabled no",
            "redis.conf:1: cluster-enabled: only 'yes' is accepted: a node is always a cluster node"},
           {"databases 16", "redis.conf:1: databases: only '1' is accepted: a cluster has one database"},
           {"daemonize yes",
            "redis.conf:1: daemonize: only 'no' is accepted: start it in the foreground, under a service manager or "
            "with '&'"},
           {"replicaof a 1", "redis.conf:1: replicaof: not allowed in cluster mode; use CLUSTER REPLICATE"},
           {"loadmodule x.so", "redis.conf:1: loadmodule: there are no modules"},
           {"cluster-config-file a/b",
            "redis.conf:1: cluster-config-file: cluster-config-file can't be a path, just a filename"},
           {"cluster-announce-hostname a_b",
            "redis.conf:1: cluster-announce-hostname: Hostnames may only contain alphanumeric characters, hyphens or "
            "dots"},
           {"bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "redis.conf:1: bind: Too many bind addresses specified."},
           {"include", "redis.conf:1: include: wrong number of arguments"},
       }) {
    EXPECT_EQ(error_of(load_text(std::string(c.line))), c.error);
  }
}

TEST(Load, CombinationsThatCannotWork) {
  for (const Refusal& c : std::initializer_list<Refusal>{
           {"port 0", "port and tls-port are both 0: a cluster node needs one of them"},
           {"port 60000", "the bus port would be 60000 + 10000, which is no port: set cluster-port"},
           {"router-port 6379", "port and router-port are both 6379: give each a port of its own"},
           {"health-port 16379", "cluster-port and health-port are both 16379: give each a port of its own"},
           {"tls-port 7001", "tls-port needs tls-cert-file"},
           {"tls-port 7001\ntls-cert-file c\ntls-key-file k",
            "tls-port needs tls-ca-cert-file or tls-ca-cert-dir to check the other side"},
           {"tls-cluster yes", "tls-cluster needs tls-port: redirections name that port"},
           {"admin-port 9379", "admin-port needs admin-tls-cert-file: it is never open"},
           {"admin-port 9379\nadmin-tls-cert-file a\nadmin-tls-key-file b",
            "admin-port needs admin-tls-ca-cert-file: it is never open"},
       }) {
    EXPECT_EQ(error_of(load_text(std::string(c.line))), c.error);
  }
  EXPECT_TRUE(load_text("tls-port 7001\ntls-cert-file c\ntls-key-file k\ntls-auth-clients no"));
}

TEST(Load, HarmlessDirectivesWarnOnlyWhenTheyAskForSomething) {
  const Result<Loaded> r = load_text("rdbcompression yes\njemalloc-bg-thread no\nactiverehashing yes\n");
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_THAT(r->warnings, ElementsAre("redis.conf:2: jemalloc-bg-thread has no effect here: the tables have an "
                                       "allocator and a growth of their own"));
  const Result<Loaded> typed = load_text("list-compress-depth 0\nlist-compress-depth 1\n");
  ASSERT_TRUE(typed) << error_of(typed);
  EXPECT_THAT(typed->warnings,
              ElementsAre("redis.conf:2: list-compress-depth has no effect here: lists are not compressed"));
  EXPECT_FALSE(load_text("list-compress-depth -1\n")) << "its range is Redis' all the same";
  EXPECT_EQ(error_of(load_text("rdbcompression maybe")),
            "redis.conf:1: rdbcompression: argument must be 'yes' or 'no'");
}

TEST(Load, HelpNamesEveryEffectiveDirective) {
  const std::string help = help_text();
  EXPECT_THAT(help, HasSubstr("--cluster-node-timeout (1000)"));
  EXPECT_THAT(help, HasSubstr("one of: no, yes, optional"));
  EXPECT_THAT(help, Not(HasSubstr("--list-compress-depth")));
}

}  // namespace
}  // namespace guccho::config
