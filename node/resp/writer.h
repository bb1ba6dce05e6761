// Writer of replies in RESP2 or RESP3: one call a reply element; types that RESP2 lacks fall back as in redis-server.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "node/resp/buffer.h"

namespace guccho::resp {

enum class Version : uint8_t { kResp2 = 2, kResp3 = 3 };

class ReplyWriter {
 public:
  ReplyWriter(Buffer& out, Version version) : out_(&out), version_(version) {}

  Version version() const { return version_; }
  bool resp3() const { return version_ == Version::kResp3; }
  Buffer& buffer() { return *out_; }

  void ok() { raw("+OK\r\n"); }
  void simple(std::string_view text);
  // The whole text after '-', code included: "ERR syntax error". Line breaks inside become blanks.
  void error(std::string_view text);
  void integer(int64_t value);
  void bulk(std::string_view bytes);
  void bulk_integer(int64_t value);
  void null();
  void null_array();
  // RESP3 double, RESP2 bulk string, printed as redis-server does (17 digits at most; "inf", "-inf", "nan").
  void real(double value);
  void boolean(bool value);
  // `format` is three letters, such as "txt".
  void verbatim(std::string_view format, std::string_view text);
  void big_number(std::string_view digits);
  // Headers; the caller writes the elements. map(n): n pairs.
  void array(size_t count) { header('*', count); }
  void map(size_t pairs);
  void set(size_t count);
  void push(size_t count);
  // Bytes that are already RESP.
  void raw(std::string_view bytes) { out_->append(bytes); }

  // A collection whose length is known only at its end: mark = begin_deferred(); elements; end_array(mark, n).
  // Costs one move of the elements.
  size_t begin_deferred() const { return out_->size(); }
  void end_array(size_t mark, size_t count) { insert_header(mark, '*', count); }
  void end_map(size_t mark, size_t pairs);
  void end_set(size_t mark, size_t count);

 private:
  void header(char type, size_t count);
  void insert_header(size_t mark, char type, size_t count);

  Buffer* out_;
  Version version_;
};

// A request (array of bulk strings), as the replication log, the router and test clients send it.
void append_request(Buffer& out, std::span<const std::string_view> args);
// How many bytes that would append.
size_t request_bytes(std::span<const std::string_view> args);

// How redis-server prints a double in a reply: 17 significant digits at most, "inf", "-inf", "nan". Returns the length.
size_t format_double(double value, char (&out)[40]);

}  // namespace guccho::resp
