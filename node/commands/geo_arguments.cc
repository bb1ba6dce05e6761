// Reading and printing positions, units and distances.
#include "node/commands/geo_arguments.h"

#include <fmt/core.h>

#include <cstdio>

#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {

std::optional<GeoPoint> read_point(Context& c, size_t at) {
  const auto longitude = parse_double(c.arg(at));
  const auto latitude = longitude ? parse_double(c.arg(at + 1)) : std::nullopt;
  if (!latitude) {
    c.not_a_float();
    return std::nullopt;
  }
  const GeoPoint point{*longitude, *latitude};
  if (!on_the_map(point)) {
    c.reply.error(fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", *longitude, *latitude));
    return std::nullopt;
  }
  return point;
}

std::optional<double> read_unit(Context& c, std::string_view name) {
  if (equals_ignore_case("m", name)) return 1;
  if (equals_ignore_case("km", name)) return 1000;
  if (equals_ignore_case("ft", name)) return 0.3048;
  if (equals_ignore_case("mi", name)) return 1609.34;
  c.reply.error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

void reply_point(Context& c, const GeoPoint& point) {
  c.reply.array(2);
  for (const double coordinate : {point.longitude, point.latitude}) {
    LongDoubleText scratch;
    const std::string_view text = print_long_double(coordinate, scratch);
    if (!c.reply.resp3()) {
      c.reply.bulk(text);
      continue;
    }
    c.reply.raw(",");
    c.reply.raw(text);
    c.reply.raw("\r\n");
  }
}

void reply_distance(Context& c, double distance) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.4f", distance);
  c.reply.bulk({text, static_cast<size_t>(size)});
}

}  // namespace guccho::commands
