// Positions, units and distances in the arguments and replies of the geographic commands.
#pragma once

#include <optional>
#include <string_view>

#include "node/commands/context.h"
#include "node/commands/geohash.h"

namespace guccho::commands {

// Longitude and latitude at two arguments; nothing after an error reply.
std::optional<GeoPoint> read_point(Context& c, size_t at);
// How many metres a unit has; nothing after an error reply.
std::optional<double> read_unit(Context& c, std::string_view name);

// An array of longitude and latitude: doubles in RESP3, bulk strings in RESP2.
void reply_point(Context& c, const GeoPoint& point);
// A bulk string with four digits after the point.
void reply_distance(Context& c, double distance);

}  // namespace guccho::commands
