// ACL and the check of commands: what a request touches, and how a refusal is told.
#include "node/commands/permission.h"
#include "tests/unit/commands/harness.h"

namespace guccho::commands {
namespace {

using testing::Node;
using testing::run_steps;
using testing::Step;

TEST(Acl, UsersComeAndGo) {
  Node node;
  run_steps(node, std::vector<Step>{
                      {"ACL WHOAMI", "$7|default|"},
                      {"ACL SETUSER u on >pw +get", "+OK|"},
                      {"ACL USERS", "*2|$7|default|$1|u|"},
                      {"ACL SETUSER u +nosuch",
                       "-ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL|"},
                      {"ACL DELUSER u default", "-ERR The 'default' user cannot be removed|"},
                      {"ACL USERS", "*2|$7|default|$1|u|"},
                      {"ACL DELUSER u nosuch", ":1|"},
                      {"ACL USERS", "*1|$7|default|"},
                      {"ACL GETUSER u", "$-1|"},
                  });
}

TEST(Acl, GetuserInResp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  node.run("ACL SETUSER u on nopass %R~a +get (+@read ~b)");
  EXPECT_EQ(
      node.run("ACL GETUSER u"),
      "%6|$5|flags|~3|$2|on|$6|nopass|$16|sanitize-payload|$9|passwords|*0|$8|commands|$10|-@all +get|$4|keys|$4|%R~"
      "a|$8|channels|$0||$9|selectors|*1|%3|$8|commands|$12|-@all +@read|$4|keys|$2|~b|$8|channels|$0||");
}

TEST(Acl, FailedAuthenticationIsNoted) {
  Node node;
  node.host.set_password("secret");
  node.run("auth wrong");
  node.run("HELLO 3 AUTH u x");
  ASSERT_EQ(node.host.noted_denials.size(), 2u);
  EXPECT_EQ(node.host.noted_denials[1].object, "auth");
  EXPECT_EQ(node.host.noted_denials[1].user, "default");
  EXPECT_EQ(node.host.noted_denials[0].object, "HELLO");
  EXPECT_EQ(node.host.noted_denials[0].user, "u");
  EXPECT_EQ(node.host.noted_denials[0].reason, acl::Denial::kAuth);
}

TEST(Acl, CategoriesAreThoseOfTheTable) {
  for (size_t id = 0; id < command_id_count(); ++id) {
    const CommandSpec& spec = command_by_id(static_cast<uint16_t>(id));
    EXPECT_EQ(acl_catalog().find(spec.full_name), id);
    EXPECT_EQ(acl_catalog()[static_cast<uint16_t>(id)].categories, spec.categories) << spec.full_name;
  }
  EXPECT_EQ(acl_catalog().category("keyspace"), uint32_t{kCatKeyspace});
  EXPECT_EQ(acl_catalog().category("Scripting"), uint32_t{kCatScripting});
}

// Whether a user with these rules may run a request.
struct Case {
  const char* rules;
  const char* request;
  const char* denial;  // empty: may
};
class Permission : public ::testing::TestWithParam<Case> {};

TEST_P(Permission, OfRequests) {
  const Case& c = GetParam();
  Node node;
  ASSERT_EQ(node.run("ACL SETUSER u " + std::string(c.rules)), "+OK|");
  const std::string reply = node.run("ACL DRYRUN u " + std::string(c.request));
  if (*c.denial == '\0') {
    EXPECT_EQ(reply, "+OK|") << c.request;
  } else {
    EXPECT_NE(reply.find(c.denial), std::string::npos) << c.request << ": " << reply;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Acl, Permission,
    ::testing::Values(Case{"+get ~a", "GET a", ""}, Case{"+get ~a", "GET b", "access the 'b' key"},
                      Case{"+get ~a", "SET a v", "run the 'set' command"}, Case{"+@all %R~a", "GET a", ""},
                      Case{"+@all %R~a", "SET a v", "access the 'a' key"}, Case{"+@all %W~a", "SET a v", ""},
                      Case{"+@all %W~a", "SET a v GET", "access the 'a' key"}, Case{"+@all %W~a", "STRLEN a", ""},
                      Case{"+@all %W~a", "GETSET a v", "access the 'a' key"}, Case{"+@all %R~a %W~b", "COPY a b", ""},
                      Case{"+@all %R~a %W~b", "COPY b a", "access the 'b' key"},
                      Case{"+@all ~a", "MSET a 1 b 2", "access the 'b' key"}, Case{"+@all ~a", "MGET a a", ""},
                      Case{"+@all %R~a", "BITFIELD a GET u8 0", ""},
                      Case{"+@all %R~a", "BITFIELD a SET u8 0 1", "access the 'a' key"},
                      Case{"+config|get", "CONFIG GET x", ""},
                      Case{"+config|get", "CONFIG SET x y", "run the 'config|set' command"},
                      Case{"+@all -config", "CONFIG GET x", "run the 'config|get' command"},
                      Case{"-@all", "AUTH x", ""}, Case{"-@all", "PING", "run the 'ping' command"},
                      Case{"+select|0", "SELECT 0", ""}, Case{"+select|0", "SELECT 1", "run the 'select' command"},
                      Case{"+@all", "FLUSHALL", ""},
                      Case{"+@all -@dangerous", "FLUSHALL", "run the 'flushall' command"},
                      Case{"+@all allkeys", "GET a", ""}, Case{"off", "QUIT", ""}));

TEST(Acl, TextsOfDenials) {
  Node node;
  node.run("ACL SETUSER u +get ~a");
  const acl::User& user = *node.host.known_users->find("u");
  const std::vector<std::string_view> set = {"SET", "a", "v"};
  const std::vector<std::string_view> get = {"GET", "b"};
  const acl::Verdict command = check_permission(user, *find_command("set"), set);
  const acl::Verdict key = check_permission(user, *find_command("get"), get);
  EXPECT_EQ(denial_text(user, *find_command("set"), set, command, false),
            "User u has no permissions to run the 'set' command");
  EXPECT_EQ(denial_text(user, *find_command("get"), get, key, false), "No permissions to access a key");
  EXPECT_EQ(denial_text(user, *find_command("get"), get, key, true), "User u has no permissions to access the 'b' key");
  EXPECT_TRUE(denial_in_exec(key).ends_with("no permission to touch the specified keys"));
  EXPECT_EQ(denial_entry(user, *find_command("get"), get, key, acl::LogContext::kMulti).object, "b");
  EXPECT_EQ(denial_entry(user, *find_command("set"), set, command, acl::LogContext::kMulti).object, "set");
}

}  // namespace
}  // namespace guccho::commands
