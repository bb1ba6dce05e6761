// The arithmetic of cells and distances. Every operation on doubles is in the order that redis-server has it, since
// replies show all digits.
#include "node/commands/geohash.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace guccho::commands {
namespace {

constexpr int kSteps = 26;
constexpr double kEarthRadius = 6372797.560856;
// Half the circumference that the projection has, in metres.
constexpr double kMercatorMax = 20037726.37;
constexpr double kDegree = std::numbers::pi / 180.0;

double radians(double degrees) {
  return degrees * kDegree;
}
double degrees(double radians) {
  return radians / kDegree;
}

struct Range {
  double min;
  double max;
};
constexpr Range kLongitudes{-kMaxLongitude, kMaxLongitude};
constexpr Range kLatitudes{-kMaxLatitude, kMaxLatitude};

// Spreads 32 bits over the even places of 64.
uint64_t spread(uint32_t bits) {
  uint64_t x = bits;
  x = (x | (x << 16)) & 0x0000ffff0000ffff;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0f;
  x = (x | (x << 2)) & 0x3333333333333333;
  x = (x | (x << 1)) & 0x5555555555555555;
  return x;
}

uint32_t gather(uint64_t x) {
  x &= 0x5555555555555555;
  x = (x | (x >> 1)) & 0x3333333333333333;
  x = (x | (x >> 2)) & 0x0f0f0f0f0f0f0f0f;
  x = (x | (x >> 4)) & 0x00ff00ff00ff00ff;
  x = (x | (x >> 8)) & 0x0000ffff0000ffff;
  x = (x | (x >> 16)) & 0x00000000ffffffff;
  return static_cast<uint32_t>(x);
}

// One of 2^step x 2^step rectangles.
struct Cell {
  uint32_t x = 0;  // of longitude
  uint32_t y = 0;  // of latitude
  int step = 0;

  uint64_t number() const { return spread(y) | (spread(x) << 1); }
  // Around the world, and over the poles as if they were edges of the same kind. A position on the upper edge of the
  // map lies beyond the last part, and stays there in a direction that it is not moved in.
  Cell moved(int dx, int dy) const {
    const uint32_t mask = (1u << step) - 1;
    return {dx == 0 ? x : (x + static_cast<uint32_t>(dx)) & mask, dy == 0 ? y : (y + static_cast<uint32_t>(dy)) & mask,
            step};
  }
  friend bool operator==(const Cell&, const Cell&) = default;
};

// In which of 2^step parts of the range a coordinate lies; its upper end is in the one after the last.
uint32_t part_of(double coordinate, const Range& range, int step) {
  const double offset = (coordinate - range.min) / (range.max - range.min);
  return static_cast<uint32_t>(offset * static_cast<double>(uint64_t{1} << step));
}

Range part_range(uint32_t part, const Range& range, int step) {
  const double scale = range.max - range.min;
  const auto parts = static_cast<double>(uint64_t{1} << step);
  return {range.min + (part * 1.0 / parts) * scale, range.min + ((part + 1) * 1.0 / parts) * scale};
}

Cell cell_of(const GeoPoint& point, int step) {
  return {part_of(point.longitude, kLongitudes, step), part_of(point.latitude, kLatitudes, step), step};
}

Range longitudes_of(const Cell& cell) {
  return part_range(cell.x, kLongitudes, cell.step);
}
Range latitudes_of(const Cell& cell) {
  return part_range(cell.y, kLatitudes, cell.step);
}

double latitude_distance(double a, double b) {
  return kEarthRadius * std::fabs(radians(b) - radians(a));
}

// ---- covering an area ----

// So that nine cells of this step are larger than the radius; wider cells near the poles, where meridians meet.
int steps_for(double metres, double latitude) {
  if (metres == 0) return kSteps;
  int step = 1;
  while (metres < kMercatorMax) {
    metres *= 2;
    ++step;
  }
  step -= 2;
  if (latitude > 66 || latitude < -66) --step;
  if (latitude > 80 || latitude < -80) --step;
  return std::clamp(step, 1, kSteps);
}

struct Bounds {
  Range longitudes;
  Range latitudes;
};

Bounds bounds_of(const GeoShape& shape) {
  const auto [longitude, latitude] = shape.centre;
  const double height = shape.box ? shape.height / 2 : shape.radius;
  const double width = shape.box ? shape.width / 2 : shape.radius;
  const double dy = degrees(height / kEarthRadius);
  // The edge that is nearer to its pole spans more degrees.
  const double edge = latitude < 0 ? latitude - dy : latitude + dy;
  const double dx = degrees(width / kEarthRadius / std::cos(radians(edge)));
  return {{longitude - dx, longitude + dx}, {latitude - dy, latitude + dy}};
}

// Whether the cells around this one reach as far as the bounds.
bool neighbours_suffice(const Cell& cell, const Bounds& bounds) {
  return latitudes_of(cell.moved(0, 1)).max >= bounds.latitudes.max &&
         latitudes_of(cell.moved(0, -1)).min <= bounds.latitudes.min &&
         longitudes_of(cell.moved(1, 0)).max >= bounds.longitudes.max &&
         longitudes_of(cell.moved(-1, 0)).min <= bounds.longitudes.min;
}

// Any score can be asked for its position, also one that no position has: negative ones wrap around, as they do where
// redis-server runs.
uint64_t number_of(double score) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (score < -kTwoTo63) return uint64_t{1} << 63;
  if (score < kTwoTo63) return static_cast<uint64_t>(static_cast<int64_t>(score));
  return score < 2 * kTwoTo63 ? static_cast<uint64_t>(score) : 0;
}

ScoreSpan span_of(const Cell& cell) {
  const int shift = 2 * (kSteps - cell.step);
  return {static_cast<double>(cell.number() << shift), static_cast<double>((cell.number() + 1) << shift)};
}

}  // namespace

double geo_score(const GeoPoint& point) {
  return static_cast<double>(cell_of(point, kSteps).number());
}

GeoPoint geo_point(double score) {
  const uint64_t number = number_of(score);
  const Cell cell{gather(number >> 1), gather(number), kSteps};
  const Range x = longitudes_of(cell);
  const Range y = latitudes_of(cell);
  return {std::clamp((x.min + x.max) / 2, -kMaxLongitude, kMaxLongitude),
          std::clamp((y.min + y.max) / 2, -kMaxLatitude, kMaxLatitude)};
}

std::string_view print_geohash(const GeoPoint& point, GeohashText& scratch) {
  constexpr std::string_view kAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
  // There latitudes go all the way to the poles.
  const Cell cell{part_of(point.longitude, kLongitudes, kSteps), part_of(point.latitude, {-90, 90}, kSteps), kSteps};
  const uint64_t number = cell.number();
  for (size_t i = 0; i < 10; ++i) scratch[i] = kAlphabet[(number >> (52 - 5 * (i + 1))) & 31];
  scratch[10] = '0';
  return {scratch.data(), scratch.size()};
}

double geo_distance(const GeoPoint& a, const GeoPoint& b) {
  const double v = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
  if (v == 0) return latitude_distance(a.latitude, b.latitude);
  const double from = radians(a.latitude);
  const double to = radians(b.latitude);
  const double u = std::sin((to - from) / 2);
  return 2.0 * kEarthRadius * std::asin(std::sqrt(u * u + std::cos(from) * std::cos(to) * v * v));
}

std::optional<double> GeoShape::distance_to(const GeoPoint& point) const {
  if (!box) {
    const double distance = geo_distance(centre, point);
    if (distance > radius) return std::nullopt;
    return distance;
  }
  // The cheaper test first.
  if (latitude_distance(point.latitude, centre.latitude) > height / 2) return std::nullopt;
  if (geo_distance(point, {centre.longitude, point.latitude}) > width / 2) return std::nullopt;
  return geo_distance(centre, point);
}

GeoCover geo_cover(const GeoShape& shape) {
  const Bounds bounds = bounds_of(shape);
  const double reach = shape.box
                           ? std::sqrt((shape.width / 2) * (shape.width / 2) + (shape.height / 2) * (shape.height / 2))
                           : shape.radius;
  int step = steps_for(reach, shape.centre.latitude);
  Cell middle = cell_of(shape.centre, step);
  if (step > 1 && !neighbours_suffice(middle, bounds)) middle = cell_of(shape.centre, --step);

  // Directions in which the middle cell itself reaches beyond the bounds need no neighbour.
  const bool skip = step >= 2;
  const bool south = !skip || latitudes_of(middle).min >= bounds.latitudes.min;
  const bool north = !skip || latitudes_of(middle).max <= bounds.latitudes.max;
  const bool west = !skip || longitudes_of(middle).min >= bounds.longitudes.min;
  const bool east = !skip || longitudes_of(middle).max <= bounds.longitudes.max;
  const struct {
    int dx;
    int dy;
    bool needed;
  } order[] = {{0, 0, true},           {0, 1, north},          {0, -1, south},
               {1, 0, east},           {-1, 0, west},          {1, 1, north && east},
               {-1, 1, north && west}, {1, -1, south && east}, {-1, -1, south && west}};
  GeoCover cover;
  std::optional<Cell> previous;
  for (const auto& [dx, dy, needed] : order) {
    const Cell cell = middle.moved(dx, dy);
    if (!needed || cell == previous) continue;
    cover.spans[cover.count++] = span_of(cell);
    // A repetition of the middle one alone is not noticed, as in Redis.
    if (dx != 0 || dy != 0) previous = cell;
  }
  return cover;
}

}  // namespace guccho::commands
