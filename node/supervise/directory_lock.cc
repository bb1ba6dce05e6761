// flock(2), and whose it is.
#include "node/supervise/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <thread>

#include "node/supervise/identity.h"

namespace guccho::supervise {
namespace {

// From fork to exec takes milliseconds.
constexpr std::chrono::seconds kPatience(1);
constexpr std::chrono::milliseconds kPause(2);

bool is_dead(const std::string& holder) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(holder.data(), holder.data() + holder.size(), pid);
  return error == std::errc() && pid > 0 && !identity_of(pid);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return system_error(path);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_error(path);
    const auto holder = read_file(path);
    if (!holder || !is_dead(*holder) || std::chrono::steady_clock::now() >= deadline) {
      const std::string who = holder && !holder->empty() ? *holder : "unknown";
      return fail(fmt::format("{} is in use by process {}", directory, who));
    }
    std::this_thread::sleep_for(kPause);
  }
  // For people only: the lock is what counts.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) return system_error(path);
  return DirectoryLock(std::move(fd));
}

}  // namespace guccho::supervise
