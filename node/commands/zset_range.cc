// ZRANGE and the older commands that it covers, ZRANGESTORE.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/zset_bounds.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::ZsetView;

// What a command's name fixes already, and what its options may still say.
struct RangeRequest {
  size_t source = 1;  // the argument with the key; the two ends follow
  bool store = false;
  std::optional<ZsetRange::By> by;
  std::optional<bool> reverse;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;
};

// The options behind the two ends; false after an error reply.
bool parse_range_options(Context& c, RangeRequest& request) {
  const bool any_order = !request.reverse;
  const bool any_kind = !request.by;
  for (size_t i = request.source + 3; i < c.argc(); ++i) {
    const std::string_view option = c.arg(i);
    if (!request.store && equals_ignore_case("withscores", option)) {
      request.with_scores = true;
    } else if (equals_ignore_case("limit", option) && i + 2 < c.argc()) {
      const auto offset = parse_integer(c.arg(i + 1));
      const auto limit = parse_integer(c.arg(i + 2));
      if (!offset || !limit) {
        c.not_an_integer();
        return false;
      }
      request.offset = *offset;
      request.limit = *limit;
      i += 2;
    } else if (any_order && !request.reverse && equals_ignore_case("rev", option)) {
      request.reverse = true;
    } else if (any_kind && !request.by && equals_ignore_case("bylex", option)) {
      request.by = ZsetRange::By::kLex;
    } else if (any_kind && !request.by && equals_ignore_case("byscore", option)) {
      request.by = ZsetRange::By::kScore;
    } else {
      c.syntax_error();
      return false;
    }
  }
  request.by = request.by.value_or(ZsetRange::By::kRank);
  request.reverse = request.reverse.value_or(false);
  if (request.limit != -1 && request.by == ZsetRange::By::kRank) {
    c.reply.error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (request.with_scores && request.by == ZsetRange::By::kLex) {
    c.reply.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

// A negative offset selects nothing, a negative limit sets none.
MemberSpan limited(const RankRange& ranks, const RangeRequest& request) {
  const auto count = static_cast<int64_t>(ranks.count());
  if (request.offset < 0 || request.offset >= count) return {};
  const int64_t left = count - request.offset;
  const auto taken = static_cast<size_t>(request.limit < 0 ? left : std::min(left, request.limit));
  const auto offset = static_cast<size_t>(request.offset);
  return {*request.reverse ? ranks.last - 1 - offset : ranks.first + offset, taken, *request.reverse};
}

void store_range(Context& c, const ZsetView& zset, MemberSpan span) {
  std::vector<store::ScoredMember> members;
  members.reserve(span.count);
  if (span.reverse && span.count > 0) span.first -= span.count - 1;  // stored in the one order that there is
  // Packed integers have no bytes of their own to look at.
  std::deque<std::string> texts;
  store::ZsetCursor at = zset.at(span.first);
  for (size_t left = span.count; left > 0; --left, at.next()) {
    const std::string_view member = at.printed() ? texts.emplace_back(at.member()) : at.member();
    members.push_back({at.score(), member});
  }
  store_members(c, c.key(1), members, "zrangestore");
}

void range(Context& c, RangeRequest request) {
  if (!parse_range_options(c, request)) return;
  // By score and by member a reversed range is given with its greater end first.
  const bool swapped = *request.reverse && request.by != ZsetRange::By::kRank;
  const auto range =
      read_range(c, *request.by, c.arg(request.source + (swapped ? 2 : 1)), c.arg(request.source + (swapped ? 1 : 2)));
  if (!range) return;
  const KeyRef key = c.key(request.source);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  const MemberSpan span = limited(range->ranks(zset, *request.reverse), request);
  request.store ? store_range(c, zset, span) : reply_members(c, zset, span, request.with_scores);
}

}  // namespace

namespace handlers {

void zrange(Context& c) {
  range(c, {});
}
void zrangestore(Context& c) {
  range(c, {.source = 2, .store = true});
}
void zrevrange(Context& c) {
  range(c, {.by = ZsetRange::By::kRank, .reverse = true});
}
void zrangebyscore(Context& c) {
  range(c, {.by = ZsetRange::By::kScore, .reverse = false});
}
void zrevrangebyscore(Context& c) {
  range(c, {.by = ZsetRange::By::kScore, .reverse = true});
}
void zrangebylex(Context& c) {
  range(c, {.by = ZsetRange::By::kLex, .reverse = false});
}
void zrevrangebylex(Context& c) {
  range(c, {.by = ZsetRange::By::kLex, .reverse = true});
}

}  // namespace handlers
}  // namespace guccho::commands
