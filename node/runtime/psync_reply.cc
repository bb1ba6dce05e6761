// +FULLRESYNC and +CONTINUE.
#include "node/runtime/psync_reply.h"

#include <algorithm>
#include <charconv>

namespace guccho::runtime {
namespace {

constexpr std::string_view kFull = "+FULLRESYNC ";
constexpr std::string_view kContinue = "+CONTINUE";
constexpr size_t kReplidLength = 40;

bool is_replid(std::string_view text) {
  const auto ok = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return text.size() == kReplidLength && std::ranges::all_of(text, ok);
}

}  // namespace

Result<PsyncReply> parse_psync_reply(std::string_view line) {
  const auto malformed = [line] { return fail("PSYNC was answered with " + std::string(line.substr(0, 200))); };
  PsyncReply reply{.full = line.starts_with(kFull), .replid = {}};
  std::string_view rest = line;
  if (reply.full) {
    rest.remove_prefix(kFull.size());
    const size_t blank = std::min(rest.find(' '), rest.size());
    reply.replid = rest.substr(0, blank);
    rest.remove_prefix(blank);
    if (!is_replid(reply.replid) || rest.empty()) return malformed();
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), reply.offset);
    const bool whole = error == std::errc() && end == rest.data() + rest.size();
    if (!whole || reply.offset < 0 || reply.offset > kMostReplOffset) return malformed();
    return reply;
  }
  if (!rest.starts_with(kContinue)) return malformed();
  rest.remove_prefix(kContinue.size());
  if (rest.empty()) return reply;
  reply.replid = rest.substr(1);
  if (rest.front() != ' ' || !is_replid(reply.replid)) return malformed();
  return reply;
}

}  // namespace guccho::runtime
