// One process at a time works on a directory.
#pragma once

#include <string>
#include <utility>

#include "node/base/result.h"
#include "node/supervise/files.h"

namespace guccho::supervise {

// An flock(2) on DIRECTORY/NAME, held until destroyed or the process ends, however it ends. Not inherited by programs
// that are executed.
class DirectoryLock {
 public:
  // An error at once when another process holds it; the text names that process. When that one is dead, the lock is
  // held by a program that it was about to execute, for a moment more: waits for up to a second.
  static Result<DirectoryLock> take(const std::string& directory, const std::string& name);

 private:
  explicit DirectoryLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace guccho::supervise
