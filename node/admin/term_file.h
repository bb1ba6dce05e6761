// The greatest fencing term that this node saw, in a file of its own: on disk before a call with a greater term has any
// effect, so that a deposed operator stays deposed through a restart.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "node/base/result.h"

namespace guccho::admin {

class TermFile {
 public:
  // A missing file means term 0. Fails on a file that holds anything but a decimal number and a line's end.
  static Result<TermFile> open(std::string path);

  uint64_t term() const { return term_; }
  // Raises the term durably: temporary file, fsync, rename, fsync of the directory. `term` must be greater than term().
  Status raise(uint64_t term);

 private:
  TermFile(std::string path, uint64_t term) : path_(std::move(path)), term_(term) {}

  std::string path_;
  uint64_t term_;
};

// Who may act: guards TermFile for several threads.
class Fence {
 public:
  explicit Fence(TermFile file) : file_(std::move(file)) {}

  enum class Verdict { kAccepted, kDeposed, kNotPersisted };
  struct Answer {
    Verdict verdict;
    std::string text;  // why not
  };
  // Accepts a term that is not smaller than the greatest seen; a greater one is on disk when this returns.
  Answer check(uint64_t term);
  uint64_t term() const;

 private:
  mutable std::mutex mutex_;
  TermFile file_;
};

}  // namespace guccho::admin
