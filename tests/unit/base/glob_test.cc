// Globs: the cases of Redis' own matcher, and one that would take exponential time without the last-star rule.
#include "node/base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace guccho {
namespace {

struct Case {
  std::string_view pattern, text;
  bool matches;
  bool ignore_case = false;
};

TEST(Glob, Table) {
  for (const Case& c : std::initializer_list<Case>{
           {"", "", true},
           {"", "a", false},
           {"*", "", true},
           {"a*", "", false},
           {"h?llo", "hello", true},
           {"h?llo", "hllo", false},
           {"h*llo", "heeeello", true},
           {"h[ae]llo", "hallo", true},
           {"h[ae]llo", "hillo", false},
           {"h[^e]llo", "hallo", true},
           {"h[^e]llo", "hello", false},
           {"h[a-b]llo", "hbllo", true},
           {"h[b-a]llo", "hallo", true},
           {"h[a-b]llo", "hcllo", false},
           {"h\\*llo", "h*llo", true},
           {"h\\*llo", "hello", false},
           {"[\\]]", "]", true},
           {"a[bc", "ab", true},
           {"a\\", "a\\", true},
           {"*abc*", "xxabxabcx", true},
           {"a*b*c", "aXXbYYcZZc", true},
           {"max*", "MAXMEMORY", false},
           {"max*", "MAXMEMORY", true, true},
           {"[A-C]x", "bX", true, true},
       }) {
    EXPECT_EQ(glob_match(c.pattern, c.text, c.ignore_case), c.matches) << c.pattern << " on " << c.text;
  }
}

TEST(Glob, ManyStarsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  pattern += "*b";
  EXPECT_FALSE(glob_match(pattern, std::string(5000, 'a')));
}

}  // namespace
}  // namespace guccho
