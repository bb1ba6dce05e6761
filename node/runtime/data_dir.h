// The data directory: one process at a time, files replaced atomically and durably.
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"

namespace guccho::runtime {

// Enters `dir`, so that relative paths of the configuration mean the same at the start and later. Returns its absolute
// path; the error says what is wrong and what to do.
Result<std::string> enter_directory(const std::string& dir);

class DataDir {
 public:
  DataDir() = default;
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  // Makes the path absolute, checks that it can be written, and takes its lock (a file lock on `lock_name`, which ends
  // with the process). The error says what is wrong and what to do.
  Status open(const std::string& path, const std::string& lock_name);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return name.starts_with('/') ? name : path_ + "/" + name; }

  // The whole file; an error that says "No such file or directory" when it does not exist (exists() tells it apart).
  Result<std::string> read(const std::string& name) const;
  // False only when it is certain that there is no such file; one that cannot be looked at may be there.
  bool exists(const std::string& name) const;
  // Writes a temporary file, syncs it, renames it over `name`, syncs the directory.
  Status replace(const std::string& name, std::string_view text) const;
  // A new file without a name, for spooling: gone with its descriptor.
  Result<int> temporary() const;

 private:
  std::string path_;
  int lock_fd_ = -1;
};

}  // namespace guccho::runtime
