// Writing and reading function libraries.
#include "node/rdb/functions.h"

#include "node/base/crc.h"
#include "node/rdb/format.h"
#include "node/rdb/reader.h"
#include "node/rdb/writer.h"

namespace guccho::rdb {
namespace {

constexpr size_t kFooter = 10;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void append_little_endian(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

class Codes final : public RecordSink {
 public:
  Status record(Record&&) override { return fail("given type is not a function"); }
  Status aux(std::string_view, std::string_view) override { return fail("given type is not a function"); }
  Status function(std::string_view code) override {
    codes.emplace_back(code);
    return {};
  }
  std::vector<std::string> codes;
};

}  // namespace

void append_function(std::string& out, std::string_view code) {
  out.push_back(static_cast<char>(Opcode::kFunction2));
  append_string(out, code, true);
}

void append_payload_footer(std::string& payload) {
  append_little_endian(payload, kWrittenVersion, 2);
  append_little_endian(payload, crc64(0, payload), 8);
}

std::optional<std::string_view> payload_body(std::string_view payload) {
  if (payload.size() < kFooter) return std::nullopt;
  const std::string_view covered = payload.substr(0, payload.size() - 8);
  if (little_endian(covered.substr(covered.size() - 2)) > static_cast<uint64_t>(kNewestReadVersion))
    return std::nullopt;
  if (little_endian(payload.substr(covered.size())) != crc64(0, covered)) return std::nullopt;
  return payload.substr(0, payload.size() - kFooter);
}

// The body is read as a whole file would be: so all checks of the reader hold for it too.
Result<std::vector<std::string>> read_functions(std::string_view body) {
  Codes sink;
  Reader reader(sink);
  std::string end(1, static_cast<char>(Opcode::kEof));
  end.append(8, '\0');
  for (const std::string_view part : {std::string_view("REDIS0010"), body, std::string_view(end)}) {
    const Result<size_t> taken = reader.feed(part);
    if (!taken) return fail("failed loading the given functions: " + taken.error().text);
    if (*taken != part.size()) return fail("failed loading the given functions: bytes after their end");
  }
  if (Status s = reader.end_of_input(); !s) return fail("failed loading the given functions: " + s.error().text);
  return std::move(sink.codes);
}

}  // namespace guccho::rdb
