// Geographic indexes: sorted sets whose scores are positions. Searching is in geo_search.cc.
#include <vector>

#include "node/base/real.h"
#include "node/commands/geo_arguments.h"
#include "node/commands/handlers.h"
#include "node/commands/text.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::ZsetView;

// GEOADD's options from argument 2 on; returns where they end.
size_t parse_geoadd_options(const Context& c, AddRequest& request) {
  size_t i = 2;
  for (; i < c.argc(); ++i) {
    if (equals_ignore_case("nx", c.arg(i))) {
      request.condition.nx = true;
    } else if (equals_ignore_case("xx", c.arg(i))) {
      request.condition.xx = true;
    } else if (equals_ignore_case("ch", c.arg(i))) {
      request.count_updated = true;
    } else {
      break;
    }
  }
  return i;
}

// As the ZADD that it amounts to.
void replicate_as_zadd(Context& c, size_t first, std::span<const double> scores) {
  std::vector<std::string_view> request(c.args.begin(), c.args.begin() + static_cast<std::ptrdiff_t>(first));
  request[0] = "ZADD";
  std::vector<RealText> texts(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    request.push_back(print_real(scores[i], texts[i]));
    request.push_back(c.arg(first + 3 * i + 2));
  }
  c.replicate_as(request);
}

}  // namespace

void geoadd(Context& c) {
  AddRequest request;
  const size_t first = parse_geoadd_options(c, request);
  const size_t count = (c.argc() - first) / 3;
  if ((c.argc() - first) % 3 != 0 || count == 0 || (request.condition.nx && request.condition.xx)) {
    return c.syntax_error();
  }
  std::vector<double> scores;
  scores.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto point = read_point(c, first + 3 * i);
    if (!point) return;
    scores.push_back(geo_score(*point));
  }
  request.scores = scores;
  request.first_member = first + 2;
  request.stride = 3;
  if (add_members(c, request)) replicate_as_zadd(c, first, scores);
}

void geopos(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  c.reply.array(c.argc() - 2);
  for (const std::string_view member : c.args.subspan(2)) {
    const auto score = zset.score(member);
    score ? reply_point(c, geo_point(*score)) : c.reply.null_array();
  }
}

void geohash(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  c.reply.array(c.argc() - 2);
  for (const std::string_view member : c.args.subspan(2)) {
    GeohashText scratch;
    const auto score = zset.score(member);
    score ? c.reply.bulk(print_geohash(geo_point(*score), scratch)) : c.reply.null();
  }
}

void geodist(Context& c) {
  double metres = 1;
  if (c.argc() == 5) {
    const auto unit = read_unit(c, c.arg(4));
    if (!unit) return;
    metres = *unit;
  } else if (c.argc() > 5) {
    return c.syntax_error();
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  const ZsetView zset(entry);
  const auto from = zset.score(c.arg(2));
  const auto to = zset.score(c.arg(3));
  if (!from || !to) return c.reply.null();
  reply_distance(c, geo_distance(geo_point(*from), geo_point(*to)) / metres);
}

}  // namespace guccho::commands::handlers
