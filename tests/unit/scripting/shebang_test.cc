// The first lines of scripts and libraries, good and bad.
#include "node/scripting/shebang.h"

#include <gtest/gtest.h>

namespace guccho::scripting {
namespace {

TEST(Shebang, Scripts) {
  EXPECT_EQ(parse_script_head("return 1")->flags, uint32_t{kCompatible});
  EXPECT_EQ(parse_script_head("#!lua\nreturn 1")->flags, 0u);
  EXPECT_EQ(parse_script_head("#!lua\nreturn 1")->code_at, 5u);
  EXPECT_EQ(parse_script_head("#!lua flags=no-writes,allow-stale\n")->flags, kNoWrites | kAllowStale);
  EXPECT_EQ(parse_script_head("#!lua flags=\n")->flags, 0u);
  const std::pair<const char*, const char*> bad[] = {
      {"#!lua", "Invalid script shebang"},
      {"#!python\n", "Unexpected engine in script shebang: #!python"},
      {"#!lua flags=foo\n", "Unexpected flag in script shebang: foo"},
      {"#!lua xx=foo\n", "Unknown lua shebang option: xx=foo"},
      {"#!lua \"\n", "Invalid engine in script shebang"},
  };
  for (const auto& [body, error] : bad) EXPECT_EQ(parse_script_head(body).error().text, error) << body;
}

TEST(Shebang, Libraries) {
  EXPECT_EQ(parse_library_head("#!LUA name='a_1'\ncode")->name, "a_1");
  const std::pair<const char*, const char*> bad[] = {
      {"code", "Missing library metadata"},
      {"#!lua name=a", "Invalid library metadata"},
      {"#!lua name=\"a\n", "Invalid library metadata"},
      {"#!lua\n", "Library name was not given"},
      {"#!lua name=a name=b\n", "Invalid metadata value, name argument was given multiple times"},
      {"#!lua foo=b\n", "Invalid metadata value given: foo=b"},
      {"#!js name=a\n", "Engine 'js' not found"},
      {"#!lua name=a-b\n",
       "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"},
  };
  for (const auto& [code, error] : bad) EXPECT_EQ(parse_library_head(code).error().text, error) << code;
}

}  // namespace
}  // namespace guccho::scripting
