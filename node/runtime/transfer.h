// The payload of a full sync on its way in: a header line with its length or the mark that ends it, then an RDB. It is
// spooled to a nameless file, so that it can be checked as a whole before data is given up for it.
#pragma once

#include <cstdint>
#include <string>

#include "node/base/result.h"
#include "node/resp/buffer.h"

namespace guccho::runtime {

class Transfer {
 public:
  // Takes a file to write to, and closes it in the end.
  explicit Transfer(int fd) : fd_(fd) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Takes what is in the buffer; true once the payload is complete. What follows it stays in the buffer. Errors name
  // what is wrong with the header, or with the file.
  Result<bool> take(resp::Buffer& in);

  int fd() const { return fd_; }
  // Of the payload, without the mark.
  uint64_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kMarkLength = 40;

  Status take_header(std::string line);
  Status write(std::string_view bytes);
  Result<bool> cut_mark(std::string_view bytes);

  const int fd_;
  bool started_ = false;
  int64_t left_ = -1;  // -1: until the mark
  std::string mark_;   // 40 bytes that end a transfer of unknown length
  std::string tail_;   // the last bytes received, to find the mark
  uint64_t bytes_ = 0;
};

}  // namespace guccho::runtime
