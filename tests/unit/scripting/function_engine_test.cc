// Libraries of functions: registering, calling, isolation, replacing. Expected texts are those of redis-server 7.0.
#include "node/scripting/function_engine.h"

#include <gtest/gtest.h>

#include "tests/unit/scripting/fake_host.h"

namespace guccho::scripting {
namespace {

using testing::FakeHost;
using testing::one_line;

std::string code(const std::string& body, const std::string& name = "lib") {
  return "#!lua name=" + name + "\n" + body;
}

struct Node {
  Catalog catalog;
  Functions functions{catalog};
  FakeHost host;

  std::string load(const std::string& body, Catalog::OnCollision policy = Catalog::OnCollision::kRefuse) {
    const Result<std::string> name = catalog.load(body, policy);
    return name ? *name : "! " + name.error().text;
  }
  std::string call(std::string_view name, std::vector<std::string_view> keys = {},
                   std::vector<std::string_view> args = {}) {
    const auto function = functions.find(name);
    if (!function) return "! " + function.error().text;
    if (*function == nullptr) return "not found";
    resp::Buffer out;
    resp::ReplyWriter reply(out, resp::Version::kResp2);
    functions.run(**function, keys, args, host, reply);
    return one_line(out.view());
  }
};

TEST(Functions, RegisteringErrors) {
  const std::pair<const char*, const char*> bad[] = {
      {"redis.register_function()", "wrong number of arguments to redis.register_function"},
      {"redis.register_function('f')",
       "calling redis.register_function with a single argument is only applicable to Lua table (representing named "
       "arguments)."},
      {"redis.register_function('f', 1)", "second argument to redis.register_function must be a function"},
      {"redis.register_function({}, function() end)", "first argument to redis.register_function must be a string"},
      {"redis.register_function{}", "redis.register_function must get a function name argument"},
      {"redis.register_function{function_name='f'}", "redis.register_function must get a callback argument"},
      {"redis.register_function{function_name='f', callback=1}",
       "callback argument given to redis.register_function must be a function"},
      {"redis.register_function{function_name='f', callback=function() end, flags={'a'}}", "unknown flag given"},
      {"redis.register_function{function_name='f', callback=function() end, flags=1}",
       "flags argument to redis.register_function must be a table representing function flags"},
      {"redis.register_function{function_name='f', callback=function() end, foo=1}",
       "unknown argument given to redis.register_function"},
      {"redis.register_function{[true]=1}", "named argument key given to redis.register_function is not a string"},
      {"redis.register_function('f f', function() end)",
       "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"},
      {"redis.register_function('f', function() end) redis.register_function('f', function() end)",
       "Function already exists in the library"},
      {"redis.call('ping')", "user_function:2: Script attempted to access nonexistent global variable 'call'"},
      {"x = 1", "user_function:2: Attempt to modify a readonly table"},
      {"math.random()", "user_function:2: Script attempted to access nonexistent global variable 'math'"},
      {"while true do end", "FUNCTION LOAD timeout"},
  };
  Node node;
  for (const auto& [body, error] : bad) {
    EXPECT_EQ(node.load(code(body)), std::string("! Error registering functions: ERR ") + error) << body;
  }
  EXPECT_EQ(node.load(code("return 1")), "! No functions registered");
  EXPECT_EQ(node.load(code("foo bar")), "! Error compiling function: user_function:2: '=' expected near 'bar'");
  EXPECT_TRUE(node.catalog.current()->by_name.empty());
}

TEST(Functions, Calling) {
  Node node;
  EXPECT_EQ(
      node.load(code("local n = 0\n"
                     "redis.register_function('count', function() n = n + 1 return n end)\n"
                     "redis.register_function('echo', function(keys, args) return {keys, args} end)\n"
                     "redis.register_function('fails', function() error('x') end)\n"
                     "redis.register_function('late', function() redis.register_function('z', function() end) end)\n"
                     "redis.register_function('global', function() y = 1 end)\n"
                     "redis.register_function('reads', function() return redis.call('get', 'a') end)")),
      "lib");
  EXPECT_EQ(node.call("echo", {"k"}, {"a", "b"}), "*2|*1|$1|k|*2|$1|a|$1|b|");
  EXPECT_EQ(node.call("count"), ":1|");
  EXPECT_EQ(node.call("count"), ":2|");
  EXPECT_EQ(node.call("fails"), "-ERR user_function:5: x script: fails, on @user_function:5.|");
  EXPECT_EQ(node.call("late"),
            "-ERR user_function:6: attempt to call field 'register_function' (a nil value) script: late, on "
            "@user_function:6.|");
  EXPECT_EQ(node.call("global"),
            "-ERR user_function:7: Attempt to modify a readonly table script: global, on @user_function:7.|");
  EXPECT_EQ(node.call("reads"), "+OK|");
  EXPECT_EQ(node.call("nosuch"), "not found");
}

TEST(Functions, ReplacingAndRemoving) {
  Node node;
  node.load(code("redis.register_function('f', function() return 1 end)"));
  node.load(code("redis.register_function('g', function() return 2 end)", "other"));
  EXPECT_EQ(node.call("f"), ":1|");
  EXPECT_EQ(node.load(code("redis.register_function('f', function() return 3 end)")), "! Library 'lib' already exists");
  EXPECT_EQ(node.load(code("redis.register_function('g', function() return 3 end)", "third")),
            "! Function g already exists");
  EXPECT_EQ(node.load(code("redis.register_function('g', function() return 3 end)"), Catalog::OnCollision::kReplace),
            "! Function g already exists");
  EXPECT_EQ(node.call("f"), ":1|");
  EXPECT_EQ(node.load(code("redis.register_function('f', function() return 3 end)"), Catalog::OnCollision::kReplace),
            "lib");
  EXPECT_EQ(node.call("f"), ":3|");
  EXPECT_EQ(node.call("g"), ":2|");
  EXPECT_TRUE(node.catalog.remove("other"));
  EXPECT_FALSE(node.catalog.remove("other"));
  EXPECT_EQ(node.call("g"), "not found");
  node.catalog.flush();
  EXPECT_EQ(node.call("f"), "not found");
}

}  // namespace
}  // namespace guccho::scripting
