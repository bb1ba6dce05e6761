// GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS family: members near a position or another member.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "node/commands/geo_arguments.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::ZsetView;

enum class Form : uint8_t { kSearch, kSearchStore, kRadius, kRadiusByMember };

struct SearchRequest {
  Form form = Form::kSearch;
  bool may_store = false;  // GEORADIUS and GEORADIUSBYMEMBER, not their read-only forms
  size_t source = 1;       // the argument with the key

  GeoShape shape;
  double unit = 1;  // metres; of the distances in the reply
  bool from_member = false;
  bool from_point = false;
  bool by_radius = false;
  bool by_box = false;

  enum class Order : uint8_t { kNone, kAscending, kDescending };
  Order order = Order::kNone;
  int64_t count = 0;  // 0: all
  bool any = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_coordinates = false;
  std::optional<size_t> store_at;  // the argument with the key to store in
  bool store_distance = false;

  bool search() const { return form == Form::kSearch || form == Form::kSearchStore; }
};

// ---- arguments ----

std::optional<double> read_length(Context& c, std::string_view text, std::string_view what) {
  const auto length = parse_double(text);
  if (!length) c.reply.error("ERR need numeric " + std::string(what));
  return length;
}

// A radius and its unit at two arguments; false after an error reply.
bool read_radius(Context& c, SearchRequest& request, size_t at) {
  const auto radius = read_length(c, c.arg(at), "radius");
  if (!radius) return false;
  if (*radius < 0) {
    c.reply.error("ERR radius cannot be negative");
    return false;
  }
  const auto unit = read_unit(c, c.arg(at + 1));
  if (!unit) return false;
  request.unit = *unit;
  request.shape.radius = *radius * *unit;
  return true;
}

// Width, height and unit at three arguments; false after an error reply.
bool read_box(Context& c, SearchRequest& request, size_t at) {
  const auto width = read_length(c, c.arg(at), "width");
  if (!width) return false;
  const auto height = read_length(c, c.arg(at + 1), "height");
  if (!height) return false;
  if (*width < 0 || *height < 0) {
    c.reply.error("ERR height or width cannot be negative");
    return false;
  }
  const auto unit = read_unit(c, c.arg(at + 2));
  if (!unit) return false;
  request.unit = *unit;
  request.shape.box = true;
  request.shape.width = *width * *unit;
  request.shape.height = *height * *unit;
  return true;
}

// The centre is a member's position; false after an error reply.
bool read_member(Context& c, SearchRequest& request, const ZsetView& zset, std::string_view member) {
  const auto score = zset.score(member);
  if (!score) {
    c.reply.error("ERR could not decode requested zset member");
    return false;
  }
  request.shape.centre = geo_point(*score);
  return true;
}

// What GEORADIUS and GEORADIUSBYMEMBER have before their options; returns where those begin, nothing after an error.
std::optional<size_t> read_fixed_part(Context& c, SearchRequest& request, const Entry* entry) {
  if (request.search()) return request.source + 1;
  if (request.form == Form::kRadius) {
    const auto point = read_point(c, 2);
    if (!point) return std::nullopt;
    request.shape.centre = *point;
    if (!read_radius(c, request, 4)) return std::nullopt;
    return 6;
  }
  // Without a key the rest is read nevertheless: the reply depends on it.
  if (entry == nullptr) return 5;
  if (!read_member(c, request, ZsetView(entry), c.arg(2)) || !read_radius(c, request, 3)) return std::nullopt;
  return 5;
}

// The options of GEOSEARCH and GEOSEARCHSTORE alone, at argument `i`: how many arguments they take, 0 for none of them,
// nothing after an error reply.
std::optional<size_t> read_search_option(Context& c, SearchRequest& request, const Entry* entry, size_t i) {
  const std::string_view option = c.arg(i);
  const size_t left = c.argc() - i - 1;
  if (left >= 1 && !request.from_point && equals_ignore_case("frommember", option)) {
    request.from_member = true;
    if (entry != nullptr && !read_member(c, request, ZsetView(entry), c.arg(i + 1))) return std::nullopt;
    return 2;
  }
  if (left >= 2 && !request.from_member && equals_ignore_case("fromlonlat", option)) {
    const auto point = read_point(c, i + 1);
    if (!point) return std::nullopt;
    request.shape.centre = *point;
    request.from_point = true;
    return 3;
  }
  if (left >= 2 && !request.by_box && equals_ignore_case("byradius", option)) {
    if (!read_radius(c, request, i + 1)) return std::nullopt;
    request.by_radius = true;
    return 3;
  }
  if (left >= 3 && !request.by_radius && equals_ignore_case("bybox", option)) {
    if (!read_box(c, request, i + 1)) return std::nullopt;
    request.by_box = true;
    return 4;
  }
  if (request.form == Form::kSearchStore && equals_ignore_case("storedist", option)) {
    request.store_distance = true;
    return 1;
  }
  return 0;
}

// An option that is one word, for all forms.
bool read_flag(SearchRequest& request, std::string_view option) {
  using Order = SearchRequest::Order;
  if (equals_ignore_case("withdist", option)) {
    request.with_distance = true;
  } else if (equals_ignore_case("withhash", option)) {
    request.with_hash = true;
  } else if (equals_ignore_case("withcoord", option)) {
    request.with_coordinates = true;
  } else if (equals_ignore_case("any", option)) {
    request.any = true;
  } else if (equals_ignore_case("asc", option)) {
    request.order = Order::kAscending;
  } else if (equals_ignore_case("desc", option)) {
    request.order = Order::kDescending;
  } else {
    return false;
  }
  return true;
}

bool read_count(Context& c, SearchRequest& request, std::string_view text) {
  const auto count = parse_integer(text);
  if (!count) {
    c.not_an_integer();
    return false;
  }
  if (*count <= 0) {
    c.reply.error("ERR COUNT must be > 0");
    return false;
  }
  request.count = *count;
  return true;
}

// All options; false after an error reply.
bool read_options(Context& c, SearchRequest& request, const Entry* entry, size_t first) {
  for (size_t i = first; i < c.argc();) {
    const std::string_view option = c.arg(i);
    const bool has_value = i + 1 < c.argc();
    if (read_flag(request, option)) {
      ++i;
      continue;
    }
    if (has_value && equals_ignore_case("count", option)) {
      if (!read_count(c, request, c.arg(i + 1))) return false;
      i += 2;
      continue;
    }
    const bool distance = request.may_store && equals_ignore_case("storedist", option);
    if (has_value && (distance || (request.may_store && equals_ignore_case("store", option)))) {
      request.store_at = i + 1;
      request.store_distance = distance;
      i += 2;
      continue;
    }
    const auto taken = request.search() ? read_search_option(c, request, entry, i) : size_t{0};
    if (!taken) return false;
    if (*taken == 0) {
      c.syntax_error();
      return false;
    }
    i += *taken;
  }
  return true;
}

// Options that do not go together, or are missing; false after an error reply.
bool check_options(Context& c, const SearchRequest& request) {
  const auto name = std::string(c.arg(0));
  if (request.store_at && (request.with_distance || request.with_hash || request.with_coordinates)) {
    c.reply.error((request.form == Form::kSearchStore ? "ERR GEOSEARCHSTORE" : "ERR STORE option in GEORADIUS") +
                  std::string(" is not compatible with WITHDIST, WITHHASH and WITHCOORD options"));
  } else if (request.search() && !request.from_member && !request.from_point) {
    c.reply.error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name);
  } else if (request.search() && !request.by_radius && !request.by_box) {
    c.reply.error("ERR exactly one of BYRADIUS and BYBOX can be specified for " + name);
  } else if (request.any && request.count == 0) {
    c.reply.error("ERR the ANY argument requires COUNT argument");
  } else {
    return true;
  }
  return false;
}

// ---- searching ----

struct Hit {
  std::string member;
  double score;
  double distance;  // metres
  GeoPoint point;
};

// In the order of the cells, and in them of the scores. Ends early once there are `enough`; 0: never.
std::vector<Hit> find_inside(const ZsetView& zset, const GeoShape& shape, size_t enough) {
  std::vector<Hit> hits;
  const GeoCover cover = geo_cover(shape);
  for (const ScoreSpan& span : std::span(cover.spans).first(cover.count)) {
    for (store::ZsetCursor at = zset.at(zset.count_below(span.min)); at.valid(); at.next()) {
      const double score = at.score();
      if (score >= span.max) break;
      const GeoPoint point = geo_point(score);
      const auto distance = shape.distance_to(point);
      if (!distance) continue;
      hits.push_back({std::string(at.member()), score, *distance, point});
      if (hits.size() == enough) return hits;
    }
  }
  return hits;
}

void put_in_order(const SearchRequest& request, std::vector<Hit>& hits) {
  if (request.order == SearchRequest::Order::kAscending) std::ranges::stable_sort(hits, {}, &Hit::distance);
  if (request.order == SearchRequest::Order::kDescending) {
    std::ranges::stable_sort(hits, std::ranges::greater(), &Hit::distance);
  }
  if (request.count != 0 && hits.size() > static_cast<size_t>(request.count)) {
    hits.erase(hits.begin() + request.count, hits.end());
  }
}

void reply_hits(Context& c, const SearchRequest& request, std::span<const Hit> hits) {
  const size_t extras = size_t{request.with_distance} + request.with_hash + request.with_coordinates;
  c.reply.array(hits.size());
  for (const Hit& hit : hits) {
    if (extras > 0) c.reply.array(extras + 1);
    c.reply.bulk(hit.member);
    if (request.with_distance) reply_distance(c, hit.distance / request.unit);
    if (request.with_hash) c.reply.integer(static_cast<int64_t>(hit.score));
    if (request.with_coordinates) reply_point(c, hit.point);
  }
}

void store_hits(Context& c, const SearchRequest& request, std::span<const Hit> hits) {
  std::vector<store::ScoredMember> members;
  members.reserve(hits.size());
  for (const Hit& hit : hits) {
    members.push_back({request.store_distance ? hit.distance / request.unit : hit.score, hit.member});
  }
  std::ranges::sort(members, std::less());
  // Where the shape is as large as the world a cell may have come twice.
  const auto repeated = std::ranges::unique(members, {}, &store::ScoredMember::member);
  members.erase(repeated.begin(), repeated.end());
  store_members(c, c.key(*request.store_at), members, request.search() ? "geosearchstore" : "georadiusstore");
}

void search(Context& c, SearchRequest request) {
  const KeyRef key = c.key(request.source);
  const Entry* entry = c.find_for_read(key);
  if (!is_zset_or_missing(c, entry)) return;
  if (request.form == Form::kSearchStore) request.store_at = 1;
  const auto first = read_fixed_part(c, request, entry);
  if (!first || !read_options(c, request, entry, *first) || !check_options(c, request)) return;
  std::vector<Hit> hits;
  if (entry != nullptr) {
    if (request.count != 0 && request.order == SearchRequest::Order::kNone && !request.any) {
      request.order = SearchRequest::Order::kAscending;
    }
    hits = find_inside(ZsetView(entry), request.shape, request.any ? static_cast<size_t>(request.count) : 0);
    put_in_order(request, hits);
  }
  request.store_at ? store_hits(c, request, hits) : reply_hits(c, request, hits);
}

}  // namespace

namespace handlers {

void geosearch(Context& c) {
  search(c, {.form = Form::kSearch});
}
void geosearchstore(Context& c) {
  search(c, {.form = Form::kSearchStore, .source = 2});
}
void georadius(Context& c) {
  search(c, {.form = Form::kRadius, .may_store = true});
}
void georadius_ro(Context& c) {
  search(c, {.form = Form::kRadius});
}
void georadiusbymember(Context& c) {
  search(c, {.form = Form::kRadiusByMember, .may_store = true});
}
void georadiusbymember_ro(Context& c) {
  search(c, {.form = Form::kRadiusByMember});
}

}  // namespace handlers
}  // namespace guccho::commands
