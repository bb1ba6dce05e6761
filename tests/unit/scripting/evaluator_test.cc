// Scripts: what they see, what they may not do, how they end. Expected texts are those of redis-server 7.0.
#include "node/scripting/evaluator.h"

#include <gtest/gtest.h>

#include "tests/unit/scripting/fake_host.h"

namespace guccho::scripting {
namespace {

using testing::Scripts;

struct Case {
  const char* body;
  const char* reply;
};

void expect(std::initializer_list<Case> cases) {
  Scripts scripts;
  for (const Case& c : cases) EXPECT_EQ(scripts.run(c.body), c.reply) << c.body;
}

TEST(Evaluator, KeysAndArguments) {
  Scripts scripts;
  EXPECT_EQ(scripts.run("return {KEYS[1], ARGV[1], ARGV[2], KEYS[2], #KEYS, #ARGV}", {"k"}, {"a", "b"}),
            "*3|$1|k|$1|a|$1|b|");
  EXPECT_EQ(scripts.run("return #KEYS"), ":0|");
}

TEST(Evaluator, Sandbox) {
  const char* readonly = "-ERR user_script:1: Attempt to modify a readonly table";
  const char* readonly_in_c = "-ERR Attempt to modify a readonly table";
  expect({
      {"return os", "-ERR user_script:1: Script attempted to access nonexistent global variable 'os'"},
      {"return io", "-ERR user_script:1: Script attempted to access nonexistent global variable 'io'"},
      {"print(1)", "-ERR user_script:1: Script attempted to access nonexistent global variable 'print'"},
      {"return _G.foo", "-ERR user_script:1: Script attempted to access nonexistent global variable 'foo'"},
      {"x = 1", readonly},
      {"KEYS = {}", readonly},
      {"_G.tostring = nil", readonly},
      {"redis.call = nil", readonly},
      {"string.len = nil", readonly},
      {"cjson.x = 1", readonly},
      {"getmetatable(_G).__index = nil", readonly},
      {"getmetatable('').__index = nil", readonly},
      {"rawset(_G, 'x', 1)", readonly_in_c},
      {"rawset(redis, 'call', 1)", readonly_in_c},
      {"setmetatable(_G, {})", readonly_in_c},
      {"setmetatable(redis, {})", readonly_in_c},
      {"table.insert(redis, 1)", readonly_in_c},
      {"for k, v in pairs(_G) do rawset(_G, k, v) end", readonly_in_c},
      // What pairs and next hand out leads nowhere.
      {"local _, t = pairs(redis) t.call = nil", readonly},
      {"local n, t = pairs(_G) return t == _G", ":1|"},
      {"local found for k in pairs(redis) do if k == 'call' then found = 1 end end return found", ":1|"},
      {"return rawget(redis, 'call') == redis.call", ":1|"},
      {"return next(redis) ~= nil", ":1|"},
      {"return getmetatable(redis)", "$-1|"},
      {"return getmetatable('').__index == string", ":1|"},
      {"return #redis", ":0|"},
      {"KEYS[1] = 'mine' return KEYS", "*1|$4|mine|"},
      {"return ('x'):rep(3)", "$3|xxx|"},
      // Bytecode is never loaded.
      {"return loadstring(string.dump(function() return 5 end))", "$-1|"},
      {"local code = string.dump(function() return 5 end) local done return load(function() if done then return nil "
       "end "
       "done = true return code end)",
       "$-1|"},
      {"return loadstring('return 7')()", ":7|"},
      {"return loadstring('y = 7')()", "-ERR [string \"y = 7\"]:1: Attempt to modify a readonly table"},
  });
}

TEST(Evaluator, Bytecode) {
  Scripts scripts;
  EXPECT_TRUE(scripts.run("\x1bLuaQ").starts_with("! Error compiling script (new function): user_script:1:"));
}

TEST(Evaluator, Errors) {
  Scripts scripts;
  const std::string sha(view(sha1_hex("error('xx')")));
  EXPECT_EQ(scripts.raw("error('xx')"), "-ERR user_script:1: xx script: " + sha + ", on @user_script:1.|");
  expect({
      {"error({err='BAD xx'})", "-BAD xx"},
      {"error({})", "-ERR unknown error"},
      {"error(nil)", "-ERR nil"},
      {"error(12)", "-ERR user_script:1: 12"},
      {"foo bar", "! Error compiling script (new function): user_script:1: '=' expected near 'bar'"},
      {"\n\nlocal x = nil; x.y = 1", "-ERR user_script:3: attempt to index local 'x' (a nil value)"},
      {"local function f() return f() + 1 end return f()", "-ERR user_script:1: stack overflow"},
      {"string.foo()", "-ERR user_script:1: attempt to call field 'foo' (a nil value)"},
      {"table.insert(nil, 1)", "-ERR user_script:1: bad argument #1 to 'insert' (table expected, got nil)"},
      {"return {pcall(function() error({err='a'}) end)}", "*2|$-1|$1|a|"},
      {"error('a\\nb')", "-ERR user_script:1: a b"},
      {"return setmetatable({}, {__index = function() error('x') end})", "*0|"},
  });
}

TEST(Evaluator, CallsOfCommands) {
  Scripts scripts;
  scripts.host.replies = {{"get a", "$1|v|"}, {"bad", "-WRONG thing|"}, {"nocode", "-WRONG|"}};
  EXPECT_EQ(scripts.run("return redis.call('get', KEYS[1])", {"a"}), "$1|v|");
  EXPECT_EQ(scripts.run("redis.call('set', 'a', 12, 0.1, 1e20, -0.5) return 1"), ":1|");
  EXPECT_EQ(scripts.host.calls.back(), "2 set a 12 0.1 1e+20 -0.5");
  EXPECT_EQ(scripts.run("redis.call('bad') return 1"), "-WRONG thing");
  EXPECT_EQ(scripts.run("redis.call('nocode') return 1"), "-ERR WRONG");
  EXPECT_EQ(scripts.run("return redis.pcall('bad').err"), "$11|WRONG thing|");
  EXPECT_EQ(scripts.run("return redis.pcall('bad')"), "-WRONG thing|");
  EXPECT_EQ(scripts.run("return pcall(redis.call, 'bad')"), "$-1|");
  EXPECT_EQ(scripts.run("return redis.call()"), "-ERR Please specify at least one argument for this redis lib call");
  EXPECT_EQ(scripts.run("return redis.pcall({}).err"),
            "$63|ERR Lua redis lib command arguments must be strings or integers|");
  EXPECT_EQ(scripts.run("redis.setresp(3) redis.call('ping') redis.setresp(2) redis.call('ping') return 1"), ":1|");
  EXPECT_EQ(scripts.host.calls[scripts.host.calls.size() - 2], "3 ping");
  EXPECT_EQ(scripts.host.calls.back(), "2 ping");
  EXPECT_EQ(scripts.run("return coroutine.wrap(function() return redis.call('get', 'a') end)()"), "$1|v|");
}

TEST(Evaluator, TheRedisTable) {
  Scripts scripts;
  EXPECT_EQ(scripts.run("redis.log(redis.LOG_WARNING, 'a', 1) return redis.log(0, 'x')"), "$-1|");
  EXPECT_EQ(scripts.host.logs, (std::vector<std::string>{"3 a 1", "0 x"}));
  EXPECT_EQ(scripts.run("redis.set_repl(redis.REPL_NONE)"), "$-1|");
  EXPECT_EQ(scripts.host.targets, 0u);
  expect({
      {"return redis.sha1hex('')", "$40|da39a3ee5e6b4b0d3255bfef95601890afd80709|"},
      {"return redis.sha1hex()", "-ERR wrong number of arguments"},
      {"return redis.error_reply('a b')", "-a b|"},
      {"return redis.error_reply('ABC')", "-ERR ABC|"},
      {"return redis.error_reply('-ABC x')", "-ABC x|"},
      {"return redis.error_reply({})", "-ERR wrong number or type of arguments|"},
      {"return redis.status_reply('fine')", "+fine|"},
      {"return redis.setresp(4)", "-ERR RESP version must be 2 or 3."},
      {"return redis.set_repl(9)",
       "-ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."},
      {"return redis.log(9, 'x')", "-ERR Invalid debug level."},
      {"return redis.log('a', 'x')", "-ERR First argument must be a number (log level)."},
      {"return redis.acl_check_cmd('nosuch')", "-ERR Invalid command passed to redis.acl_check_cmd()"},
      {"return {redis.acl_check_cmd('get', 'a'), redis.acl_check_cmd('no')}", "*2|:1|$-1|"},
      {"return redis.REDIS_VERSION", "$5|7.2.0|"},
      {"return redis.REDIS_VERSION_NUM", ":459264|"},
      {"return redis.replicate_commands()", ":1|"},
  });
}

TEST(Evaluator, RandomNumbersAreTheSameAfterEveryStart) {
  Scripts scripts;
  const char* body = "return {math.random(10), tostring(math.random()), math.random(5, 7)}";
  EXPECT_EQ(scripts.run(body), "*3|:2|$16|0.74990198051087|:5|");
  EXPECT_NE(scripts.run(body), "*3|:2|$16|0.74990198051087|:5|");
  EXPECT_EQ(Scripts().run(body), "*3|:2|$16|0.74990198051087|:5|");
  EXPECT_EQ(scripts.run("math.randomseed(5) return {math.random(10), tostring(math.random()), math.random(5, 7)}"),
            "*3|:6|$16|0.27285430173988|:7|");
  EXPECT_EQ(scripts.run("return math.random(0)"),
            "-ERR user_script:1: bad argument #1 to 'random' (interval is empty)");
}

TEST(Evaluator, TheHostMayEndAScript) {
  Scripts scripts;
  scripts.host.end_at_tick = 2;
  EXPECT_EQ(scripts.run("while true do end"), "-ERR ended by the host");
  // It cannot be caught, not even by a script that tries for ever or from a coroutine.
  scripts.host.ticks = 0;
  EXPECT_EQ(scripts.run("while true do pcall(function() while true do end end) end"), "-ERR ended by the host");
  scripts.host.ticks = 0;
  EXPECT_EQ(scripts.run("while true do\n coroutine.wrap(function() while true do end end)()\n end"),
            "-ERR ended by the host");
  scripts.host.end_at_tick = 0;
  EXPECT_EQ(scripts.run("local n = 0 for i = 1, 1000000 do n = n + 1 end return n"), ":1000000|");
}

TEST(Evaluator, ScriptsAreKnownToAllInterpretersUntilTheFlush) {
  ScriptCache cache;
  Evaluator one(cache);
  Evaluator other(cache);
  const Sha1 sha = sha1_hex("return 1");
  EXPECT_EQ(other.by_sha(view(sha)), nullptr);
  ASSERT_TRUE(one.by_body("return 1"));
  EXPECT_NE(other.by_sha(view(sha)), nullptr);
  std::string capitals(view(sha));
  for (char& c : capitals) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(other.by_sha(capitals), other.by_sha(view(sha)));
  cache.flush();
  EXPECT_EQ(one.by_sha(view(sha)), nullptr);
  EXPECT_EQ(other.by_sha(view(sha)), nullptr);
  EXPECT_EQ(one.by_sha("short"), nullptr);
}

}  // namespace
}  // namespace guccho::scripting
