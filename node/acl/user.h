// A user: a name, passwords, and selectors. Connections hold pointers to users that never change; a change makes a new
// one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/acl/selector.h"

namespace guccho::acl {

// What rules are read with.
struct Rules {
  const Catalog& catalog;
  bool all_channels;  // acl-pubsub-default: what new users and selectors may subscribe to
};

class User {
 public:
  // Off, without a password, allowed nothing.
  User(std::string name, bool all_channels);
  // The user "default" of a fresh server: everything, without a password.
  static User all_powerful(const Rules& rules);

  // One rule: on, >password, +get, (a selector) ... Errors are redis-server's texts; then nothing changed.
  Status apply(const Rules& rules, std::string_view rule);

  const std::string& name() const { return name_; }
  bool enabled() const { return enabled_; }
  bool no_password() const { return no_password_; }
  bool accepts(std::string_view password) const;
  // Permission for everything: nothing needs to be checked.
  bool unrestricted() const { return unrestricted_; }

  // Whether a selector allows the request; else the reason that is told.
  Verdict check(const Request& request) const;

  // Whether any selector allows the channel; for subscriptions that exist when the rules change.
  bool may_receive(std::string_view channel, bool pattern) const;

  // ACL GETUSER's parts. The first selector is the root.
  std::vector<std::string_view> flags() const;
  std::span<const std::string> passwords() const { return passwords_; }
  std::span<const Selector> selectors() const { return selectors_; }
  // The rules that make this user, as in ACL LIST after the name.
  std::string describe() const;

 private:
  Status apply_rule(const Rules& rules, std::string_view rule);
  Status change_password(std::string_view rule);
  Status add_selector(const Rules& rules, std::string_view rules_in_parentheses);
  void reset(const Rules& rules);

  std::string name_;
  bool enabled_ = false;
  bool no_password_ = false;
  bool sanitize_ = true;  // of RESTORE payloads; shown and kept, ours are always checked
  bool unrestricted_ = false;
  std::vector<std::string> passwords_;  // hashes, in the order in which they were added
  std::vector<Selector> selectors_;
};

}  // namespace guccho::acl
