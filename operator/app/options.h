// The command lines of guccho and guccho-operator, as values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

namespace guccho::ops::app {

// Where a local cluster's state lies: a directory, or the name of a cluster below the default one; neither: the only
// cluster there is.
struct Where {
  std::string state;
  std::string name;
};

struct Up {
  Where where;
  std::string file;  // empty: the resource of the state directory
  std::string node_program;
};
struct StatusCommand {
  Where where;
  bool json = false;
};
struct PlanCommand {
  Where where;
  std::string file;  // empty: the resource of the state directory
};
struct Scale {
  Where where;
  std::optional<int> replicas_per_primary;
  std::optional<int> primaries;
};
struct Kill {
  Where where;
  std::string node;    // place ("0-1") or the beginning of a node id
  std::string signal;  // name or number
};
struct Down {
  Where where;
  bool purge = false;
  bool yes = false;
};
struct List {};
// --help, --version, or a command line that is none: what to print, and the exit status.
struct Print {
  std::string text;
  int exit_status = 0;
};
using Command = std::variant<Up, StatusCommand, PlanCommand, Scale, Kill, Down, List, Print>;

inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;  // also a resource file that is refused

// `args` with the program's name; as `kubectl-guccho` it is a kubectl plugin.
Command parse_guccho(int argc, const char* const* argv);

struct OperatorOptions {
  Up up;
};
std::variant<OperatorOptions, Print> parse_guccho_operator(int argc, const char* const* argv);

}  // namespace guccho::ops::app
