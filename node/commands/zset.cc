// Sorted sets: members and their scores. Ranges are in zset_range.cc, pops in zset_pop.cc, unions, intersections and
// differences in zset_combine.cc, ZRANDMEMBER in zset_random.cc.
#include <array>
#include <vector>

#include "node/base/real.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/scan_options.h"
#include "node/commands/text.h"
#include "node/commands/zset_bounds.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::ZsetValue;
using store::ZsetView;

// ZADD's options from argument 2 on; returns where they end.
size_t parse_add_options(const Context& c, AddRequest& request) {
  ZsetValue::Condition& condition = request.condition;
  size_t i = 2;
  for (; i < c.argc(); ++i) {
    const std::string_view option = c.arg(i);
    if (option.size() > 4) break;  // most are scores
    if (equals_ignore_case("nx", option)) {
      condition.nx = true;
    } else if (equals_ignore_case("xx", option)) {
      condition.xx = true;
    } else if (equals_ignore_case("gt", option)) {
      condition.gt = true;
    } else if (equals_ignore_case("lt", option)) {
      condition.lt = true;
    } else if (equals_ignore_case("ch", option)) {
      request.count_updated = true;
    } else if (equals_ignore_case("incr", option)) {
      condition.increment = true;
    } else {
      break;
    }
  }
  return i;
}

// The text of the error that the options and the number of pairs make; empty when there is none.
std::string_view add_options_error(const ZsetValue::Condition& condition, size_t arguments) {
  if (arguments == 0 || arguments % 2 != 0) return "ERR syntax error";
  if (condition.nx && condition.xx) return "ERR XX and NX options at the same time are not compatible";
  if ((condition.gt && condition.nx) || (condition.lt && condition.nx) || (condition.gt && condition.lt)) {
    return "ERR GT, LT, and/or NX options at the same time are not compatible";
  }
  if (condition.increment && arguments > 2) return "ERR INCR option supports a single increment-element pair";
  return {};
}

void add(Context& c, bool increment) {
  AddRequest request;
  request.condition.increment = increment;
  const size_t first = parse_add_options(c, request);
  if (const auto error = add_options_error(request.condition, c.argc() - first); !error.empty()) {
    return c.reply.error(error);
  }
  const size_t pairs = (c.argc() - first) / 2;
  std::array<double, 16> few;
  std::vector<double> many(pairs > few.size() ? pairs : 0);
  const std::span<double> scores = many.empty() ? std::span(few).first(pairs) : std::span(many);
  for (size_t i = 0; i < pairs; ++i) {
    const auto score = parse_double(c.arg(first + 2 * i));
    if (!score) return c.not_a_float();
    scores[i] = *score;
  }
  request.scores = scores;
  request.first_member = first + 1;
  add_members(c, request);
}

// ZRANK and ZREVRANK.
void reply_rank(Context& c, bool reverse) {
  if (c.argc() > 4) return c.wrong_arity();
  const bool with_score = c.argc() == 4;
  if (with_score && !equals_ignore_case("withscore", c.arg(3))) return c.syntax_error();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  const auto rank = zset.rank(c.arg(2));
  if (!rank) return with_score ? c.reply.null_array() : c.reply.null();
  if (with_score) c.reply.array(2);
  c.reply.integer(static_cast<int64_t>(reverse ? zset.size() - 1 - *rank : *rank));
  if (with_score) c.reply.real(*zset.score(c.arg(2)));
}

void reply_score(Context& c, std::optional<double> score) {
  score ? c.reply.real(*score) : c.reply.null();
}

void count_range(Context& c, ZsetRange::By by) {
  const auto range = read_range(c, by, c.arg(2), c.arg(3));
  if (!range) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  c.reply.integer(static_cast<int64_t>(range->ranks(ZsetView(entry)).count()));
}

void remove_range(Context& c, ZsetRange::By by, std::string_view event) {
  const auto range = read_range(c, by, c.arg(2), c.arg(3));
  if (!range) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_zset_or_missing(c, entry)) return;
  ZsetValue zset(c.data, key, entry);
  const RankRange ranks = range->ranks(zset);
  if (ranks.count() > 0) {
    zset.erase_ranks(ranks.first, ranks.count());
    announce_removal(c, key, zset, event);
  }
  c.reply.integer(static_cast<int64_t>(ranks.count()));
}

}  // namespace

void zadd(Context& c) {
  add(c, false);
}
void zincrby(Context& c) {
  add(c, true);
}

void zrem(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_zset_or_missing(c, entry)) return;
  ZsetValue zset(c.data, key, entry);
  int64_t removed = 0;
  for (size_t i = 2; i < c.argc() && zset.size() > 0; ++i) removed += zset.erase(c.arg(i)) ? 1 : 0;
  if (removed > 0) announce_removal(c, key, zset, "zrem");
  c.reply.integer(removed);
}

void zremrangebyrank(Context& c) {
  remove_range(c, ZsetRange::By::kRank, "zremrangebyrank");
}
void zremrangebyscore(Context& c) {
  remove_range(c, ZsetRange::By::kScore, "zremrangebyscore");
}
void zremrangebylex(Context& c) {
  remove_range(c, ZsetRange::By::kLex, "zremrangebylex");
}

void zcard(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  c.reply.integer(static_cast<int64_t>(ZsetView(entry).size()));
}

void zscore(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  reply_score(c, ZsetView(entry).score(c.arg(2)));
}

void zmscore(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  c.reply.array(c.argc() - 2);
  for (const std::string_view member : c.args.subspan(2)) reply_score(c, zset.score(member));
}

void zrank(Context& c) {
  reply_rank(c, false);
}
void zrevrank(Context& c) {
  reply_rank(c, true);
}

void zcount(Context& c) {
  count_range(c, ZsetRange::By::kScore);
}
void zlexcount(Context& c) {
  count_range(c, ZsetRange::By::kLex);
}

void zscan(Context& c) {
  const auto cursor = read_cursor(c, c.arg(2));
  if (!cursor) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) {
    c.reply.array(2);
    reply_cursor(c.reply, 0);
    return c.reply.array(0);
  }
  if (!is_zset_or_missing(c, entry)) return;
  ScanOptions options;
  if (!parse_scan_options(c, 3, false, options)) return;

  const bool packed = entry->encoding() == store::Encoding::kListpack;
  resp::Buffer members;
  resp::ReplyWriter writer(members, c.reply.version());
  size_t found = 0;
  const uint64_t next = ZsetView(entry).scan(*cursor, options.count, [&](const store::ScoredMember& each) {
    if (!options.matches(each.member)) return;
    RealText scratch;
    writer.bulk(each.member);
    writer.bulk(packed ? store::print_packed_score(each.score, scratch) : print_real(each.score, scratch));
    ++found;
  });
  c.reply.array(2);
  reply_cursor(c.reply, next);
  c.reply.array(found * 2);
  c.reply.raw(members.view());
}

}  // namespace guccho::commands::handlers
