// Reply encoding.
#include "node/resp/writer.h"

#include <charconv>
#include <cstring>

#include "node/base/real.h"

namespace guccho::resp {
namespace {

// "<type><number>\r\n" into p; returns its end. At most 23 bytes.
char* write_number_line(char* p, char type, int64_t value) {
  *p++ = type;
  p = std::to_chars(p, p + 20, value).ptr;
  *p++ = '\r';
  *p++ = '\n';
  return p;
}

constexpr size_t kNumberLine = 24;

size_t copy_text(char (&out)[40], std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

}  // namespace

void ReplyWriter::simple(std::string_view text) {
  out_->push_back('+');
  out_->append(text);
  out_->append("\r\n");
}

void ReplyWriter::error(std::string_view text) {
  // Line ends of an argument that the text quotes: cut at the end, blanks inside.
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  char* p = out_->reserve(text.size() + 3);
  *p++ = '-';
  for (const char c : text) *p++ = (c == '\r' || c == '\n') ? ' ' : c;
  *p++ = '\r';
  *p++ = '\n';
  out_->commit(text.size() + 3);
}

void ReplyWriter::header(char type, size_t count) {
  char* p = out_->reserve(kNumberLine);
  out_->commit(static_cast<size_t>(write_number_line(p, type, static_cast<int64_t>(count)) - p));
}

void ReplyWriter::integer(int64_t value) {
  char* p = out_->reserve(kNumberLine);
  out_->commit(static_cast<size_t>(write_number_line(p, ':', value) - p));
}

void ReplyWriter::bulk(std::string_view bytes) {
  char* p = out_->reserve(kNumberLine + bytes.size() + 2);
  char* q = write_number_line(p, '$', static_cast<int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(q, bytes.data(), bytes.size());
  q += bytes.size();
  *q++ = '\r';
  *q++ = '\n';
  out_->commit(static_cast<size_t>(q - p));
}

void ReplyWriter::bulk_integer(int64_t value) {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  bulk({digits, static_cast<size_t>(end - digits)});
}

void ReplyWriter::null() {
  raw(resp3() ? "_\r\n" : "$-1\r\n");
}
void ReplyWriter::null_array() {
  raw(resp3() ? "_\r\n" : "*-1\r\n");
}

void ReplyWriter::real(double value) {
  char digits[40];
  const size_t n = format_double(value, digits);
  if (!resp3()) return bulk({digits, n});
  out_->push_back(',');
  out_->append({digits, n});
  out_->append("\r\n");
}

void ReplyWriter::boolean(bool value) {
  if (resp3()) return raw(value ? "#t\r\n" : "#f\r\n");
  integer(value ? 1 : 0);
}

void ReplyWriter::verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return bulk(text);
  header('=', text.size() + 4);
  out_->append(format.substr(0, 3));
  out_->push_back(':');
  out_->append(text);
  out_->append("\r\n");
}

void ReplyWriter::big_number(std::string_view digits) {
  if (!resp3()) return bulk(digits);
  out_->push_back('(');
  out_->append(digits);
  out_->append("\r\n");
}

void ReplyWriter::map(size_t pairs) {
  resp3() ? header('%', pairs) : header('*', pairs * 2);
}
void ReplyWriter::set(size_t count) {
  header(resp3() ? '~' : '*', count);
}
void ReplyWriter::push(size_t count) {
  header(resp3() ? '>' : '*', count);
}

void ReplyWriter::end_map(size_t mark, size_t pairs) {
  resp3() ? insert_header(mark, '%', pairs) : insert_header(mark, '*', pairs * 2);
}
void ReplyWriter::end_set(size_t mark, size_t count) {
  insert_header(mark, resp3() ? '~' : '*', count);
}

void ReplyWriter::insert_header(size_t mark, char type, size_t count) {
  char line[kNumberLine];
  const size_t n = static_cast<size_t>(write_number_line(line, type, static_cast<int64_t>(count)) - line);
  std::memcpy(out_->open_gap(mark, n), line, n);
}

void append_request(Buffer& out, std::span<const std::string_view> args) {
  ReplyWriter w(out, Version::kResp2);
  w.array(args.size());
  for (const std::string_view a : args) w.bulk(a);
}

size_t request_bytes(std::span<const std::string_view> args) {
  const auto head_bytes = [](size_t n) {
    size_t digits = 1;
    for (; n >= 10; n /= 10) ++digits;
    return 1 + digits + 2;
  };
  size_t sum = head_bytes(args.size());
  for (const std::string_view a : args) sum += head_bytes(a.size()) + a.size() + 2;
  return sum;
}

size_t format_double(double value, char (&out)[40]) {
  RealText scratch;
  return copy_text(out, print_real(value, scratch));
}

}  // namespace guccho::resp
