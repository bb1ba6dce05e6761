// Small files that must survive a crash whole, and the lock that keeps a directory to one process.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "node/base/result.h"

namespace guccho::supervise {

// A file descriptor that is closed when this goes; -1 holds none.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(release());
  }

 private:
  int fd_;
};

// "PATH: No such file or directory" and the like: what errno says. All errors below are such.
std::unexpected<Error> system_error(const std::string& path);

// The whole file; at most 4 MiB are read, more is an error.
Result<std::string> read_file(const std::string& path);
// Nothing when there is certainly no such file; an error when that cannot be told or it cannot be read.
Result<std::optional<std::string>> read_file_if_there(const std::string& path);

// Replaces the file so that a reader, and a machine that crashes at any time, sees the old text or the new one: written
// beside it, synced, renamed, and the directory synced. On disk when it returns. `mode`: permissions of the new file.
Status write_atomically(const std::string& path, std::string_view text, unsigned mode = 0644);

// Creates the directory and its parents with the given permissions; an existing one is left as it is.
Status make_directories(const std::string& path, unsigned mode = 0700);

}  // namespace guccho::supervise
