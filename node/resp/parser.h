// Parser of client requests: RESP arrays of bulk strings and inline commands, in place in the read buffer.
// RESP specification; error texts and limits are those of redis-server.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::resp {

struct ParserLimits {
  size_t max_bulk_length = 512ull * 1024 * 1024;  // proto-max-bulk-len
  int64_t max_arguments = 2147483647;             // as redis-server
  size_t max_inline = 64 * 1024;                  // an inline request, or a length line
  // Before authentication redis-server accepts at most 10 arguments of at most 16384 bytes.
  bool authenticated = true;
};

enum class ParseStatus { kCommand, kNeedMore, kError };

// One parser per connection. Call next() with all unconsumed bytes; what a partial command already taught is kept, so
// a large argument that arrives in pieces is not scanned twice. The bytes may move between calls, not change.
class CommandParser {
 public:
  // kCommand: args() are views into `bytes`, or into the parser for inline commands, valid until the next call;
  //   consumed() bytes belong to it. args() is empty for an empty line or array, which is to be ignored.
  // kError: error() is the text after "-ERR "; the connection is to be closed after sending it.
  // kNeedMore: wanted() is the total size at which the next call can make progress (a hint for the buffer).
  ParseStatus next(std::string_view bytes, const ParserLimits& limits);

  std::span<const std::string_view> args() const { return args_; }
  size_t consumed() const { return consumed_; }
  const std::string& error() const { return error_; }
  size_t wanted() const { return wanted_; }
  // Whether a command has begun of which it already knows a part.
  bool inside_command() const { return remaining_ >= 0; }
  void reset();
  // Gives back what the arguments of a large command took, when none is being read; args() end with it.
  void shrink();
  // Bytes that it keeps for arguments.
  size_t argument_bytes() const;

 private:
  struct Piece {
    size_t offset;
    size_t length;
  };
  ParseStatus parse_inline(std::string_view bytes, const ParserLimits& limits);
  ParseStatus parse_array(std::string_view bytes, const ParserLimits& limits);
  ParseStatus parse_array_header(std::string_view bytes, const ParserLimits& limits);
  ParseStatus parse_bulk_header(std::string_view bytes, const ParserLimits& limits);
  ParseStatus need(size_t total);
  ParseStatus refuse(std::string text);

  size_t pos_ = 0;            // first byte not yet understood
  int64_t remaining_ = -1;    // arguments still to come; -1 before the array header
  int64_t bulk_length_ = -1;  // length of the argument being read; -1 before its header
  size_t consumed_ = 0;
  size_t wanted_ = 0;
  std::vector<Piece> pieces_;
  std::vector<std::string_view> args_;
  std::vector<std::string> inline_args_;
  std::string error_;
};

}  // namespace guccho::resp
