// What clients send, and what the router port reads from other nodes. However the bytes are cut, the outcome is the
// same.
#include "node/resp/batch.h"
#include "node/resp/parser.h"
#include "node/resp/reply_framer.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {
namespace {

constexpr size_t kMostCommands = 1000;  // of one input

std::string text_of(std::span<const std::string_view> arguments) {
  std::string text;
  for (const std::string_view argument : arguments) text.append(std::to_string(argument.size())).append(argument);
  return text;
}

// Each command as text, and how the stream ended. `in_batches`: as a connection reads them, whole ones several at once.
std::vector<std::string> commands(std::string_view input, size_t piece, const resp::ParserLimits& limits,
                                  bool in_batches = false) {
  std::vector<std::string> out;
  resp::CommandParser parser;
  size_t begin = 0;
  for (size_t end = std::min(piece, input.size()); out.size() < kMostCommands;) {
    if (in_batches && !parser.inside_command()) {
      resp::CommandBatch batch;
      batch.parse(input.substr(begin, end - begin), limits);
      for (size_t i = 0; i < batch.size() && out.size() < kMostCommands; ++i) {
        require(batch.bytes(i) > 0 && batch.bytes(i) <= end - begin && !batch.args(i).empty());
        out.push_back(text_of(batch.args(i)));
        begin += batch.bytes(i);
      }
      if (batch.size() > 0) continue;
    }
    const auto status = parser.next(input.substr(begin, end - begin), limits);
    if (status == resp::ParseStatus::kNeedMore) {
      require(parser.wanted() > end - begin);
      if (end == input.size()) break;
      end = std::min(end + piece, input.size());
      continue;
    }
    if (status == resp::ParseStatus::kError) {
      require(!parser.error().empty());
      out.push_back("error " + parser.error());
      break;
    }
    require(parser.consumed() > 0 && parser.consumed() <= end - begin);
    out.push_back(text_of(parser.args()));
    begin += parser.consumed();
  }
  return out;
}

std::vector<std::string> replies(std::string_view input, size_t piece) {
  std::vector<std::string> out;
  resp::ReplyFramer framer({.max_depth = 16, .max_line = 1024, .max_bulk = 1 << 20});
  size_t begin = 0;
  for (size_t end = std::min(piece, input.size()); out.size() < kMostCommands;) {
    const auto status = framer.next(input.substr(begin, end - begin));
    if (status == resp::FrameStatus::kError) {
      out.emplace_back("error");
      break;
    }
    if (status == resp::FrameStatus::kNeedMore) {
      require(framer.wanted() > end - begin);
      if (end == input.size()) break;
      end = std::min(end + piece, input.size());
      continue;
    }
    require(framer.size() > 0 && framer.size() <= end - begin);
    out.push_back((framer.is_push() ? "push " : "") + std::string(input.substr(begin, framer.size())));
    begin += framer.size();
  }
  return out;
}

}  // namespace

bool resp_request(std::string_view input) {
  bool accepted = false;
  for (const bool authenticated : {true, false}) {
    const resp::ParserLimits limits{
        .max_bulk_length = 1 << 20, .max_arguments = 1 << 20, .max_inline = 1024, .authenticated = authenticated};
    const auto whole = commands(input, input.size(), limits);
    require(commands(input, 1, limits) == whole);
    require(commands(input, 7, limits) == whole);
    require(commands(input, input.size(), limits, true) == whole);
    require(commands(input, 7, limits, true) == whole);
    accepted |= !whole.empty() && !whole.back().starts_with("error ");
  }
  return accepted;
}

std::vector<std::string> resp_request_seeds() {
  return {"*1\r\n$4\r\nPING\r\n",
          "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nv\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
          "*0\r\n*-1\r\n\r\nPING\r\n",
          "set key \"a\\x41\\n\" 'it\\'s'\r\nget key\n",
          "*2\r\n$-1\r\n",
          "*1\r\n$1048577\r\n",
          "*11\r\n$1\r\n",
          "\"unbalanced\r\n"};
}

bool resp_reply(std::string_view input) {
  const auto whole = replies(input, input.size());
  require(replies(input, 1) == whole);
  require(replies(input, 7) == whole);
  return !whole.empty() && whole.back() != "error";
}

std::vector<std::string> resp_reply_seeds() {
  return {"+OK\r\n-ERR no\r\n:12\r\n$3\r\nabc\r\n$-1\r\n*-1\r\n*0\r\n", "*2\r\n*1\r\n:1\r\n$0\r\n\r\n",
          "%1\r\n+a\r\n~2\r\n#t\r\n_\r\n,1.5\r\n(123456789012345678901234567890\r\n=7\r\ntxt:abc\r\n!5\r\nERR x\r\n",
          ">2\r\n+message\r\n+x\r\n|1\r\n+ttl\r\n:1\r\n+OK\r\n", "*16\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"};
}

}  // namespace guccho::fuzz
