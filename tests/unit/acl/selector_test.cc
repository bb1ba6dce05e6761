// Rules of one selector: what they allow, how they are described, which are refused.
#include "node/acl/selector.h"

#include <gtest/gtest.h>

#include "tests/unit/acl/commands.h"

namespace guccho::acl {
namespace {

using testing::Ask;
using testing::catalog;

Selector made_of(std::initializer_list<std::string_view> rules) {
  Selector selector(false);
  for (const std::string_view rule : rules) {
    EXPECT_TRUE(selector.apply(catalog(), rule)) << rule;
  }
  return selector;
}

TEST(Selector, DescribesItsCommandRulesInTheOrderInWhichTheyWereGiven) {
  const struct {
    std::initializer_list<std::string_view> rules;
    const char* text;
  } kCases[] = {
      {{}, "-@all"},
      {{"+get"}, "-@all +get"},
      {{"+GET", "-@Write", "+@READ"}, "-@all +get -@write +@read"},
      {{"+get", "-get"}, "-@all -get"},
      {{"+get", "+getset", "-get"}, "-@all +getset -get"},
      {{"+config|get", "-config"}, "-@all -config"},
      {{"-config", "+config|get"}, "-@all -config +config|get"},
      {{"+@all", "-set"}, "+@all -set"},
      {{"-set", "+@all"}, "+@all"},
      {{"allcommands", "-get", "nocommands"}, "-@all"},
      {{"+select|0", "+SELECT|1"}, "-@all +select|0 +select|1"},
      {{"+select|0", "+select"}, "-@all +select"},
      {{"+@read", "+@read"}, "-@all +@read"},
  };
  for (const auto& c : kCases) EXPECT_EQ(made_of(c.rules).command_rules(), c.text);
}

TEST(Selector, AllowsCommandsByTheLastRuleThatNamesThem) {
  const struct {
    std::initializer_list<std::string_view> rules;
    const char* allowed;  // of: get set config config|get config|help select getset debug
  } kCases[] = {
      {{}, ""},
      {{"+get"}, "get "},
      {{"+@read"}, "get getset "},
      {{"+@read", "-@write"}, "get "},
      {{"-@write", "+@read"}, "get getset "},
      {{"+@all", "-@admin"}, "get set config config|help select getset "},
      {{"+@all", "-config"}, "get set select getset debug "},
      {{"+config"}, "config config|get config|help "},
      {{"+config|get"}, "config|get "},
      {{"+config", "-config|get"}, "config config|help "},
      // A container is of @slow: its subcommands follow it.
      {{"+@slow"}, "config config|get config|help select debug "},
      {{"+@all", "-@all", "+set"}, "set "},
  };
  for (const auto& c : kCases) {
    const Selector selector = made_of(c.rules);
    std::string allowed;
    for (const char* name : {"get", "set", "config", "config|get", "config|help", "select", "getset", "debug"}) {
      if (Ask{.arguments = {name}}(selector)) allowed += std::string(name) + " ";
    }
    EXPECT_EQ(allowed, c.allowed) << selector.command_rules();
  }
}

TEST(Selector, AllowsAFirstArgument) {
  Selector selector = made_of({"+select|0", "+select|One"});
  EXPECT_TRUE((Ask{.arguments = {"select", "0"}}(selector)));
  EXPECT_TRUE((Ask{.arguments = {"select", "ONE"}}(selector)));
  EXPECT_FALSE((Ask{.arguments = {"select", "2"}}(selector)));
  EXPECT_FALSE((Ask{.arguments = {"select"}}(selector)));
  ASSERT_TRUE(selector.apply(catalog(), "-select"));
  EXPECT_FALSE((Ask{.arguments = {"select", "0"}}(selector)));
}

TEST(Selector, AlwaysAllowedCommandsStillHaveTheirKeysChecked) {
  const Selector selector = made_of({"-@all"});
  EXPECT_TRUE((Ask{.arguments = {"get"}, .always_allowed = true}(selector)));
  EXPECT_EQ((Ask{.arguments = {"get", "k"}, .keys = {{1, kRead}}, .always_allowed = true}(selector)).denial,
            Denial::kKey);
}

TEST(Selector, KeysByPatternAndAccess) {
  const Selector selector = made_of({"+@all", "~both*", "%R~read*", "%w~write*", "%RW~rw"});
  EXPECT_EQ(selector.key_rules(), "~both* %R~read* %W~write* ~rw");
  const struct {
    const char* key;
    uint8_t access;
    bool allowed;
  } kCases[] = {
      {"both1", kReadWrite, true}, {"rw", kReadWrite, true}, {"read1", kRead, true},       {"read1", kWrite, false},
      {"write1", kWrite, true},    {"write1", kRead, false}, {"read1", kReadWrite, false}, {"write1", kNone, true},
      {"other", kNone, false},     {"other", kRead, false},
  };
  for (const auto& c : kCases) {
    const Verdict verdict = Ask{.arguments = {"get", "x", c.key}, .keys = {{2, c.access}}}(selector);
    EXPECT_EQ(static_cast<bool>(verdict), c.allowed) << c.key << " " << int{c.access};
    if (!c.allowed) {
      EXPECT_EQ(verdict.denial, Denial::kKey);
      EXPECT_EQ(verdict.argument, 2u);
    }
  }
}

TEST(Selector, ASecondRuleForAPatternAddsToTheFirst) {
  EXPECT_EQ(made_of({"%R~a", "%W~a"}).key_rules(), "~a");
  EXPECT_EQ(made_of({"~a", "%R~a"}).key_rules(), "~a");
  EXPECT_EQ(made_of({"~a", "allkeys", "resetkeys", "~b"}).key_rules(), "~b");
  EXPECT_EQ(made_of({"~a", "~*"}).key_rules(), "~*");
  EXPECT_EQ(made_of({"%R~*"}).key_rules(), "%R~*");
}

TEST(Selector, Channels) {
  const Selector selector = made_of({"+@all", "allkeys", "&news.*", "&exact"});
  EXPECT_EQ(selector.channel_rules(), "&news.* &exact");
  const auto may = [&](const char* channel, bool pattern) {
    return static_cast<bool>(Ask{.arguments = {"get", channel}, .channels = {{1, pattern}}}(selector));
  };
  EXPECT_TRUE(may("news.a", false));
  EXPECT_FALSE(may("other", false));
  EXPECT_TRUE(may("news.*", true));
  EXPECT_FALSE(may("news.a*", true));
  EXPECT_TRUE(may("exact", true));
  EXPECT_EQ(made_of({"&a", "allchannels"}).channel_rules(), "&*");
  EXPECT_EQ(made_of({"allchannels", "resetchannels", "&a", "&a"}).channel_rules(), "&a");
}

TEST(Selector, Describes) {
  EXPECT_EQ(made_of({}).describe(), "resetchannels -@all");
  EXPECT_EQ(made_of({"~a", "&c", "+get"}).describe(), "~a resetchannels &c -@all +get");
  EXPECT_EQ(made_of({"allkeys", "allchannels", "+@all"}).describe(), "~* &* +@all");
  EXPECT_EQ(Selector(true).describe(), "&* -@all");
}

TEST(Selector, RefusesWithTheReason) {
  const struct {
    std::initializer_list<std::string_view> before;
    std::string_view rule;
    const char* error;  // its beginning
  } kCases[] = {
      {{}, "nosuch", "Syntax error"},
      {{}, "+nosuch", "Unknown command or category name in ACL"},
      {{}, "-nosuch", "Unknown command or category name in ACL"},
      {{}, "+@nosuch", "Unknown command or category name in ACL"},
      {{}, "+config|nosuch", "Unknown command or category name in ACL"},
      {{}, "-select|0", "Unknown command or category name in ACL"},
      {{}, "+nosuch|0", "Unknown command or category name in ACL"},
      {{}, "+get|a|b", "Unknown command or category name in ACL"},
      {{}, "+config|get|x", "Allowing first-arg of a subcommand is not supported"},
      {{}, "+select|", "Syntax error"},
      {{}, "+config|", "Syntax error"},
      {{}, "%~a", "Syntax error"},
      {{}, "%X~a", "Syntax error"},
      {{}, "%RR~a", "Syntax error"},
      {{}, "%", "Syntax error"},
      {{}, "~a b", "Syntax error"},
      {{}, std::string_view("~a\0b", 4), "Syntax error"},
      {{}, "&a b", "Syntax error"},
      {{"allkeys"}, "~a", "Adding a pattern after the * pattern (or the 'allkeys' flag)"},
      {{"allkeys"}, "%R~a", "Adding a pattern after the * pattern (or the 'allkeys' flag)"},
      {{"allchannels"}, "&a", "Adding a pattern after the * pattern (or the 'allchannels' flag)"},
  };
  for (const auto& c : kCases) {
    Selector selector = made_of(c.before);
    const std::string before = selector.describe();
    const Status done = selector.apply(catalog(), c.rule);
    ASSERT_FALSE(done) << c.rule;
    EXPECT_TRUE(done.error().text.starts_with(c.error)) << c.rule << ": " << done.error().text;
    EXPECT_EQ(selector.describe(), before) << c.rule;
  }
}

}  // namespace
}  // namespace guccho::acl
