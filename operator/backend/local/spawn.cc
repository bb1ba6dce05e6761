// posix_spawn of `guccho-node --supervise DIR`.
#include "operator/backend/local/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "node/supervise/records.h"

extern char** environ;

namespace guccho::ops::local {
namespace {

// Session, signals and standard streams of the new process.
class SpawnSettings {
 public:
  explicit SpawnSettings(const std::string& log) {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t set;
    sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  }
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

}  // namespace

Status SupervisorSpawner::start(const std::string& directory) {
  if (running(directory)) return {};
  const SpawnSettings settings(fmt::format("{}/{}", directory, supervise::kSupervisorLogFile));
  std::string mode = "--supervise";
  std::string argument = directory;
  const std::array<char*, 4> arguments = {program_.data(), mode.data(), argument.data(), nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program_.c_str(), &settings.actions, &settings.attributes, arguments.data(), environ);
  if (error != 0) return fail(fmt::format("{}: {}", program_, std::strerror(error)));
  children_[directory] = pid;
  return {};
}

bool SupervisorSpawner::running(const std::string& directory) {
  const auto found = children_.find(directory);
  if (found == children_.end()) return false;
  if (::waitpid(found->second, nullptr, WNOHANG) == 0) return true;
  children_.erase(found);
  return false;
}

}  // namespace guccho::ops::local
