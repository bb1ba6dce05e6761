// Reading bounds with redis-server's leniency, and turning them into ranks.
#include "node/commands/zset_bounds.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "node/commands/numbers.h"

namespace guccho::commands {
namespace {

// As strtod reads it: blanks before the number, hexadecimal, and no text at all (a zero) are fine.
std::optional<double> parse_bound(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && stop == text.data() + text.size() && std::isfinite(value)) return value;
  const std::string terminated(text);
  char* end = nullptr;
  value = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<ScoreBound> parse_score_bound(std::string_view text) {
  const bool exclusive = text.starts_with('(');
  const auto score = parse_bound(text.substr(exclusive ? 1 : 0));
  if (!score) return std::nullopt;
  return ScoreBound{*score, exclusive};
}

std::optional<LexBound> parse_lex_bound(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool alone = text.size() == 1 || text[1] == '\0';
  switch (text[0]) {
    case '-':
      if (!alone) return std::nullopt;
      return LexBound{LexBound::Kind::kLeast, true, {}};
    case '+':
      if (!alone) return std::nullopt;
      return LexBound{LexBound::Kind::kGreatest, true, {}};
    case '(':
      return LexBound{LexBound::Kind::kMember, true, text.substr(1)};
    case '[':
      return LexBound{LexBound::Kind::kMember, false, text.substr(1)};
    default:
      return std::nullopt;
  }
}

RankRange ranks_between(const store::ZsetView& zset, const ScoreBound& min, const ScoreBound& max) {
  return {min.exclusive ? zset.count_to(min.score) : zset.count_below(min.score),
          max.exclusive ? zset.count_below(max.score) : zset.count_to(max.score)};
}

// How many members lie before the bound; those equal to it with `inclusive`.
size_t count_before(const store::ZsetView& zset, const LexBound& bound, bool inclusive) {
  switch (bound.kind) {
    case LexBound::Kind::kLeast:
      return 0;
    case LexBound::Kind::kGreatest:
      return zset.size();
    case LexBound::Kind::kMember:
      break;
  }
  return inclusive ? zset.count_members_to(bound.member) : zset.count_members_below(bound.member);
}

RankRange ranks_by_index(int64_t start, int64_t stop, size_t members, bool reverse) {
  const auto size = static_cast<int64_t>(members);
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (stop < 0) stop += size;
  stop = std::min(stop, size - 1);
  if (start > stop) return {};
  const auto first = static_cast<size_t>(reverse ? size - 1 - stop : start);
  return {first, first + static_cast<size_t>(stop - start + 1)};
}

}  // namespace

RankRange ZsetRange::ranks(const store::ZsetView& zset, bool reverse) const {
  switch (by) {
    case By::kRank:
      return ranks_by_index(start, stop, zset.size(), reverse);
    case By::kScore:
      return ranks_between(zset, min_score, max_score);
    case By::kLex:
      break;
  }
  return {count_before(zset, min_member, min_member.exclusive), count_before(zset, max_member, !max_member.exclusive)};
}

std::optional<ZsetRange> read_range(Context& c, ZsetRange::By by, std::string_view min, std::string_view max) {
  ZsetRange range{.by = by};
  if (by == ZsetRange::By::kRank) {
    const auto start = parse_integer(min);
    const auto stop = parse_integer(max);
    if (!start || !stop) {
      c.not_an_integer();
      return std::nullopt;
    }
    range.start = *start;
    range.stop = *stop;
  } else if (by == ZsetRange::By::kScore) {
    const auto from = parse_score_bound(min);
    const auto to = parse_score_bound(max);
    if (!from || !to) {
      c.reply.error("ERR min or max is not a float");
      return std::nullopt;
    }
    range.min_score = *from;
    range.max_score = *to;
  } else {
    const auto from = parse_lex_bound(min);
    const auto to = parse_lex_bound(max);
    if (!from || !to) {
      c.reply.error("ERR min or max not valid string range item");
      return std::nullopt;
    }
    range.min_member = *from;
    range.max_member = *to;
  }
  return range;
}

}  // namespace guccho::commands
