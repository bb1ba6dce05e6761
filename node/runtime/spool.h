// A data set on its way to replicas that must be told its length first: a file without a name in the data directory,
// gone with the last that reads it. Written once, then read by any number of replicas, each at its own pace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "node/base/result.h"

namespace guccho::runtime {

class DataDir;

class Spool {
 public:
  // What a spool leaves free of the file system: the node's own files live there too. A data set that would not leave
  // so much is given up, as on a full disk.
  static constexpr uint64_t kReserve = uint64_t{64} << 20;

  static Result<std::shared_ptr<Spool>> make(const DataDir& dir);
  explicit Spool(int fd) : fd_(fd) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // The error says why, such as "No space left on device".
  Status append(std::string_view bytes);
  uint64_t size() const { return size_; }
  // Up to `into.size()` bytes from there, at least one. Before size().
  Result<size_t> read(uint64_t at, std::span<char> into) const;

 private:
  const int fd_;
  uint64_t size_ = 0;
  uint64_t looked_at_ = 0;  // the size at which the free space was last looked at
};

}  // namespace guccho::runtime
