// A small command table for the tests of rules.
#pragma once

#include "node/acl/catalog.h"
#include "node/acl/selector.h"

namespace guccho::acl::testing {

// Categories: read, write, admin, slow.
inline const Catalog& catalog() {
  static const Catalog c({{.name = "get", .categories = 1},
                          {.name = "set", .categories = 2},
                          {.name = "config", .categories = 8, .first_subcommand = 6, .subcommands = 2},
                          {.name = "select", .categories = 8},
                          {.name = "getset", .categories = 3},
                          {.name = "debug", .categories = 4 | 8},
                          {.name = "config|get", .categories = 4, .is_subcommand = true},
                          {.name = "config|help", .categories = 8, .is_subcommand = true}},
                         {"read", "write", "admin", "slow"});
  return c;
}

// The verdict of a selector or user on a command, with these arguments, keys and channels.
struct Ask {
  std::vector<std::string_view> arguments;
  std::vector<Request::Key> keys = {};
  std::vector<Request::Channel> channels = {};
  std::string_view command = {};  // the first argument
  bool always_allowed = false;

  template <class T>
  Verdict operator()(const T& who) const {
    return who.check({.command = *catalog().find(command.empty() ? arguments[0] : command),
                      .always_allowed = always_allowed,
                      .arguments = arguments,
                      .keys = keys,
                      .channels = channels});
  }
};

}  // namespace guccho::acl::testing
