// Default places of state directories.
#include "operator/app/state_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace guccho::ops::app {

namespace fs = std::filesystem;

namespace {

// Relative paths mean the caller's directory, and go into files that others read.
std::string absolute(const std::string& path) {
  std::error_code error;
  std::string out = fs::absolute(path, error).lexically_normal().string();
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

Result<std::string> path_of_name(const std::string& name) {
  auto base = default_base();
  if (!base) return base;
  return *base + "/" + name;
}

}  // namespace

Result<std::string> default_base() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/') return std::string(state) + "/guccho";
  if (const char* home = std::getenv("HOME"); home && *home == '/') return std::string(home) + "/.local/state/guccho";
  return fail("neither XDG_STATE_HOME nor HOME says where state belongs: give --state DIR");
}

std::vector<std::string> known_clusters() {
  std::vector<std::string> names;
  const auto base = default_base();
  if (!base) return names;
  std::error_code error;
  for (fs::directory_iterator it(*base, error), end; !error && it != end; it.increment(error)) {
    if (local::StateDir(it->path().string()).exists()) names.push_back(it->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

Status check_name(const Where& where, const std::string& name) {
  if (where.name.empty() || where.name == name) return {};
  return fail(fmt::format("--name {}: the resource's name is {}", where.name, name));
}

Result<local::StateDir> make_state(const Where& where, const std::string& name) {
  if (!where.state.empty()) return local::StateDir::create(absolute(where.state));
  if (auto meant = check_name(where, name); !meant) return std::unexpected(meant.error());
  const auto path = path_of_name(name);
  if (!path) return std::unexpected(path.error());
  return local::StateDir::create(*path);
}

Result<local::StateDir> find_state(const Where& where) {
  std::string path = where.state.empty() ? "" : absolute(where.state);
  if (path.empty()) {
    std::string name = where.name;
    const auto known = known_clusters();
    if (name.empty() && known.size() != 1) {
      return fail(known.empty() ? "there is no cluster: `guccho up -f FILE` makes one"
                                : fmt::format("which cluster? --name one of {}", fmt::join(known, ", ")));
    }
    if (name.empty()) name = known[0];
    auto named = path_of_name(name);
    if (!named) return std::unexpected(named.error());
    path = std::move(*named);
  }
  local::StateDir state(path);
  if (!state.exists()) return fail(fmt::format("{}: there is no cluster: `guccho up -f FILE` makes one", path));
  return state;
}

}  // namespace guccho::ops::app
