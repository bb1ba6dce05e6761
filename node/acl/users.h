// All users of a node: an immutable value; each change makes a new one that shares the users that did not change.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "node/acl/user.h"
#include "node/base/result.h"

namespace guccho::acl {

using UserRef = std::shared_ptr<const User>;

inline constexpr std::string_view kDefaultUser = "default";

class Users {
 public:
  // Only "default", as `User::all_powerful` makes it.
  explicit Users(const Rules& rules);

  // Null when there is none of that name.
  UserRef find(std::string_view name) const;
  const UserRef& default_user() const { return default_; }
  // In the order of names.
  const std::map<std::string, UserRef, std::less<>>& all() const { return users_; }

  // The user with this password, if it is enabled; else null.
  UserRef authenticate(std::string_view name, std::string_view password) const;
  // Whether a new connection must authenticate.
  bool password_required() const { return !default_->no_password() || !default_->enabled(); }

  // Creates the user or adds the rules to those that it has: all of them or none. The error is a text of redis-server
  // without its code.
  Status set(const Rules& rules, std::string_view name, std::span<const std::string_view> changes);
  // False when there is none; "default" is never removed.
  bool remove(std::string_view name);
  // requirepass: the one password of the default user; empty: none is needed.
  void set_default_password(const Rules& rules, std::string_view password);

  // What `text`, in the form of an ACL file, makes. The error lists everything that is wrong, `path` and line before
  // each, as redis-server words it.
  static Result<Users> parse(const Rules& rules, std::string_view text, const std::string& path);
  // The lines of an ACL file: "user NAME RULES".
  std::vector<std::string> lines() const;

 private:
  void put(User user);

  std::map<std::string, UserRef, std::less<>> users_;
  UserRef default_;
};

}  // namespace guccho::acl
