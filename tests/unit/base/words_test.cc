// Quoting of redis.conf lines.
#include "node/base/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guccho {
namespace {

using testing::ElementsAre;

TEST(Words, Split) {
  EXPECT_THAT(*split_line("port 7000"), ElementsAre("port", "7000"));
  EXPECT_THAT(*split_line("  a\t b  "), ElementsAre("a", "b"));
  EXPECT_THAT(*split_line("save \"\""), ElementsAre("save", ""));
  EXPECT_THAT(*split_line(R"(a "b c" 'd e')"), ElementsAre("a", "b c", "d e"));
  EXPECT_THAT(*split_line(R"(a "x\x41\n\"\\y")"), ElementsAre("a", "xA\n\"\\y"));
  EXPECT_THAT(*split_line(R"(a 'it\'s' '\x41')"), ElementsAre("a", "it's", "\\x41"));
  EXPECT_THAT(*split_line(R"(a pre"post")"), ElementsAre("a", "prepost"));
  EXPECT_THAT(*split_line(""), ElementsAre());
}

TEST(Words, Unbalanced) {
  for (std::string_view line : {"a \"b", "a 'b", "a \"b\"c", "a 'b'c", "a \"\\"}) {
    EXPECT_FALSE(split_line(line)) << line;
  }
}

TEST(Words, QuotedWordsComeBack) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  for (const std::string& word : {std::string(), std::string("plain"), std::string("two words"), all_bytes}) {
    EXPECT_THAT(*split_line("x " + quote_word(word)), ElementsAre("x", word));
  }
  EXPECT_EQ(quote_word("/var/lib/x"), "/var/lib/x");
  EXPECT_EQ(quote_word(""), "\"\"");
}

}  // namespace
}  // namespace guccho
