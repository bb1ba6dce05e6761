// Several commands at once: the same as the parser finds one by one, and nothing that is not plain.
#include "node/resp/batch.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace guccho::resp {
namespace {

using Command = std::vector<std::string>;

std::string encoded(const Command& command) {
  std::string out = "*" + std::to_string(command.size()) + "\r\n";
  for (const std::string& a : command) out += "$" + std::to_string(a.size()) + "\r\n" + a + "\r\n";
  return out;
}

std::vector<Command> batch_of(std::string_view bytes, const ParserLimits& limits = {}) {
  // A copy of its own, so that the sanitizer sees a step too far.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  CommandBatch batch;
  batch.parse({copy.data(), copy.size()}, limits);
  std::vector<Command> out;
  for (size_t i = 0; i < batch.size(); ++i) out.emplace_back(batch.args(i).begin(), batch.args(i).end());
  return out;
}

const std::string kGet = encoded({"GET", "a"});

TEST(CommandBatch, WholeCommandsInOrder) {
  EXPECT_EQ(batch_of(encoded({"GET", "a"}) + encoded({"SET", "bc", ""}) + encoded({"PING"})),
            (std::vector<Command>{{"GET", "a"}, {"SET", "bc", ""}, {"PING"}}));
}

TEST(CommandBatch, StopsAtWhatTheParserMustJudge) {
  for (const char* rest :
       {"PING\r\n", "*0\r\n", "*-1\r\n", "*1\r\n:4\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "*01\r\n$1\r\na\r\n",
        "*1\r\n$01\r\na\r\n", "*1\r\n$99999999999999999999\r\na", "*99999999999\r\n", "*1\n$1\r\na\r\n", "\r\n"}) {
    EXPECT_EQ(batch_of(kGet + rest + kGet), (std::vector<Command>{{"GET", "a"}})) << rest;
  }
}

TEST(CommandBatch, Limits) {
  ParserLimits limits;
  limits.max_bulk_length = 3;
  EXPECT_EQ(batch_of(kGet + encoded({"GET", "long"}), limits).size(), 1u);
  limits = {};
  limits.max_arguments = 2;
  EXPECT_EQ(batch_of(kGet + encoded({"SET", "a", "b"}), limits).size(), 1u);
  limits = {};
  limits.authenticated = false;
  EXPECT_EQ(batch_of(kGet, limits).size(), 0u);
  std::string many;
  for (size_t i = 0; i < 2 * CommandBatch::kMaxCommands; ++i) many += kGet;
  EXPECT_EQ(batch_of(many).size(), CommandBatch::kMaxCommands);
  EXPECT_EQ(batch_of(encoded(Command(CommandBatch::kMaxArguments, "x"))).size(), 1u);
  EXPECT_EQ(batch_of(encoded(Command(CommandBatch::kMaxArguments + 1, "x"))).size(), 0u);
  EXPECT_EQ(batch_of(kGet + encoded(Command(CommandBatch::kMaxArguments - 1, "x"))).size(), 1u);
}

TEST(CommandBatch, EveryPrefixGivesTheCommandsThatAreWhole) {
  const std::string first = encoded({"SET", "abc", "xy"});
  const std::string bytes = first + kGet;
  for (size_t n = 0; n <= bytes.size(); ++n) {
    const size_t whole = n == bytes.size() ? 2 : n >= first.size() ? 1 : 0;
    EXPECT_EQ(batch_of(bytes.substr(0, n)).size(), whole) << n;
  }
}

// Random commands with random damage: what the batch takes, the parser takes too, with the same arguments and length.
TEST(CommandBatch, AgreesWithTheParser) {
  std::mt19937 random(7);
  const std::string_view noise = "*$0123456789\r\n-x";
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (size_t i = 0; i < 3; ++i) {
      Command command(1 + random() % 4);
      for (std::string& a : command) a.assign(random() % 13, static_cast<char>('a' + random() % 26));
      bytes += encoded(command);
    }
    for (size_t i = random() % 3; i > 0; --i) bytes[random() % bytes.size()] = noise[random() % noise.size()];
    CommandBatch batch;
    batch.parse(bytes, {});
    std::string_view rest = bytes;
    CommandParser parser;
    for (size_t i = 0; i < batch.size(); ++i) {
      ASSERT_EQ(parser.next(rest, {}), ParseStatus::kCommand) << bytes;
      ASSERT_EQ(Command(parser.args().begin(), parser.args().end()),
                Command(batch.args(i).begin(), batch.args(i).end()));
      ASSERT_EQ(parser.consumed(), batch.bytes(i));
      rest.remove_prefix(batch.bytes(i));
    }
  }
}

}  // namespace
}  // namespace guccho::resp
