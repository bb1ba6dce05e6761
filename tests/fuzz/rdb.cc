// Values in the RDB format: RESTORE's payload, a whole file, function libraries, and the packed forms of old versions.
#include "node/rdb/dump.h"
#include "node/rdb/functions.h"
#include "node/rdb/load.h"
#include "node/rdb/packed.h"
#include "node/rdb/reader.h"
#include "node/slots/slots.h"
#include "node/store/keyspace.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {
namespace {

using namespace std::string_literals;
using store::KeyRef;

// One for all inputs, since it is the biggest part of the cost of an input; empty between them.
store::Keyspace& keyspace() {
  static store::Keyspace it(0, 1);
  return it;
}

KeyRef key(std::string_view name) {
  return {key_slot(name), name};
}

void clear(const KeyRef& key) {
  keyspace().erase(key);
  while (keyspace().free_step(1000)) {
  }
}

// Loads what comes, and says nothing of what load() refuses: a file may hold a member twice.
class Loader final : public rdb::RecordSink {
 public:
  Status record(rdb::Record&& record) override {
    const std::string name = record.key;
    const Status loaded = rdb::load(keyspace(), std::move(record));
    log.append(name).append(loaded ? " loaded;" : " refused;");
    clear(key(name));
    return {};
  }
  Status aux(std::string_view name, std::string_view value) override {
    log.append(name).append("=").append(value).append(";");
    return {};
  }
  Status function(std::string_view code) override {
    log.append(code).append(";");
    return {};
  }
  std::string log;
};

std::string read_file(std::string_view input, size_t piece) {
  Loader sink;
  rdb::Reader reader(sink);
  for (size_t at = 0; at < input.size(); at += piece) {
    const auto taken = reader.feed(input.substr(at, piece));
    if (!taken) return sink.log + taken.error().text;
    if (reader.finished()) break;
  }
  const Status end = reader.end_of_input();
  return sink.log + (end ? "whole" : end.error().text);
}

// A ziplist of "a", 1, "b", 300 and a long string.
std::string ziplist() {
  const std::string text(70, 'z');
  const std::string body = "\x00\x01"s + "a\x03\xf2\x02\x01" + "b\x03\xc0\x2c\x01\x04\x40\x46"s + text + "\xff";
  const auto u32 = [](size_t n) { return std::string{static_cast<char>(n), static_cast<char>(n >> 8), '\0', '\0'}; };
  const size_t total = 10 + body.size();
  return u32(total) + u32(total - 1 - 3 - text.size()) + "\x05\x00"s + body;
}

std::string zipmap() {
  return "\x02\x03"
         "foo\x03\x00"
         "bar\x05hello\x05\x02world..\xff"s;
}

std::string value(char type, std::string_view blob) {
  return type + std::string(1, static_cast<char>(blob.size())) + std::string(blob);
}

}  // namespace

// The input is type and value; the footer with its checksum is added here. What RESTORE accepts can be loaded, and DUMP
// gives what RESTORE accepts and what makes the same value.
bool rdb_value(std::string_view input) {
  std::string payload(input);
  rdb::append_payload_footer(payload);
  require(rdb::is_dump(payload));
  Result<rdb::Record> record = rdb::restore(payload);
  if (!record) return false;
  const KeyRef first = key("a{k}"), second = key("b{k}");
  record->key = first.bytes;
  require(rdb::load(keyspace(), std::move(*record)).has_value());
  const std::string dumped = rdb::dump(*keyspace().find(first));
  require(rdb::is_dump(dumped));
  Result<rdb::Record> again = rdb::restore(dumped);
  require(again.has_value());
  again->key = second.bytes;
  require(rdb::load(keyspace(), std::move(*again)).has_value());
  require(rdb::dump(*keyspace().find(second)).size() == dumped.size());
  clear(first);
  clear(second);
  return true;
}

std::vector<std::string> rdb_value_seeds() {
  return {value('\x00', "string"),
          "\x00\xc1\x2c\x01"s,
          value('\x0a', ziplist()),
          value('\x09', zipmap()),
          "\x0e\x01"s + static_cast<char>(ziplist().size()) + ziplist(),
          "\x01\x02\x01"s + "a\x01" + "b",
          "\x02\x02\x01"s + "a\x01" + "b",
          "\x04\x01\x01"s + "f\x01" + "v",
          "\x03\x02\x01"s + "a\x03" + "1.5\x01" + "b\xfe"};
}

// Cut anywhere, a file reads as the same.
bool rdb_file(std::string_view input) {
  const std::string whole = read_file(input, std::max<size_t>(input.size(), 1));
  require(read_file(input, 13) == whole);
  return whole.ends_with("whole");
}

std::vector<std::string> rdb_file_seeds() {
  const std::string end = "\xff\0\0\0\0\0\0\0\0"s;
  return {"REDIS0010"s + "\xfa\x09redis-ver\x05" + "7.0.0\xfe\0\xfb\x02\x01"s + "\xfc\0\0\0\0\0\x01\0\0"s + "\0\x01k\x01v"s + end,
          "REDIS0003\xfe\0"s + "\x0d\x01h"s + static_cast<char>(ziplist().size()) + ziplist() + end,
          "REDIS0011\xf5\x20#!lua name=lib\nreturn 1 -- padding"s + "\xf8\x05\xf9\x07\x02\x01s\x01\x01m" + end,
          "REDIS0006\xfd\0\0\0\0\x0b\x01i\x0a\x02\0\0\0\x01\0\0\0\x05\0"s + end};
}

// The input is the libraries of FUNCTION RESTORE without the footer.
bool rdb_functions(std::string_view input) {
  std::string payload(input);
  rdb::payload_body(payload);
  rdb::append_payload_footer(payload);
  const auto body = rdb::payload_body(payload);
  require(body == input);
  const auto codes = rdb::read_functions(*body);
  if (!codes) return false;
  std::string again;
  for (const std::string& code : *codes) rdb::append_function(again, code);
  const auto read = rdb::read_functions(again);
  require(read.has_value() && *read == *codes);
  return true;
}

std::vector<std::string> rdb_functions_seeds() {
  std::vector<std::string> seeds(3);
  for (const char* code : {"#!lua name=a\nredis.register_function('f', function() return 1 end)",
                           "#!lua name=b\nredis.register_function('g', function() return 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' end)"}) {
    rdb::append_function(seeds[1], code);
    rdb::append_function(seeds[2], std::string(code) + std::string(300, ' '));
  }
  return seeds;
}

bool packed(std::string_view input) {
  const auto elements = rdb::read_ziplist(input);
  const auto pairs = rdb::read_zipmap(input);
  if (pairs) require(pairs->size() % 2 == 0);
  return elements || pairs;
}

std::vector<std::string> packed_seeds() {
  return {ziplist(), zipmap()};
}

}  // namespace guccho::fuzz
