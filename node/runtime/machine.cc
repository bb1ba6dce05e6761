// Control group files, and files as a whole.
#include "node/runtime/machine.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "node/config/limits.h"

namespace guccho::runtime {
namespace {

std::string read_or_empty(const std::string& path) {
  return read_whole_file(path).value_or(std::string());
}

// This process' path in the version 2 hierarchy: the line "0::/path".
std::string own_group() {
  const std::string text = read_or_empty("/proc/self/cgroup");
  const size_t at = text.find("0::");
  if (at == std::string::npos) return "";
  return text.substr(at + 3, text.find('\n', at) - at - 3);
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(std::strerror(errno));
  std::string text;
  char chunk[65536];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = errno;
      ::close(fd);
      return n == 0 ? Result<std::string>(std::move(text)) : fail(std::strerror(error));
    }
    text.append(chunk, static_cast<size_t>(n));
  }
}

std::vector<std::string> matching_files(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

config::Config defaults_of_this_machine() {
  const std::string v2 = "/sys/fs/cgroup" + own_group();
  config::CgroupFiles files;
  files.cpu_max = read_or_empty(v2 + "/cpu.max");
  files.memory_max = read_or_empty(v2 + "/memory.max");
  files.cpu_cfs_quota_us = read_or_empty("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  files.cpu_cfs_period_us = read_or_empty("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  files.memory_limit_in_bytes = read_or_empty("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  return config::defaults_for(config::container_limits(files), std::thread::hardware_concurrency());
}

}  // namespace guccho::runtime
