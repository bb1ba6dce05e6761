// INFO, CONFIG, ROLE, TIME, SHUTDOWN, DEBUG: what they ask the host for and how they reply.
#include "node/commands/secrets.h"
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Server, AsksTheHost) {
  Node node;
  const Step steps[] = {
      {"INFO", "$6|info: |"},
      {"INFO server clients", "$20|info: server clients|"},
      {"CONFIG GET port maxmemory", "*4|$4|port|$5|value|$9|maxmemory|$5|value|"},
      {"CONFIG GET", "-ERR wrong number of arguments for 'config|get' command|"},
      {"CONFIG SET maxmemory 1 hz 5", "+OK|"},
      {"CONFIG SET maxmemory 1 hz", "-ERR syntax error|"},
      {"CONFIG SET bad x", "-ERR Unknown option or number of arguments for CONFIG SET - 'bad'|"},
      {"CONFIG REWRITE", "+OK|"},
      {"CONFIG RESETSTAT", "+OK|"},
      {"MONITOR", "+OK|"},
      {"REPLICAOF NO ONE", "-ERR REPLICAOF not allowed in cluster mode.|"},
      {"SLAVEOF a 1", "-ERR REPLICAOF not allowed in cluster mode.|"},
      {"PSYNC ? -1", ""},
      {"REPLCONF listening-port 1", ""},
      {"LOLWUT", "$17|Redis ver. 7.2.4\n|"},
      {"TIME", "*2|$10|1700000000|$2|42|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.host.config_values,
            (std::vector<std::pair<std::string, std::string>>{{"maxmemory", "1"}, {"hz", "5"}}));
  EXPECT_EQ(node.host.calls, (std::vector<std::string>{"reset statistics", "monitor", "repl PSYNC ? -1",
                                                       "repl REPLCONF listening-port 1"}));
  // The clock, not the frozen time of commands.
  node.now += Millis(12);
  EXPECT_EQ(node.run("TIME"), "*2|$10|1700000000|$2|42|");
}

TEST(Server, Role) {
  Node node;
  node.host.replication.offset = ReplOffset(100);
  node.host.replication.replicas = {{.ip = "10.0.0.1", .port = 7001, .online = true, .acknowledged = ReplOffset(90)},
                                    {.ip = "10.0.0.2", .port = 7002, .online = false}};
  EXPECT_EQ(node.run("ROLE"), "*3|$6|master|:100|*1|*3|$8|10.0.0.1|$4|7001|$2|90|");
  node.host.replication = {};
  node.host.replication.is_primary = false;
  node.host.replication.primary_ip = "10.0.0.9";
  node.host.replication.primary_port = 7000;
  EXPECT_EQ(node.run("ROLE"), "*5|$5|slave|$8|10.0.0.9|:7000|$7|connect|:-1|");
  node.host.replication.link_state = "connected";
  node.host.replication.read_offset = ReplOffset(42);
  EXPECT_EQ(node.run("ROLE"), "*5|$5|slave|$8|10.0.0.9|:7000|$9|connected|:42|");
}

TEST(Server, Shutdown) {
  Node node;
  const Step steps[] = {
      {"SHUTDOWN foo", "-ERR syntax error|"},
      {"SHUTDOWN SAVE NOSAVE", "-ERR syntax error|"},
      {"SHUTDOWN ABORT NOW", "-ERR syntax error|"},
      {"SHUTDOWN ABORT", "-ERR No shutdown in progress.|"},
      {"SHUTDOWN NOSAVE NOW FORCE", ""},
      {"SHUTDOWN", ""},
  };
  run_steps(node, steps);
  EXPECT_TRUE(node.deferred);
  EXPECT_EQ(node.host.calls, (std::vector<std::string>{"shutdown nosave now force", "shutdown"}));
  node.host.shutting_down = true;
  EXPECT_EQ(node.run("SHUTDOWN ABORT"), "+OK|");
}

TEST(Server, OnlyShutdownNosaveEndsABusyScript) {
  Node node;
  const auto script = std::make_shared<scripting::BusyScript>();
  node.host.busy.add(script);
  const std::string refused = "-" + std::string(scripting::kBusyWithScript) + "|";
  for (const char* request : {"SHUTDOWN", "SHUTDOWN SAVE", "SHUTDOWN NOW", "SHUTDOWN FORCE"}) {
    EXPECT_EQ(node.run(request), refused);
  }
  EXPECT_EQ(node.run("SHUTDOWN ABORT"), "-ERR No shutdown in progress.|");
  EXPECT_EQ(node.host.calls, std::vector<std::string>());
  EXPECT_EQ(node.run("SHUTDOWN NOSAVE"), "");
  EXPECT_EQ(node.host.calls, std::vector<std::string>{"shutdown nosave"});
}

TEST(Server, MonitorIsNotForTransactions) {
  Node node;
  node.in_exec = true;
  EXPECT_EQ(node.run("MONITOR"), "-ERR MONITOR isn't allowed for DENY BLOCKING client|");
  EXPECT_EQ(node.host.calls, std::vector<std::string>());
}

TEST(Server, DebugIsGuarded) {
  Node node;
  EXPECT_TRUE(node.run("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed."));
  node.config.enable_debug_command = config::Guard::kLocal;
  EXPECT_EQ(node.run("DEBUG SLEEP 0"), "+OK|");
  node.session.address = "10.0.0.1:5";
  EXPECT_TRUE(node.run("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed."));
  node.config.enable_debug_command = config::Guard::kYes;
  node.run("SET a 1");
  const std::string object = node.run("DEBUG OBJECT a");
  EXPECT_TRUE(object.starts_with("+Value at:0x")) << object;
  EXPECT_NE(object.find(" refcount:1 encoding:int serializedlength:2 "), std::string::npos) << object;
  EXPECT_EQ(node.run("DEBUG OBJECT nosuch"), "-ERR no such key|");
  EXPECT_EQ(node.run("DEBUG FOO"), "-ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG HELP.|");
}

TEST(Server, SlowLog) {
  Node node;
  auto session = std::make_unique<Session>();
  session->id = 5;
  session->address = "10.0.0.5:1";
  session->name = "five";
  node.host.sessions.push_back(std::move(session));
  const auto note = [&](const std::vector<std::string_view>& args, int64_t micros, uint64_t client) {
    node.host.slow_log.note(*resolve(args), args, node.now, Micros(micros), client, 3);
  };
  note({"GET", "dropped by the limit"}, 1, 5);
  note({"AUTH", "user", "secret"}, 20000, 5);
  note({"EXEC"}, 20000, 5);  // its parts are noted, not itself
  note({"CONFIG", "SET", "port", "1", "requirepass", "secret"}, 30000, 6);
  const std::string long_value(130, 'x');
  note({"SET", "k", long_value}, 40000, 5);
  const std::string newest = "*6|:3|:1700000000|:40000|*3|$3|SET|$1|k|$146|" + long_value.substr(0, 128) +
                             "... (2 more bytes)|$10|10.0.0.5:1|$4|five|";
  EXPECT_EQ(node.run("SLOWLOG GET 1"), "*1|" + newest);
  EXPECT_EQ(node.run("SLOWLOG GET"),
            "*3|" + newest +
                "*6|:2|:1700000000|:30000|*6|$6|CONFIG|$3|SET|$4|port|$1|1|$11|requirepass|$10|(redacted)|$0||$0||"
                "*6|:1|:1700000000|:20000|*3|$4|AUTH|$10|(redacted)|$10|(redacted)|$10|10.0.0.5:1|$4|five|");
  const std::vector<std::string_view> many(40, "a");
  std::vector<std::string_view> mget = {"MGET"};
  mget.insert(mget.end(), many.begin(), many.end());
  note(mget, 1, 5);
  EXPECT_NE(node.run("SLOWLOG GET 1").find("*32|$4|MGET|"), std::string::npos);
  EXPECT_NE(node.run("SLOWLOG GET 1").find("|$23|... (10 more arguments)|"), std::string::npos)
      << node.run("SLOWLOG GET 1");
  const Step steps[] = {
      {"SLOWLOG LEN", ":3|"},
      {"SLOWLOG GET 0", "*0|"},
      {"SLOWLOG GET -2", "-ERR count should be greater than or equal to -1|"},
      {"SLOWLOG GET x", "-ERR count should be greater than or equal to -1|"},
      {"SLOWLOG LEN x", "-ERR wrong number of arguments for 'slowlog|len' command|"},
      {"SLOWLOG RESET", "+OK|"},
      {"SLOWLOG GET -1", "*0|"},
  };
  run_steps(node, steps);
}

TEST(Server, FilesAndModulesThatAreNotThere) {
  Node node;
  const Step steps[] = {
      {"LASTSAVE", ":1600000000|"},
      {"SAVE", "-ERR SAVE is not available: this version writes no files, the copies of the data are its replicas'|"},
      {"BGSAVE",
       "-ERR BGSAVE is not available: this version writes no files, the copies of the data are its replicas'|"},
      {"BGSAVE Schedule",
       "-ERR BGSAVE is not available: this version writes no files, the copies of the data are its replicas'|"},
      {"BGSAVE x", "-ERR syntax error|"},
      {"BGSAVE SCHEDULE x", "-ERR syntax error|"},
      {"BGREWRITEAOF",
       "-ERR BGREWRITEAOF is not available: this version writes no files, the copies of the data are its replicas'|"},
      {"MODULE LIST", "*0|"},
      {"MODULE LOAD x",
       "-ERR MODULE command not allowed. This server has no modules, whatever enable-module-command says.|"},
  };
  run_steps(node, steps);
}

TEST(Server, PasswordsOfMigrateAreSecret) {
  const auto secrets = [](std::vector<std::string_view> options) {
    std::vector<std::string_view> args = {"MIGRATE", "h", "1", "", "0", "9"};
    args.insert(args.end(), options.begin(), options.end());
    std::string out;
    for (size_t i = 0; i < args.size(); ++i) out += is_secret(*find_command("migrate"), args, i) ? 'x' : '.';
    return out.substr(6);
  };
  EXPECT_EQ(secrets({"KEYS", "auth", "b"}), "...");
  EXPECT_EQ(secrets({"AUTH", "p", "KEYS", "AUTH", "b"}), ".x...");
  EXPECT_EQ(secrets({"COPY", "auth2", "u", "p", "REPLACE"}), "..xx.");
  EXPECT_EQ(secrets({"AUTH", "KEYS", "AUTH2", "AUTH", "p", "COPY"}), ".x.xx.");
  EXPECT_EQ(secrets({"AUTH"}), ".");
}

TEST(Server, PasswordsOfHelloAreSecret) {
  const auto secrets = [](std::vector<std::string_view> options) {
    std::vector<std::string_view> args = {"HELLO", "3"};
    args.insert(args.end(), options.begin(), options.end());
    std::string out;
    for (size_t i = 0; i < args.size(); ++i) out += is_secret(*find_command("hello"), args, i) ? 'x' : '.';
    return out;
  };
  EXPECT_EQ(secrets({}), "..");
  EXPECT_EQ(secrets({"AUTH", "u", "p"}), "...xx");
  EXPECT_EQ(secrets({"auth", "u", "p", "SETNAME", "auth"}), "...xx..");
  EXPECT_EQ(secrets({"SETNAME", "AUTH", "AUTH", "u", "p"}), ".....xx");
  EXPECT_EQ(secrets({"AUTH", "p"}), "...x") << "one is missing";
  EXPECT_EQ(secrets({"AUHT", "u", "p"}), "...xx") << "a slip";
}

TEST(Server, HelpTexts) {
  Node node;
  EXPECT_TRUE(
      node.run("CONFIG HELP").starts_with("*11|+CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:|+GET"));
  EXPECT_TRUE(node.run("CLUSTER HELP").ends_with("|+HELP|+    Prints this help.|"));
  EXPECT_TRUE(node.run("COMMAND HELP").starts_with("*21|"));
  EXPECT_TRUE(node.run("OBJECT HELP").starts_with("*15|"));
  EXPECT_TRUE(node.run("DEBUG HELP").starts_with("-ERR DEBUG command not allowed."));
}

}  // namespace
}  // namespace guccho::commands::testing
