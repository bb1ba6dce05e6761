// Files of the data directory.
#include "node/runtime/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "node/runtime/machine.h"

namespace guccho::runtime {
namespace {

std::string reason() {
  return std::strerror(errno);
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(reason());
    text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<std::string> absolute(const std::string& dir) {
  char resolved[PATH_MAX];
  if (realpath(dir.c_str(), resolved) != nullptr) return std::string(resolved);
  return fail("dir: cannot use '" + dir + "': " + reason() + " (make it, or name another directory)");
}

}  // namespace

Result<std::string> enter_directory(const std::string& dir) {
  Result<std::string> path = absolute(dir);
  if (!path) return path;
  if (chdir(path->c_str()) != 0) {
    return fail("dir: cannot enter '" + dir + "': " + reason() +
                " (change its owner or mode, or name another directory)");
  }
  return path;
}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

Status DataDir::open(const std::string& path, const std::string& lock_name) {
  const Result<std::string> resolved = absolute(path);
  if (!resolved) return fail(resolved.error().text);
  path_ = *resolved;
  if (access(path_.c_str(), W_OK | X_OK) != 0) {
    return fail("dir: cannot write in '" + path + "': " + reason() + " (change its owner or mode)");
  }
  const std::string lock = file(lock_name + ".lock");
  lock_fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_fd_ < 0) {
    return fail("dir: cannot write in '" + path + "': " + reason() + " (change its owner or mode: '" + lock + "')");
  }
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail("cluster-config-file: '" + file(lock_name) +
                "' is in use by another node process (stop it, or give each node a directory of its own)");
  }
  return {};
}

Result<std::string> DataDir::read(const std::string& name) const {
  return read_whole_file(file(name));
}

bool DataDir::exists(const std::string& name) const {
  return access(file(name).c_str(), F_OK) == 0 || errno != ENOENT;
}

Status DataDir::replace(const std::string& name, std::string_view text) const {
  const std::string target = file(name);
  const std::string temporary = target + ".tmp-" + std::to_string(getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail("cannot write '" + temporary + "': " + reason());
  Status written = write_all(fd, text);
  if (written && fsync(fd) != 0) written = fail(reason());
  close(fd);
  if (written && rename(temporary.c_str(), target.c_str()) != 0) written = fail(reason());
  if (!written) {
    unlink(temporary.c_str());
    return fail("cannot write '" + target + "': " + written.error().text);
  }
  const int dir = ::open(parent_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || fsync(dir) != 0) {
    const std::string why = reason();
    if (dir >= 0) close(dir);
    return fail("cannot sync the directory of '" + target + "': " + why);
  }
  close(dir);
  return {};
}

Result<int> DataDir::temporary() const {
  std::string pattern = file("temp-sync-XXXXXX");
  const int fd = mkostemp(pattern.data(), O_CLOEXEC);
  if (fd < 0) return fail("cannot make a temporary file in '" + path_ + "': " + reason());
  unlink(pattern.c_str());
  return fd;
}

}  // namespace guccho::runtime
