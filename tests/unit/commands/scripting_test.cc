// EVAL, FCALL and SCRIPT without an interpreter of a worker: how arguments are read, and the node's cache.
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "tests/unit/commands/harness.h"

namespace guccho::commands {
namespace {

using testing::Node;

struct CallCase {
  const char* request;
  const char* reply;
  const char* call;  // what the worker is asked to run; empty: nothing
};

TEST(Scripting, ArgumentsOfCalls) {
  const CallCase cases[] = {
      {"EVAL 'return 1' 0", "+OK|", "body return 1 |  | "},
      {"EVAL x 2 a b c d", "+OK|", "body x | a b | c d"},
      {"EVAL_RO x 1 a", "+OK|", "body x | a |  read-only"},
      {"EVALSHA s 0 c", "+OK|", "sha s |  | c"},
      {"EVALSHA_RO s 0", "+OK|", "sha s |  |  read-only"},
      {"FCALL f 1 a b", "+OK|", "function f | a | b"},
      {"FCALL_RO f 0", "+OK|", "function f |  |  read-only"},
      {"EVAL x y", "-ERR value is not an integer or out of range|", ""},
      {"FCALL x y", "-ERR Bad number of keys provided|", ""},
      {"EVAL x -1", "-ERR Number of keys can't be negative|", ""},
      {"EVAL x 2 a", "-ERR Number of keys can't be greater than number of args|", ""},
      {"EVAL x 9223372036854775807 a", "-ERR Number of keys can't be greater than number of args|", ""},
  };
  for (const CallCase& c : cases) {
    Node node;
    EXPECT_EQ(node.run(c.request), c.reply) << c.request;
    EXPECT_EQ(node.effects.script_call, c.call) << c.request;
  }
}

TEST(Scripting, ScriptSubcommands) {
  Node node;
  EXPECT_EQ(node.run("SCRIPT LOAD 'return 1'"), "$40|e0e1f9fabfc9d4800c877a703b823ac0578ff8db|");
  EXPECT_EQ(node.run("SCRIPT EXISTS E0E1f9fabfc9d4800c877a703b823ac0578ff8db abc"), "*2|:1|:0|");
  EXPECT_EQ(node.run("SCRIPT LOAD 'foo bar'"),
            "-ERR Error compiling script (new function): user_script:1: '=' expected near 'bar'|");
  EXPECT_EQ(node.run("SCRIPT FLUSH now"), "-ERR SCRIPT FLUSH only support SYNC|ASYNC option|");
  EXPECT_EQ(node.run("SCRIPT FLUSH ASYNC"), "+OK|");
  EXPECT_EQ(node.run("SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db"), "*1|:0|");
  EXPECT_EQ(node.run("SCRIPT DEBUG NO"), "+OK|");
  EXPECT_EQ(node.run("SCRIPT DEBUG maybe"), "-ERR Use SCRIPT DEBUG YES/SYNC/NO|");
}

TEST(Scripting, KillTellsWhy) {
  Node node;
  EXPECT_EQ(node.run("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.|");
  auto script = std::make_shared<scripting::BusyScript>();
  node.host.busy.add(script);
  EXPECT_EQ(node.run("FUNCTION KILL"), "-" + std::string(scripting::kBusyWithScript) + "|");
  EXPECT_EQ(node.run("FUNCTION STATS"), "-" + std::string(scripting::kBusyWithScript) + "|");
  EXPECT_FALSE(script->killed());
  EXPECT_EQ(node.run("SCRIPT KILL"), "+OK|");
  EXPECT_TRUE(script->killed());
  EXPECT_EQ(node.run("SCRIPT KILL"), "+OK|") << "it has not ended yet";
  EXPECT_FALSE(script->begin_write()) << "who was told that it is killed finds nothing written";
  node.host.busy.remove(script);
  EXPECT_EQ(node.run("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.|");
}

TEST(Scripting, WhatWroteIsNotKilled) {
  for (const bool is_function : {false, true}) {
    Node node;
    auto script = std::make_shared<scripting::BusyScript>();
    script->is_function = is_function;
    EXPECT_TRUE(script->begin_write());
    EXPECT_TRUE(script->begin_write());
    node.host.busy.add(script);
    for (const char* kill : {"SCRIPT KILL", "FUNCTION KILL"}) {
      EXPECT_TRUE(node.run(kill).starts_with("-UNKILLABLE Sorry the script already executed write commands"));
    }
    EXPECT_FALSE(script->killed());
    EXPECT_TRUE(script->begin_write());
  }
}

TEST(Scripting, AKillAndAWriteAtTheSameTimeAgree) {
  for (int turn = 0; turn < 2000; ++turn) {
    scripting::BusyScripts busy;
    auto script = std::make_shared<scripting::BusyScript>();
    busy.add(script);
    bool killed = false;
    std::thread killer([&] { killed = busy.kill(false).empty(); });
    const bool wrote = script->begin_write();
    killer.join();
    ASSERT_NE(killed, wrote);
  }
}

}  // namespace
}  // namespace guccho::commands
