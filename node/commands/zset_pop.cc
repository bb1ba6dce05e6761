// Taking the members with the lowest or highest scores: ZPOPMIN, ZPOPMAX, ZMPOP, and the forms that wait for some.
#include <algorithm>
#include <limits>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/times.h"
#include "node/commands/zset_support.h"
#include "node/store/integer.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::ZsetValue;
using store::ZsetView;

enum class End : uint8_t { kMin, kMax };

// The three shapes of replies.
enum class Shape : uint8_t {
  kMembers,     // ZPOPMIN: member, score, member, score; with a count in RESP3 in pairs
  kKeyThenOne,  // BZPOPMIN: key, member, score
  kKeyAndAll,   // ZMPOP: key and an array of pairs
};

struct PopRequest {
  std::span<const std::string_view> keys;
  End end = End::kMin;
  std::optional<int64_t> count;
  Shape shape = Shape::kMembers;
};

void reply_popped(Context& c, const PopRequest& request, std::string_view key, const ZsetView& zset,
                  const MemberSpan& span) {
  const bool pairs = request.shape == Shape::kKeyAndAll ||
                     (request.shape == Shape::kMembers && request.count.has_value() && c.reply.resp3());
  if (request.shape == Shape::kKeyAndAll) {
    c.reply.array(2);
    c.reply.bulk(key);
  }
  c.reply.array(pairs ? span.count : span.count * 2 + (request.shape == Shape::kKeyThenOne ? 1 : 0));
  if (request.shape == Shape::kKeyThenOne) c.reply.bulk(key);
  store::ZsetCursor at = zset.at(span.first);
  for (size_t left = span.count; left > 0; --left) {
    if (pairs) c.reply.array(2);
    c.reply.bulk(at.member());
    c.reply.real(at.score());
    span.reverse ? at.previous() : at.next();
  }
}

// From the first of the keys that is there. False when none is; an error reply counts as success.
bool pop(Context& c, const PopRequest& request) {
  for (const std::string_view name : request.keys) {
    const KeyRef key(c.slot, name);
    Entry* entry = c.find_for_write(key);
    if (entry == nullptr) continue;
    if (!is_zset_or_missing(c, entry)) return true;
    if (request.count == 0) {
      c.reply.array(0);
      return true;
    }
    ZsetValue zset(c.data, key, entry);
    const size_t size = zset.size();
    const size_t count = std::min(size, static_cast<size_t>(request.count.value_or(1)));
    const bool from_top = request.end == End::kMax;
    reply_popped(c, request, name, zset, {from_top ? size - 1 : 0, count, from_top});
    zset.erase_ranks(from_top ? size - count : 0, count);
    announce_removal(c, key, zset, from_top ? "zpopmax" : "zpopmin");
    // What was taken, and not from which of the keys it could have been.
    const std::string_view command = from_top ? "ZPOPMAX" : "ZPOPMIN";
    store::IntText scratch;
    if (request.shape == Shape::kKeyThenOne) {
      c.replicate_as({command, name});
    } else if (request.shape == Shape::kKeyAndAll) {
      c.replicate_as({command, name, store::print_integer(static_cast<int64_t>(count), scratch)});
    }
    return true;
  }
  return false;
}

void pop_or_wait(Context& c, const PopRequest& request, Millis timeout) {
  if (pop(c, request)) return;
  if (!c.may_block()) return c.reply.null_array();
  c.block({.keys = request.keys, .type = store::Type::kZset, .timeout = timeout});
}

void pop_from_one(Context& c, End end) {
  if (c.argc() > 3) return c.syntax_error();
  PopRequest request{.keys = c.args.subspan(1, 1), .end = end};
  if (c.argc() == 3) {
    request.count = parse_integer(c.arg(2));
    if (!request.count || *request.count < 0) return c.reply.error("ERR value is out of range, must be positive");
  }
  if (!pop(c, request)) c.reply.array(0);
}

void pop_first_or_wait(Context& c, End end) {
  const auto timeout = read_block_timeout(c, c.args.back());
  if (!timeout) return;
  const PopRequest request{
      .keys = c.args.subspan(1, c.argc() - 2), .end = end, .count = {}, .shape = Shape::kKeyThenOne};
  pop_or_wait(c, request, *timeout);
}

// "NUMKEYS key ... MIN|MAX [COUNT n]" from argument `first` on; nothing after an error reply.
std::optional<PopRequest> parse_multi_pop(Context& c, size_t first) {
  PopRequest request{.keys = {}, .end = End::kMin, .count = {}, .shape = Shape::kKeyAndAll};
  const auto keys = parse_integer(c.arg(first));
  if (!keys || *keys < 1) {
    c.reply.error("ERR numkeys should be greater than 0");
    return std::nullopt;
  }
  const size_t left = c.argc() - first - 1;
  if (static_cast<uint64_t>(*keys) >= left) {
    c.syntax_error();
    return std::nullopt;
  }
  request.keys = c.args.subspan(first + 1, static_cast<size_t>(*keys));
  size_t i = first + 1 + request.keys.size();
  if (equals_ignore_case("max", c.arg(i))) {
    request.end = End::kMax;
  } else if (!equals_ignore_case("min", c.arg(i))) {
    c.syntax_error();
    return std::nullopt;
  }
  for (++i; i < c.argc(); i += 2) {
    if (request.count || !equals_ignore_case("count", c.arg(i)) || i + 1 >= c.argc()) {
      c.syntax_error();
      return std::nullopt;
    }
    request.count = parse_integer(c.arg(i + 1));
    if (!request.count || *request.count < 1) {
      c.reply.error("ERR count should be greater than 0");
      return std::nullopt;
    }
  }
  return request;
}

}  // namespace

namespace handlers {

void zpopmin(Context& c) {
  pop_from_one(c, End::kMin);
}
void zpopmax(Context& c) {
  pop_from_one(c, End::kMax);
}

void bzpopmin(Context& c) {
  pop_first_or_wait(c, End::kMin);
}
void bzpopmax(Context& c) {
  pop_first_or_wait(c, End::kMax);
}

void zmpop(Context& c) {
  const auto request = parse_multi_pop(c, 1);
  if (request && !pop(c, *request)) c.reply.null_array();
}

void bzmpop(Context& c) {
  const auto request = parse_multi_pop(c, 2);
  if (!request) return;
  const auto timeout = read_block_timeout(c, c.arg(1));
  if (timeout) pop_or_wait(c, *request, *timeout);
}

}  // namespace handlers
}  // namespace guccho::commands
