// FUNCTION: libraries are loaded, listed, dumped and restored, and only changes are replicated.
#include <gtest/gtest.h>

#include <string>

#include "node/rdb/functions.h"
#include "tests/unit/commands/harness.h"

namespace guccho::commands {
namespace {

using testing::Node;

std::string library(const std::string& name, const std::string& function) {
  return "#!lua name=" + name + "\nredis.register_function{function_name='" + function +
         "', callback=function() end, description='d', flags={'no-writes'}}";
}

std::string run(Node& node, std::initializer_list<std::string_view> words) {
  return node.run(std::span(words.begin(), words.size()));
}

TEST(Function, LoadListDelete) {
  Node node;
  EXPECT_EQ(run(node, {"FUNCTION", "LOAD", library("l", "f")}), "$1|l|");
  EXPECT_TRUE(node.take_replicated().starts_with("FUNCTION LOAD #!lua name=l"));
  EXPECT_EQ(run(node, {"FUNCTION", "LOAD", library("l", "f")}), "-ERR Library 'l' already exists|");
  EXPECT_EQ(run(node, {"FUNCTION", "LOAD", library("m", "f")}), "-ERR Function f already exists|");
  EXPECT_EQ(run(node, {"FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nfoo bar"}),
            "-ERR Error compiling function: user_function:2: '=' expected near 'bar'|");
  EXPECT_EQ(node.take_replicated(), "");
  EXPECT_EQ(
      run(node, {"FUNCTION", "LIST"}),
      "*1|*6|$12|library_name|$1|l|$6|engine|$3|LUA|$9|functions|*1|*6|$4|name|$1|f|$11|description|$1|d|$5|flags|"
      "*1|+no-writes|");
  EXPECT_EQ(run(node, {"FUNCTION", "LIST", "LIBRARYNAME", "x*"}), "*0|");
  EXPECT_EQ(run(node, {"FUNCTION", "LOAD", "REPLACE", library("l", "g")}), "$1|l|");
  EXPECT_EQ(run(node, {"FUNCTION", "DELETE", "l"}), "+OK|");
  EXPECT_EQ(run(node, {"FUNCTION", "DELETE", "l"}), "-ERR Library not found|");
}

TEST(Function, DumpAndRestore) {
  Node node;
  run(node, {"FUNCTION", "LOAD", library("a", "fa")});
  run(node, {"FUNCTION", "LOAD", library("b", "fb")});
  std::vector<std::string> codes;
  for (const auto& [name, l] : node.host.catalog.current()->by_name) codes.push_back(l->code);
  std::string payload;
  for (const std::string& code : codes) rdb::append_function(payload, code);
  rdb::append_payload_footer(payload);
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", payload}), "-ERR Library a already exists|");
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", payload, "REPLACE"}), "+OK|");
  run(node, {"FUNCTION", "LOAD", library("c", "fc")});
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", payload, "FLUSH"}), "+OK|");
  EXPECT_EQ(node.host.catalog.current()->by_name.size(), 2u);
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", payload, "OTHER"}),
            "-ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.|");
  // A function of another library is in the way: nothing changes.
  run(node, {"FUNCTION", "FLUSH"});
  run(node, {"FUNCTION", "LOAD", library("x", "fb")});
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", payload}), "-ERR Function fb already exists|");
  EXPECT_EQ(node.host.catalog.current()->by_name.size(), 1u);
  // Every byte is covered.
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string broken = payload;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", broken, "REPLACE"}),
              "-ERR DUMP payload version or checksum are wrong|");
  }
  EXPECT_EQ(run(node, {"FUNCTION", "RESTORE", ""}), "-ERR DUMP payload version or checksum are wrong|");
}

TEST(Function, AValueIsNotAFunction) {
  Node node;
  std::string payload("\0\1k\1v", 5);
  rdb::append_payload_footer(payload);
  EXPECT_TRUE(run(node, {"FUNCTION", "RESTORE", payload}).starts_with("-ERR "));
  std::string cut;
  rdb::append_function(cut, library("a", "f"));
  cut.resize(cut.size() - 3);
  rdb::append_payload_footer(cut);
  EXPECT_TRUE(run(node, {"FUNCTION", "RESTORE", cut}).starts_with("-ERR "));
  EXPECT_TRUE(node.host.catalog.current()->by_name.empty());
}

}  // namespace
}  // namespace guccho::commands
