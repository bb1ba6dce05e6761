// Registers and runs, and the estimate of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
// (arXiv:1702.01284).
#include "node/store/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace guccho::store {
namespace {

constexpr unsigned kIndexBits = 14;
constexpr unsigned kHashBits = 64 - kIndexBits;  // of the hash beyond the index
constexpr size_t kZeroMax = 64;
constexpr size_t kXZeroMax = 16384;
constexpr size_t kValMax = 4;

// MurmurHash64A (A. Appleby, public domain), with the seed of Redis.
uint64_t hash(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995ULL;
  constexpr uint64_t kSeed = 0xadc83b19ULL;
  uint64_t h = kSeed ^ (bytes.size() * kMultiplier);
  while (bytes.size() >= 8) {
    uint64_t k;
    std::memcpy(&k, bytes.data(), sizeof k);
    k *= kMultiplier;
    k ^= k >> 47;
    k *= kMultiplier;
    h = (h ^ k) * kMultiplier;
    bytes.remove_prefix(8);
  }
  if (!bytes.empty()) {
    uint64_t tail = 0;
    std::memcpy(&tail, bytes.data(), bytes.size());
    h = (h ^ tail) * kMultiplier;
  }
  h ^= h >> 47;
  h *= kMultiplier;
  return h ^ (h >> 47);
}
static_assert(std::endian::native == std::endian::little);

// ---- dense registers ----

uint8_t dense_get(std::string_view bytes, size_t index) {
  const size_t bit = index * 6;
  const size_t at = HyperLogLog::kHeader + bit / 8;
  const unsigned low = static_cast<uint8_t>(bytes[at]);
  // The last register ends with the last byte.
  const unsigned high = at + 1 < bytes.size() ? static_cast<uint8_t>(bytes[at + 1]) : 0;
  return ((low | high << 8) >> (bit % 8)) & 63;
}

void dense_set(std::span<char> bytes, size_t index, uint8_t value) {
  const size_t bit = index * 6;
  const size_t at = HyperLogLog::kHeader + bit / 8;
  const unsigned shift = bit % 8;
  const auto put = [&](size_t i, unsigned mask, unsigned b) {
    bytes[i] = static_cast<char>((static_cast<uint8_t>(bytes[i]) & ~mask) | b);
  };
  put(at, (63u << shift) & 0xff, (unsigned{value} << shift) & 0xff);
  if (shift > 2) put(at + 1, 63u >> (8 - shift), unsigned{value} >> (8 - shift));
}

// ---- sparse runs ----

struct Run {
  size_t bytes = 1;
  size_t length = 0;
  uint8_t value = 0;
};

Run run_at(std::string_view bytes, size_t at) {
  const unsigned b = static_cast<uint8_t>(bytes[at]);
  if ((b & 0x80) != 0) return {1, (b & 3) + 1, static_cast<uint8_t>(((b >> 2) & 31) + 1)};
  if ((b & 0x40) == 0) return {1, (b & 63) + 1, 0};
  const unsigned low = at + 1 < bytes.size() ? static_cast<uint8_t>(bytes[at + 1]) : 0;
  return {2, (((b & 63) << 8) | low) + 1, 0};
}

void append_val(std::string& out, uint8_t value, size_t length) {
  out.push_back(static_cast<char>(0x80u | ((value - 1u) << 2) | (length - 1)));
}

void append_zeros(std::string& out, size_t length) {
  if (length > kZeroMax) out.push_back(static_cast<char>(0x40u | ((length - 1) >> 8)));
  out.push_back(static_cast<char>(length - 1));
}

void append_run(std::string& out, uint8_t value, size_t length) {
  if (length == 0) return;
  value == 0 ? append_zeros(out, length) : append_val(out, value, length);
}

// Calls `visit(first register, run)` for each run; false when they do not cover all registers exactly.
template <class Visit>
bool for_each_run(std::string_view bytes, const Visit& visit) {
  size_t first = 0;
  for (size_t at = HyperLogLog::kHeader; at < bytes.size();) {
    const Run run = run_at(bytes, at);
    if (at + run.bytes > bytes.size() || first + run.length > HyperLogLog::kRegisters) return false;
    visit(first, run);
    at += run.bytes;
    first += run.length;
  }
  return first == HyperLogLog::kRegisters;
}

struct Place {
  size_t at = 0;        // of the run that covers the register
  size_t previous = 0;  // of the run before it; the first run's place when there is none
  size_t first = 0;     // register
  Run run;
};

std::optional<Place> find_run(std::string_view bytes, size_t index) {
  Place p{.at = HyperLogLog::kHeader, .previous = HyperLogLog::kHeader, .first = 0, .run = {}};
  while (p.at < bytes.size()) {
    p.run = run_at(bytes, p.at);
    if (p.at + p.run.bytes > bytes.size()) return std::nullopt;
    if (index < p.first + p.run.length) return p;
    p.previous = p.at;
    p.at += p.run.bytes;
    p.first += p.run.length;
  }
  return std::nullopt;
}

// Joins neighbouring runs of one value, looking at five runs from `at` on: as far as Redis looks, so that the bytes are
// the same.
void join_runs(std::string& bytes, size_t at) {
  for (int looks = 5; looks > 0 && at < bytes.size(); --looks) {
    const Run run = run_at(bytes, at);
    if (run.value != 0 && at + 1 < bytes.size()) {
      const Run next = run_at(bytes, at + 1);
      if (next.value == run.value && run.length + next.length <= kValMax) {
        std::string joined;
        append_val(joined, run.value, run.length + next.length);
        bytes.replace(at, 2, joined);
        continue;
      }
    }
    at += run.bytes;
  }
}

// ---- the estimate ----

double sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double before;
  double y = 1;
  double z = x;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before != z);
  return z;
}

double tau(double x) {
  if (x == 0.0 || x == 1.0) return 0;
  double before;
  double y = 1;
  double z = 1 - x;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  } while (before != z);
  return z / 3;
}

using Counts = std::array<uint32_t, 64>;  // how many registers have each value

uint64_t estimate(const Counts& counts) {
  constexpr double kAlphaInfinity = 0.721347520444481703680;
  constexpr double m = HyperLogLog::kRegisters;
  double z = m * tau((m - counts[kHashBits + 1]) / m);
  for (size_t value = kHashBits; value >= 1; --value) {
    z += counts[value];
    z *= 0.5;
  }
  z += m * sigma(counts[0] / m);
  return static_cast<uint64_t>(std::llroundl(kAlphaInfinity * m * m / z));
}

}  // namespace

HyperLogLog::Effect HyperLogLog::effect_of(std::string_view element) {
  const uint64_t h = hash(element);
  // The bit above the hash ends the count of zeros.
  const uint64_t rest = (h >> kIndexBits) | (uint64_t{1} << kHashBits);
  return {static_cast<uint16_t>(h & (kRegisters - 1)), static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

std::string HyperLogLog::empty() {
  std::string bytes(kHeader, '\0');
  bytes.replace(0, 5, "HYLL\1", 5);
  append_zeros(bytes, kXZeroMax);
  return bytes;
}

bool HyperLogLog::valid(std::string_view bytes) {
  if (bytes.size() < kHeader || !bytes.starts_with("HYLL") || static_cast<uint8_t>(bytes[4]) > 1) return false;
  return !dense(bytes) || bytes.size() == kDenseSize;
}

std::optional<uint64_t> HyperLogLog::cached_count(std::string_view bytes) {
  if ((static_cast<uint8_t>(bytes[15]) & 0x80) != 0) return std::nullopt;
  uint64_t count;
  std::memcpy(&count, bytes.data() + 8, sizeof count);
  return count;
}

void HyperLogLog::set_cached_count(std::span<char> bytes, uint64_t count) {
  std::memcpy(bytes.data() + 8, &count, sizeof count);
}

std::optional<uint8_t> HyperLogLog::get(std::string_view bytes, uint16_t index) {
  if (dense(bytes)) return dense_get(bytes, index);
  const std::optional<Place> place = find_run(bytes, index);
  if (!place) return std::nullopt;
  return place->run.value;
}

void HyperLogLog::set_dense(std::span<char> bytes, Effect effect) {
  dense_set(bytes, effect.index, effect.value);
}

bool HyperLogLog::raise(std::string& bytes, Effect effect, size_t max_sparse) {
  if (!dense(bytes) && effect.value <= kMaxSparseValue) {
    const std::optional<Place> place = find_run(bytes, effect.index);
    if (!place) return false;
    const size_t before = effect.index - place->first;
    const size_t after = place->run.length - before - 1;
    std::string runs;
    append_run(runs, place->run.value, before);
    append_val(runs, effect.value, 1);
    append_run(runs, place->run.value, after);
    const bool grows = runs.size() > place->run.bytes;
    if (!grows || bytes.size() + runs.size() - place->run.bytes <= max_sparse) {
      bytes.replace(place->at, place->run.bytes, runs);
      join_runs(bytes, place->previous);
      return true;
    }
  }
  if (!make_dense(bytes)) return false;
  dense_set(bytes, effect.index, effect.value);
  return true;
}

bool HyperLogLog::make_dense(std::string& bytes) {
  if (dense(bytes)) return true;
  std::string fresh(kDenseSize, '\0');
  fresh.replace(0, kHeader, bytes, 0, kHeader);
  fresh[4] = 0;
  const bool whole = for_each_run(bytes, [&](size_t first, const Run& run) {
    for (size_t i = 0; run.value != 0 && i < run.length; ++i) dense_set(fresh, first + i, run.value);
  });
  if (whole) bytes = std::move(fresh);
  return whole;
}

bool HyperLogLog::merge(Registers& registers, std::string_view bytes) {
  if (!dense(bytes)) {
    return for_each_run(bytes, [&](size_t first, const Run& run) {
      for (size_t i = first; run.value != 0 && i < first + run.length; ++i) {
        registers[i] = std::max(registers[i], run.value);
      }
    });
  }
  for (size_t i = 0; i < kRegisters; ++i) registers[i] = std::max(registers[i], dense_get(bytes, i));
  return true;
}

std::optional<uint64_t> HyperLogLog::count(std::string_view bytes) {
  Counts counts{};
  if (dense(bytes)) {
    for (size_t i = 0; i < kRegisters; ++i) ++counts[dense_get(bytes, i)];
  } else if (!for_each_run(bytes,
                           [&](size_t, const Run& run) { counts[run.value] += static_cast<uint32_t>(run.length); })) {
    return std::nullopt;
  }
  return estimate(counts);
}

uint64_t HyperLogLog::count(const Registers& registers) {
  Counts counts{};
  for (const uint8_t value : registers) ++counts[value & 63];
  return estimate(counts);
}

std::string HyperLogLog::decode(std::string_view bytes) {
  std::string out;
  for (size_t at = kHeader; at < bytes.size();) {
    const Run run = run_at(bytes, at);
    if (!out.empty()) out += ' ';
    if (run.value != 0) {
      out += "v:" + std::to_string(run.value) + "," + std::to_string(run.length);
    } else {
      out += (run.bytes == 2 ? "Z:" : "z:") + std::to_string(run.length);
    }
    at += run.bytes;
  }
  return out;
}

}  // namespace guccho::store
