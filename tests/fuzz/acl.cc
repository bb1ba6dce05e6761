// ACL rules and files. What a user's rules are printed as makes the same user.
#include "node/acl/users.h"
#include "tests/fuzz/target.h"
#include "tests/unit/acl/commands.h"

namespace guccho::fuzz {
namespace {

const acl::Rules& rules() {
  static const acl::Rules it{acl::testing::catalog(), false};
  return it;
}

}  // namespace

// The input is rules, one a line.
bool acl_rules(std::string_view input) {
  acl::User user("alice", false);
  bool accepted = false;
  for (size_t at = 0; at < input.size();) {
    const size_t end = std::min(input.find('\n', at), input.size());
    const std::string before = user.describe();
    const bool applied = user.apply(rules(), input.substr(at, end - at)).has_value();
    if (!applied) require(user.describe() == before);
    accepted |= applied;
    at = end + 1;
  }
  const std::string_view arguments[] = {"get", "key"};
  const acl::Request::Key keys[] = {{1, acl::kRead}};
  user.check({.command = *acl::testing::catalog().find("get"), .arguments = arguments, .keys = keys, .channels = {}});
  user.may_receive("channel", false);
  return accepted;
}

std::vector<std::string> acl_rules_seeds() {
  return {"on\n>password\n~key*\n%R~read*\n%W~w\n%RW~*\n&channel*\n+get\n-set\n+@read\n-@all\n+config|get\n-config|help",
          "(+get ~a)\n(+@all %R~* &x)\nclearselectors\nallkeys\nallchannels\nresetkeys\nresetchannels\nnopass\nreset",
          "+select|0\n+get|first\n#5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n<password\n!abc\noff"};
}

bool acl_file(std::string_view input) {
  const auto users = acl::Users::parse(rules(), input, "users.acl");
  if (!users) return false;
  std::string text;
  for (const std::string& line : users->lines()) text += line + "\n";
  const auto again = acl::Users::parse(rules(), text, "users.acl");
  require(again.has_value() && again->lines() == users->lines());
  return true;
}

std::vector<std::string> acl_file_seeds() {
  return {"user default on nopass ~* &* +@all\nuser alice on >secret ~a* resetchannels -@all +get (~b* +set)\n",
          "user bob off sanitize-payload resetkeys -@all +config|get +select|0\n\nuser carol on\n",
          "user bob on\nuser bob on\nuser\n"};
}

}  // namespace guccho::fuzz
