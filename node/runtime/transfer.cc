// Receiving the payload of a full sync.
#include "node/runtime/transfer.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace guccho::runtime {
namespace {

constexpr size_t kMostHeader = 64 * 1024;

}  // namespace

Transfer::~Transfer() {
  close(fd_);
}

Result<bool> Transfer::take(resp::Buffer& in) {
  while (!started_) {
    const std::string_view bytes = in.view();
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      if (bytes.size() > kMostHeader) return fail("the transfer's header has no end");
      return false;
    }
    std::string line(bytes.substr(0, end));
    in.consume(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;  // a primary that prepares a transfer keeps the link alive with newlines
    if (Status s = take_header(std::move(line)); !s) return std::unexpected(s.error());
  }
  std::string_view bytes = in.view();
  if (left_ >= 0) bytes = bytes.substr(0, static_cast<size_t>(left_));
  if (Status s = write(bytes); !s) return std::unexpected(s.error());
  bytes_ += bytes.size();
  Result<bool> complete = false;
  if (left_ >= 0) {
    left_ -= static_cast<int64_t>(bytes.size());
    complete = left_ == 0;
  } else {
    complete = cut_mark(bytes);
  }
  in.consume(bytes.size());
  return complete;
}

Status Transfer::take_header(std::string line) {
  if (line[0] != '$') return fail("expected the transfer, got: " + line.substr(0, 100));
  if (line.starts_with("$EOF:") && line.size() == 5 + kMarkLength) {
    mark_ = line.substr(5);
  } else {
    const auto [at, ec] = std::from_chars(line.data() + 1, line.data() + line.size(), left_);
    if (ec != std::errc() || at != line.data() + line.size() || left_ < 0) {
      return fail("malformed transfer header: " + line.substr(0, 100));
    }
  }
  started_ = true;
  return {};
}

Status Transfer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::string("cannot write the spool file: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Whether `bytes`, the last ones received, end with the mark, which then goes from the file. Nothing follows a mark
// until the primary has an acknowledgement.
Result<bool> Transfer::cut_mark(std::string_view bytes) {
  tail_.append(bytes.substr(bytes.size() > kMarkLength ? bytes.size() - kMarkLength : 0));
  if (tail_.size() > kMarkLength) tail_.erase(0, tail_.size() - kMarkLength);
  if (tail_ != mark_) return false;
  bytes_ -= kMarkLength;
  if (ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) {
    return fail(std::string("cannot cut the spool file: ") + std::strerror(errno));
  }
  return true;
}

}  // namespace guccho::runtime
