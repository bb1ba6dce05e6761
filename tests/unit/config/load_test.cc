// Files, includes, standard input and the command line together; what is refused, and with which words.
#include "node/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "node/base/glob.h"

namespace guccho::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Texts = std::map<std::string, std::string>;  // of files, by path

Result<Loaded> load_args(const std::vector<std::string>& args, const Texts& files = {}) {
  const auto read = [&](const std::string& path) -> Result<std::string> {
    const auto it = files.find(path);
    if (it == files.end()) return fail("No such file or directory");
    return it->second;
  };
  const auto matching = [&](const std::string& pattern) {
    std::vector<std::string> paths;
    for (const auto& [path, text] : files) {
      if (glob_match(pattern, path)) paths.push_back(path);
    }
    return paths;
  };
  const Result<CommandLine> line = parse_command_line(args);
  if (!line) return fail(line.error().text);
  return load(*line, {.read = read, .matching = matching});
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

TEST(Load, IncludeOfAPattern) {
  const Texts files = {{"a.conf", "include /conf.d/*.conf\ntimeout 9\n"},
                       {"/conf.d/10-first.conf", "port 1\nhz 20"},  // no end of the line
                       {"/conf.d/20-second.conf", "port 2\n"},
                       {"/conf.d/30-off", "port 3\n"}};
  const Result<Loaded> r = load_args({"a.conf"}, files);
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 2);
  EXPECT_EQ(r->config.hz, 20u);
  EXPECT_EQ(r->config.timeout, Seconds(9));
  // A pattern may match nothing; a name may not.
  EXPECT_TRUE(load_args({"a.conf"}, {{"a.conf", "include /conf.d/*.conf"}}));
  EXPECT_TRUE(load_args({"a.conf"}, {{"a.conf", "include /conf.d/?.conf\ninclude /conf.d/[ab].conf"}}));
  EXPECT_THAT(error_of(load_args({"a.conf"}, {{"a.conf", "include /conf.d/x.conf"}})), HasSubstr("No such file"));
  EXPECT_EQ(error_of(load_args({"a.conf"}, {{"a.conf", "include b*"}, {"b1", "port 1"}, {"b2", "\nport x"}})),
            "a.conf:1: b2:2: port: argument couldn't be parsed into an integer");
  EXPECT_THAT(error_of(load_args({"a.conf"}, {{"a.conf", "include a.*"}})), HasSubstr("more than 16 deep"));
}

TEST(Load, IncludeOnTheCommandLine) {
  const Result<Loaded> r =
      load_args({"--port", "1", "--include", "b.conf", "--hz", "30"}, {{"b.conf", "port 2\nhz 20"}});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 2);
  EXPECT_EQ(r->config.hz, 30u);
  EXPECT_EQ(error_of(load_args({"--include"})), "command line: include: wrong number of arguments");
}

// redis-server enters the directory when it reads the line, and finds there what the later ones name.
TEST(Load, WhatFollowsTheDirectoryIsRelativeToIt) {
  const Result<Loaded> r =
      load_args({"etc/a.conf", "--dir", "deeper"}, {{"etc/a.conf",
                                                     "include one.conf\ndir data\ninclude two.conf\ninclude t*.conf\n"
                                                     "include /three.conf\n"},
                                                    {"one.conf", "port 1\n"},
                                                    {"data/two.conf", "port 2\n"},
                                                    {"/three.conf", "hz 30\n"}});
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config.port, 2);
  EXPECT_EQ(r->config.hz, 30u);
  EXPECT_EQ(r->config.dir, "data/deeper");
  EXPECT_EQ(load_args({"--dir", "a", "--dir", "/b", "--dir", "c"})->config.dir, "/b/c");
  EXPECT_EQ(load_args({"--dir", "a", "--dir", ""})->config.dir, "");
}

// What Debian's unit file of redis-server does: the file asks for a daemon, and the command line for none.
TEST(Load, ARefusedValueMayBeReplaced) {
  const Texts files = {{"f", "daemonize yes\nsave 900 1\nsave 300 10\nappendonly yes\ncluster-enabled no\n"}};
  const Result<Loaded> r =
      load_args({"f", "--daemonize", "no", "--save", "", "--appendonly", "no", "--cluster-enabled", "yes"}, files);
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(error_of(load_args({"f", "--daemonize", "no", "--appendonly", "no", "--cluster-enabled", "yes"}, files)),
            "f:3: save: snapshots on disk are not available yet: use save \"\"");
  EXPECT_THAT(error_of(load_args({"f", "--save", "", "--save", "60 1"}, files)), HasSubstr("f:1: daemonize"));
  EXPECT_THAT(error_of(load_args({"--daemonize", "no", "--daemonize", "yes"})), HasSubstr("daemonize: only 'no'"));
}

TEST(Load, NodesThatShareADirectory) {
  const Result<Loaded> usual = load_text("");
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->config.admin_socket, "admin/admin.sock");
  EXPECT_EQ(usual->config.admin_term_file(), "admin-term");
  const Result<Loaded> other = load_text("cluster-config-file nodes-7001.conf");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->config.admin_socket, "admin/nodes-7001.conf.sock");
  EXPECT_EQ(other->config.admin_term_file(), "nodes-7001.conf.admin-term");
  // What is said explicitly is so.
  for (const std::string socket : {"admin/admin.sock", "\"\"", "/run/x.sock"}) {
    const Result<Loaded> given = load_text("admin-socket " + socket + "\ncluster-config-file nodes-7001.conf");
    ASSERT_TRUE(given);
    EXPECT_EQ(given->config.admin_socket, socket == "\"\"" ? "" : socket);
  }
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
           {"databases 0", "redis.conf:1: databases: argument must be between 1 and 2147483647 inclusive"},
           {"list-max-ziplist-value", "redis.conf:1: list-max-ziplist-value: wrong number of arguments"},
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

TEST(Load, FilesHaveMoreDatabasesThanACluster) {
  const Result<Loaded> r = load_text("databases 16\n");
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_THAT(r->warnings,
              ElementsAre("redis.conf:1: databases has no effect here: a cluster has one database, number 0, "
                          "and CONFIG GET says so"));
  EXPECT_TRUE(load_text("databases 1")->warnings.empty());
}

// Redis reads these from older files, and does nothing about them.
TEST(Load, DirectivesOfThePast) {
  const Result<Loaded> r =
      load_text("list-max-ziplist-entries 512\nLIST-max-ziplist-value 64\nlua-replicate-commands yes\n");
  ASSERT_TRUE(r) << error_of(r);
  EXPECT_EQ(r->config, Config());
  EXPECT_TRUE(r->warnings.empty());
}

// The lines of Debian 12's /etc/redis/redis.conf, and the arguments of its unit file.
constexpr std::string_view kDebianFile = R"(
bind 127.0.0.1 -::1
protected-mode yes
port 6379
tcp-backlog 511
timeout 0
tcp-keepalive 300
daemonize yes
pidfile /run/redis/redis-server.pid
loglevel notice
logfile /var/log/redis/redis-server.log
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{title} {listen-addr} {server-mode}"
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
rdb-del-sync-files no
dir /var/lib/redis
replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-sync-max-replicas 0
repl-diskless-load disabled
repl-disable-tcp-nodelay no
replica-priority 100
acllog-max-len 128
lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
replica-lazy-flush no
lazyfree-lazy-user-del no
lazyfree-lazy-user-flush no
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes
appendonly no
appendfilename "appendonly.aof"
appenddirname "appendonlydir"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
aof-use-rdb-preamble yes
aof-timestamp-enabled no
slowlog-log-slower-than 10000
slowlog-max-len 128
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 512
hash-max-listpack-value 64
list-max-listpack-size -2
list-compress-depth 0
set-max-intset-entries 512
zset-max-listpack-entries 128
zset-max-listpack-value 64
hll-sparse-max-bytes 3000
stream-node-max-bytes 4096
stream-node-max-entries 100
activerehashing yes
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
aof-rewrite-incremental-fsync yes
rdb-save-incremental-fsync yes
jemalloc-bg-thread yes
)";

TEST(Load, TheFileOfADistribution) {
  const Texts files = {{"redis.conf", std::string(kDebianFile)}};
  const Result<Loaded> r = load_args({"redis.conf", "--supervised", "systemd", "--daemonize", "no"}, files);
  ASSERT_TRUE(r) << error_of(r);
  Config expected;
  expected.bind = {"127.0.0.1", "-::1"};
  expected.pidfile = "/run/redis/redis-server.pid";
  expected.logfile = "/var/log/redis/redis-server.log";
  expected.dir = "/var/lib/redis";
  expected.ineffective = {{"databases", "16"}, {"supervised", "systemd"}};
  EXPECT_EQ(r->config, expected);
  EXPECT_EQ(r->warnings.size(), 2u);
  // Without its unit file only the daemon is in the way.
  EXPECT_THAT(error_of(load_args({"redis.conf"}, files)), HasSubstr("redis.conf:8: daemonize: only 'no' is accepted"));
}

// What the file of Redis 3.2 has and that of 7.0 has no more. The snapshots are ours to refuse: there are none yet.
TEST(Load, AnOldFile) {
  const std::string text =
      "save 900 1\nsave 300 10\nsave 60 10000\n"
      "slave-serve-stale-data yes\nslave-read-only yes\nslave-priority 90\nslave-announce-ip 5.5.5.5\n"
      "slave-announce-port 1234\nrepl-diskless-sync no\nrepl-ping-slave-period 11\nmin-slaves-to-write 3\n"
      "min-slaves-max-lag 12\nlua-time-limit 6000\ncluster-slave-validity-factor 9\n"
      "hash-max-ziplist-entries 511\nhash-max-ziplist-value 63\nlist-max-ziplist-size -1\n"
      "list-max-ziplist-entries 512\nlist-max-ziplist-value 64\nzset-max-ziplist-entries 127\n"
      "zset-max-ziplist-value 62\nclient-output-buffer-limit slave 256mb 64mb 60\nsupervised no\n";
  EXPECT_EQ(error_of(load_text(text)), "redis.conf:3: save: snapshots on disk are not available yet: use save \"\"");
  const Result<Loaded> r = load_text(text + "save \"\"\n");
  ASSERT_TRUE(r) << error_of(r);
  const Config& c = r->config;
  EXPECT_EQ(c.replica_priority, 90u);
  EXPECT_EQ(c.replica_announce_ip, "5.5.5.5");
  EXPECT_EQ(c.replica_announce_port, 1234);
  EXPECT_EQ(c.repl_ping_replica_period, Seconds(11));
  EXPECT_EQ(c.min_replicas_to_write, 3u);
  EXPECT_EQ(c.min_replicas_max_lag, Seconds(12));
  EXPECT_EQ(c.busy_reply_threshold, Millis(6000));
  EXPECT_EQ(c.cluster_replica_validity_factor, 9u);
  EXPECT_EQ(c.hash_max_listpack_entries, 511u);
  EXPECT_EQ(c.list_max_listpack_size, -1);
  EXPECT_EQ(c.zset_max_listpack_value, 62u);
}

TEST(Load, HelpNamesEveryEffectiveDirective) {
  const std::string help = help_text(Config{.io_threads = 7, .maxmemory = 3u << 20});
  EXPECT_THAT(help, HasSubstr("--cluster-node-timeout (1000)"));
  EXPECT_THAT(help, HasSubstr("one of: no, yes, optional"));
  EXPECT_THAT(help, Not(HasSubstr("--list-compress-depth")));
  EXPECT_THAT(help, HasSubstr("--io-threads (7)"));  // what this machine gives, not what the table says
  EXPECT_THAT(help, HasSubstr("--maxmemory (3145728)"));
  for (const char* word : {"-h | --help", "-v | --version", "--include FILE", "--user NAME", "--databases (1)"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
  EXPECT_THAT(help, Not(HasSubstr("jemalloc-bg-thread")));
}

}  // namespace
}  // namespace guccho::config
