// Geographic positions as 52-bit cells, distances on a sphere, and the cells that cover an area.
//
// A cell of step s is one of 2^s x 2^s rectangles: longitude -180 to 180 and latitude -85.05112878 to 85.05112878 (the
// square of the Web Mercator projection, EPSG:3857), each cut into 2^s equal parts. Its number interleaves the bits of
// the two coordinates, longitude first, so that a cell's parts follow each other: at step 26 the numbers have 52 bits,
// which a double holds exactly. Hence the score of a member.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace guccho::commands {

// In degrees.
struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
};

inline constexpr double kMaxLongitude = 180;
inline constexpr double kMaxLatitude = 85.05112878;

inline bool on_the_map(const GeoPoint& point) {
  return point.longitude >= -kMaxLongitude && point.longitude <= kMaxLongitude && point.latitude >= -kMaxLatitude &&
         point.latitude <= kMaxLatitude;
}

// The score of a position, and the middle of the cell that a score stands for.
double geo_score(const GeoPoint& point);
GeoPoint geo_point(double score);

// The eleven characters that geohash.org uses, of which the last is always "0": 52 bits are ten of them and two bits.
using GeohashText = std::array<char, 11>;
std::string_view print_geohash(const GeoPoint& point, GeohashText& scratch);

// Metres along a great circle, by the haversine formula, on a sphere with a radius of 6372797.560856 m.
double geo_distance(const GeoPoint& a, const GeoPoint& b);

// What GEOSEARCH looks for; all in metres.
struct GeoShape {
  GeoPoint centre;
  bool box = false;
  double radius = 0;
  double width = 0;  // of a box, sides along the meridians and parallels
  double height = 0;

  // The distance from the centre, if the point is inside.
  std::optional<double> distance_to(const GeoPoint& point) const;
};

// Scores of one cell: [min, max).
struct ScoreSpan {
  double min = 0;
  double max = 0;
};
// The at most nine cells, the middle one first, whose scores hold everything inside the shape. A cell is never listed
// right after itself, but may come again where the shape is nearly as large as the world, as in Redis.
struct GeoCover {
  std::array<ScoreSpan, 9> spans;
  size_t count = 0;
};
GeoCover geo_cover(const GeoShape& shape);

}  // namespace guccho::commands
