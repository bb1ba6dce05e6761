// Values between replies and Lua, in both protocols.
#include "node/scripting/values.h"

#include <gtest/gtest.h>

#include "tests/unit/scripting/fake_host.h"

namespace guccho::scripting {
namespace {

using testing::Scripts;

TEST(Values, FromLua) {
  struct Case {
    const char* body;
    const char* resp2;
    const char* resp3;
  };
  const Case cases[] = {
      {"return 3.99", ":3|", ":3|"},
      {"return 1e30", ":-9223372036854775808|", ":-9223372036854775808|"},
      {"return 0/0", ":-9223372036854775808|", ":-9223372036854775808|"},
      {"return true", ":1|", ":1|"},
      {"return false", "$-1|", "_|"},
      {"return nil", "$-1|", "_|"},
      {"redis.setresp(3) return {true, false}", "*2|:1|:0|", "*2|#t|#f|"},
      {"return {1, {2, {'x'}}, nil, 3}", "*2|:1|*2|:2|*1|$1|x|", "*2|:1|*2|:2|*1|$1|x|"},
      {"return {ok='a\\r\\nb'}", "+a  b|", "+a  b|"},
      {"return {err='A b'}", "-A b|", "-A b|"},
      {"return {ok=1}", "*0|", "*0|"},
      {"return {double=1.5}", "$3|1.5|", ",1.5|"},
      {"return {map={a=1}}", "*2|$1|a|:1|", "%1|$1|a|:1|"},
      {"return {set={a=true}}", "*1|$1|a|", "~1|$1|a|"},
      {"return {big_number='12\\r3'}", "$4|12 3|", "(12 3|"},
      {"return {verbatim_string={format='txt', string='abc'}}", "$3|abc|", "=7|txt:abc|"},
      {"return {verbatim_string={string='abc'}}", "*0|", "*0|"},
      {"return function() end", "$-1|", "_|"},
  };
  Scripts scripts;
  for (const Case& c : cases) {
    EXPECT_EQ(scripts.run(c.body), c.resp2) << c.body;
    EXPECT_EQ(scripts.run3(c.body), c.resp3) << c.body;
  }
}

TEST(Values, FromReplies) {
  struct Case {
    const char* reply;
    const char* test;  // a condition on r
  };
  const Case cases[] = {
      {":-5|", "r == -5"},
      {"$3|a\nb|", "r == 'a\\nb'"},
      {"$-1|", "r == false"},
      {"*-1|", "r == false"},
      {"+fine|", "r.ok == 'fine'"},
      {"*3|:1|*1|$1|x|$-1|", "r[1] == 1 and r[2][1] == 'x' and r[3] == false and #r == 3"},
      {"_|", "r == nil"},
      {"#t|", "r == true"},
      {"#f|", "r == false"},
      {",1.5|", "r.double == 1.5"},
      {",-inf|", "r.double == -math.huge"},
      {"(123456789012345678901234567890|", "r.big_number == '123456789012345678901234567890'"},
      {"=7|txt:abc|", "r.verbatim_string.format == 'txt' and r.verbatim_string.string == 'abc'"},
      {"%2|$1|a|:1|$1|b|*1|:2|", "r.map.a == 1 and r.map.b[1] == 2"},
      {"~2|$1|a|:7|", "r.set.a == true and r.set[7] == true"},
      {"%1|_|:1|", "next(r.map) == nil"},
  };
  Scripts scripts;
  for (const Case& c : cases) {
    scripts.host.replies["x"] = c.reply;
    EXPECT_EQ(scripts.run("local r = redis.call('x') return " + std::string(c.test)), ":1|") << c.reply;
  }
}

TEST(Values, NestingEndsSomewhere) {
  Scripts scripts;
  EXPECT_TRUE(scripts.run("local t = {} t[1] = t return t").ends_with("-ERR reached lua stack limit|"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "*1|";
  scripts.host.replies["deep"] = deep + ":1|";
  EXPECT_EQ(scripts.run("redis.call('deep')"), "-ERR reached lua stack limit");
}

TEST(Values, NumbersAsArguments) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},          {-0.0, "0"},          {12, "12"},         {-1e15, "-1000000000000000"}, {0.1, "0.1"},
      {1.5, "1.5"},      {-2.25, "-2.25"},     {1e-5, "0.00001"},  {1.5e-10, "1.5e-10"},         {1e20, "1e+20"},
      {1e300, "1e+300"}, {123.456, "123.456"}, {5e-324, "5e-324"},
  };
  for (const auto& [value, text] : cases) {
    char out[40];
    EXPECT_EQ(std::string(out, format_number(value, out)), text) << value;
  }
}

}  // namespace
}  // namespace guccho::scripting
