// ZRANDMEMBER: members chosen at random, with or without repetition.
#include <algorithm>
#include <unordered_set>
#include <vector>

#include "node/base/random.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/random_choice.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::ZsetView;

void reply_at(Context& c, store::ZsetCursor at, bool with_scores) {
  if (with_scores && c.reply.resp3()) c.reply.array(2);
  c.reply.bulk(at.member());
  if (with_scores) c.reply.real(at.score());
}

// `count` different ranks below `size`, each choice of them equally likely (Floyd's algorithm), ascending.
std::vector<size_t> choose_ranks(Rng& rng, size_t size, size_t count) {
  std::unordered_set<size_t> taken;
  taken.reserve(count);
  std::vector<size_t> ranks;
  ranks.reserve(count);
  for (size_t top = size - count; top < size; ++top) {
    size_t rank = rng.below(top + 1);
    if (!taken.insert(rank).second) taken.insert(rank = top);
    ranks.push_back(rank);
  }
  std::ranges::sort(ranks);
  return ranks;
}

void reply_with_repetition(Context& c, const ZsetView& zset, size_t count, bool with_scores) {
  Rng rng(c.host.next_random());
  c.reply.array(with_scores && !c.reply.resp3() ? count * 2 : count);
  for (size_t i = 0; i < count; ++i) reply_at(c, zset.at(rng.below(zset.size())), with_scores);
}

void reply_distinct(Context& c, const ZsetView& zset, size_t count, bool with_scores) {
  const size_t size = zset.size();
  if (count >= size) return reply_members(c, zset, {0, size, false}, with_scores);
  Rng rng(c.host.next_random());
  c.reply.array(with_scores && !c.reply.resp3() ? count * 2 : count);
  store::ZsetCursor at = zset.at(0);
  size_t here = 0;
  for (const size_t rank : choose_ranks(rng, size, count)) {
    // A few steps are cheaper than a way down the tree.
    if (rank - here > 16) {
      at = zset.at(rank);
    } else {
      for (; here < rank; ++here) at.next();
    }
    here = rank;
    reply_at(c, at, with_scores);
  }
}

}  // namespace

void handlers::zrandmember(Context& c) {
  const bool with_count = c.argc() > 2;
  std::optional<RandomCount> count;
  if (with_count && !(count = read_random_count(c, "withscores"))) return;
  const store::KeyRef key = c.key(1);
  store::Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  if (zset.size() == 0) return with_count ? c.reply.array(0) : c.reply.null();
  if (!with_count) {
    Rng rng(c.host.next_random());
    return c.reply.bulk(zset.at(rng.below(zset.size())).member());
  }
  const auto [number, with_scores] = *count;
  number < 0 ? reply_with_repetition(c, zset, static_cast<size_t>(-number), with_scores)
             : reply_distinct(c, zset, static_cast<size_t>(number), with_scores);
}

}  // namespace guccho::commands
