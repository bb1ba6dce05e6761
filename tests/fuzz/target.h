// The fuzz targets: every parser and decoder that reads what others wrote. Each takes any bytes and aborts when a
// property of the decoder does not hold; sanitizers find the rest. libfuzzer.cc runs one under clang's libFuzzer,
// replay_test.cc all of them on their corpora and on mutations that are always the same.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::fuzz {

struct Target {
  std::string_view name;  // also of its folder in corpus/
  // Whether the input was well-formed.
  bool (*run)(std::string_view input);
  // Well-formed inputs, beside those in the corpus.
  std::vector<std::string> (*seeds)();
};

std::span<const Target> targets();

// What must hold for any input. In release builds too; the fuzzer reports the abort.
inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

// The targets, by the library that they are about.
bool resp_request(std::string_view input);
bool resp_reply(std::string_view input);
bool bus(std::string_view input);
bool rdb_value(std::string_view input);
bool rdb_file(std::string_view input);
bool rdb_functions(std::string_view input);
bool packed(std::string_view input);
bool hyperloglog(std::string_view input);
bool nodes_conf(std::string_view input);
bool own_file(std::string_view input);
bool redis_conf(std::string_view input);
bool acl_rules(std::string_view input);
bool acl_file(std::string_view input);
bool script_head(std::string_view input);
bool msgpack(std::string_view input);
bool structs(std::string_view input);

std::vector<std::string> resp_request_seeds();
std::vector<std::string> resp_reply_seeds();
std::vector<std::string> bus_seeds();
std::vector<std::string> rdb_value_seeds();
std::vector<std::string> rdb_file_seeds();
std::vector<std::string> rdb_functions_seeds();
std::vector<std::string> packed_seeds();
std::vector<std::string> hyperloglog_seeds();
std::vector<std::string> nodes_conf_seeds();
std::vector<std::string> own_file_seeds();
std::vector<std::string> redis_conf_seeds();
std::vector<std::string> acl_rules_seeds();
std::vector<std::string> acl_file_seeds();
std::vector<std::string> script_head_seeds();
std::vector<std::string> msgpack_seeds();
std::vector<std::string> structs_seeds();

}  // namespace guccho::fuzz
