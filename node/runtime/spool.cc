// Writing with an eye on the free space, reading back.
#include "node/runtime/spool.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "node/runtime/data_dir.h"

namespace guccho::runtime {
namespace {

// Free space is looked at before each stretch of so many bytes, a quarter of the reserve.
constexpr uint64_t kStretch = Spool::kReserve / 4;

}  // namespace

Result<std::shared_ptr<Spool>> Spool::make(const DataDir& dir) {
  Result<int> fd = dir.temporary();
  if (!fd) return fail(fd.error().text);
  return std::make_shared<Spool>(*fd);
}

Spool::~Spool() {
  close(fd_);
}

Status Spool::append(std::string_view bytes) {
  if (size_ == 0 || size_ - looked_at_ >= kStretch) {
    looked_at_ = size_;
    struct statvfs space {};
    if (fstatvfs(fd_, &space) == 0 && uint64_t{space.f_bavail} * space.f_frsize < kReserve + bytes.size()) {
      return fail("less than " + std::to_string(kReserve >> 20) + " MB of the disk would be left free");
    }
  }
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::strerror(errno));
    size_ += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<size_t> Spool::read(uint64_t at, std::span<char> into) const {
  for (;;) {
    const ssize_t n = pread(fd_, into.data(), into.size(), static_cast<off_t>(at));
    if (n > 0) return static_cast<size_t>(n);
    if (n == 0) return fail("it is shorter than it was written");
    if (errno != EINTR) return fail(std::strerror(errno));
  }
}

}  // namespace guccho::runtime
