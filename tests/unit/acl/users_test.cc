// Users: passwords, selectors, the set of users, ACL files.
#include "node/acl/users.h"

#include <gtest/gtest.h>

#include "node/acl/password.h"
#include "tests/unit/acl/commands.h"

namespace guccho::acl {
namespace {

using testing::Ask;
using testing::catalog;

const Rules kRules{catalog(), false};
constexpr std::string_view kHashOfSecret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

Status set(Users& users, std::string_view name, std::initializer_list<std::string_view> rules) {
  return users.set(kRules, name, std::span(rules.begin(), rules.size()));
}

TEST(Password, IsSha256InHexadecimal) {
  EXPECT_EQ(hash_password("secret"), kHashOfSecret);
  EXPECT_TRUE(is_password_hash(kHashOfSecret));
  EXPECT_FALSE(is_password_hash(kHashOfSecret.substr(1)));
  std::string upper(kHashOfSecret);
  upper[1] = 'B';
  EXPECT_FALSE(is_password_hash(upper));
  EXPECT_FALSE(same_hash(kHashOfSecret, upper));
}

TEST(Users, BeginWithAnAllPowerfulDefaultUser) {
  const Users users(kRules);
  EXPECT_EQ(users.lines(), std::vector<std::string>{"user default on nopass sanitize-payload ~* &* +@all"});
  EXPECT_TRUE(users.default_user()->unrestricted());
  EXPECT_FALSE(users.password_required());
  EXPECT_NE(users.authenticate("default", "anything"), nullptr);
}

TEST(Users, NewOnesMayDoNothing) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a", {}));
  EXPECT_EQ(users.find("a")->describe(), "off sanitize-payload resetchannels -@all");
  ASSERT_TRUE(users.set({catalog(), true}, "b", {}));
  EXPECT_EQ(users.find("b")->describe(), "off sanitize-payload &* -@all");
}

TEST(Users, Authenticate) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a", {">secret", ">other"}));
  EXPECT_EQ(users.authenticate("a", "secret"), nullptr) << "it is off";
  ASSERT_TRUE(set(users, "a", {"on"}));
  EXPECT_EQ(users.authenticate("a", "secret"), users.find("a"));
  EXPECT_EQ(users.authenticate("a", "other"), users.find("a"));
  EXPECT_EQ(users.authenticate("a", "wrong"), nullptr);
  EXPECT_EQ(users.authenticate("b", "secret"), nullptr);
  ASSERT_TRUE(set(users, "a", {"<other"}));
  EXPECT_EQ(users.authenticate("a", "other"), nullptr);
  ASSERT_TRUE(set(users, "a", {"nopass"}));
  EXPECT_NE(users.authenticate("a", "anything"), nullptr);
  ASSERT_TRUE(set(users, "a", {"resetpass"}));
  EXPECT_EQ(users.authenticate("a", ""), nullptr);
}

TEST(Users, ARefusedRuleChangesNothing) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a", {"on", "+get"}));
  const UserRef before = users.find("a");
  const Status done = set(users, "a", {"off", "+nosuch"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  EXPECT_EQ(users.find("a"), before);
  EXPECT_FALSE(set(users, "new", {"+nosuch"}));
  EXPECT_EQ(users.find("new"), nullptr);
}

TEST(Users, RefusedPasswords) {
  Users users(kRules);
  for (const char* rule : {"#abc", "!abc", "#2BB80D537B1DA3E38BD30361AA855686BDE0EACD7162FEF6A25FE97BF527A25B"}) {
    const Status done = set(users, "a", {rule});
    ASSERT_FALSE(done);
    EXPECT_TRUE(
        done.error().text.ends_with("must be exactly 64 characters and contain only lowercase hexadecimal "
                                    "characters"));
  }
  EXPECT_EQ(set(users, "a", {"<x"}).error().text,
            "Error in ACL SETUSER modifier '<x': The password you are trying to remove from the user does not exist");
}

TEST(Users, DescribeThemselves) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a",
                  {"on", ">secret", "#" + std::string(kHashOfSecret), "skip-sanitize-payload", "~k", "+get", "(+set",
                   "%W~w*)", "(+@read)"}));
  EXPECT_EQ(users.find("a")->describe(), "on skip-sanitize-payload #" + std::string(kHashOfSecret) +
                                             " ~k resetchannels -@all +get (%W~w* resetchannels -@all +set) "
                                             "(resetchannels -@all +@read)");
  ASSERT_TRUE(set(users, "a", {"clearselectors"}));
  EXPECT_EQ(users.find("a")->selectors().size(), 1u);
  ASSERT_TRUE(set(users, "a", {"reset"}));
  EXPECT_EQ(users.find("a")->describe(), "off sanitize-payload resetchannels -@all");
}

TEST(Users, UnmatchedParenthesis) {
  Users users(kRules);
  EXPECT_EQ(set(users, "a", {"on", "(+get", "~a"}).error().text,
            "Unmatched parenthesis in acl selector starting at '(+get'.");
  EXPECT_FALSE(set(users, "a", {"(+nosuch)"}));
  EXPECT_TRUE(set(users, "a", {"()"}));
}

TEST(Users, AnySelectorMayAllow) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a", {"~a*", "+get", "(~b* +set)", "(~c +get)"}));
  const User& a = *users.find("a");
  EXPECT_TRUE((Ask{.arguments = {"get", "a1"}, .keys = {{1, kRead}}}(a)));
  EXPECT_TRUE((Ask{.arguments = {"get", "c"}, .keys = {{1, kRead}}}(a)));
  EXPECT_TRUE((Ask{.arguments = {"set", "b"}, .keys = {{1, kWrite}}}(a)));
  // A refused key tells more than a refused command.
  EXPECT_EQ((Ask{.arguments = {"set", "a1"}, .keys = {{1, kWrite}}}(a)).denial, Denial::kKey);
  EXPECT_EQ((Ask{.arguments = {"debug"}}(a)).denial, Denial::kCommand);
  // Of two refused keys the later one is told.
  const Verdict verdict = Ask{.arguments = {"get", "a1", "c", "x"}, .keys = {{1, kRead}, {2, kRead}, {3, kRead}}}(a);
  EXPECT_EQ(verdict.argument, 2u);
  EXPECT_FALSE(a.unrestricted());
  ASSERT_TRUE(set(users, "a", {"(+@all allkeys allchannels)"}));
  EXPECT_TRUE(users.find("a")->unrestricted());
}

TEST(Users, UnrestrictedIsLostByAnyRestriction) {
  for (const char* rule : {"-get", "-@read", "resetkeys", "resetchannels", "nocommands"}) {
    Users users(kRules);
    ASSERT_TRUE(set(users, "default", {rule}));
    EXPECT_FALSE(users.default_user()->unrestricted()) << rule;
  }
}

TEST(Users, DefaultPassword) {
  Users users(kRules);
  users.set_default_password(kRules, "secret");
  EXPECT_TRUE(users.password_required());
  EXPECT_EQ(users.authenticate("default", "x"), nullptr);
  EXPECT_NE(users.authenticate("default", "secret"), nullptr);
  users.set_default_password(kRules, "");
  EXPECT_FALSE(users.password_required());
  ASSERT_TRUE(set(users, "default", {"off"}));
  EXPECT_TRUE(users.password_required());
}

TEST(Users, Remove) {
  Users users(kRules);
  ASSERT_TRUE(set(users, "a", {}));
  EXPECT_TRUE(users.remove("a"));
  EXPECT_FALSE(users.remove("a"));
  EXPECT_FALSE(users.remove("default"));
}

TEST(AclFile, WhatIsSavedLoads) {
  Users users(kRules);
  ASSERT_TRUE(
      set(users, "a", {"on", ">secret", "~k*", "%R~r", "&c", "+@all", "-config|get", "(+get ~x)", "(+@write)"}));
  ASSERT_TRUE(set(users, "default", {"off", "-debug"}));
  std::string text;
  for (const std::string& line : users.lines()) text += line + "\r\n\n";
  const Result<Users> loaded = Users::parse(kRules, text, "users.acl");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->lines(), users.lines());
}

TEST(AclFile, WithoutDefaultUserItIsAllPowerful) {
  const Result<Users> loaded = Users::parse(kRules, "user a on\n", "f");
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->default_user()->unrestricted());
}

TEST(AclFile, AllErrorsAreTold) {
  const Result<Users> loaded = Users::parse(
      kRules, "user a +nosuch +@nope\nuser\nperson b\nuser a on\nuser c wrong wrong2\nuser d (+get\n", "f");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().text,
            "f:1: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
            "f:1: Error in applying operation '+@nope': Unknown command or category name in ACL. "
            "f:2 should start with user keyword followed by the username. "
            "f:3 should start with user keyword followed by the username. "
            "WARNING: Duplicate user 'a' found on line 4. "
            "f:5: Syntax error. "
            "f:6: Unmatched parenthesis in selector definition."
            "WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
}

}  // namespace
}  // namespace guccho::acl
