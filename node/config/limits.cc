// Reading the control group's limits.
#include "node/config/limits.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "node/config/fields.h"

namespace guccho::config {
namespace {

constexpr uint64_t kMaxWorkers = 128;  // the range of io-threads

// The first words of a file's contents.
std::vector<std::string> words(std::string_view contents) {
  while (!contents.empty() && (contents.back() == '\n' || contents.back() == ' ')) contents.remove_suffix(1);
  return split_blanks(contents);
}

std::optional<double> ratio(const std::string& quota, const std::string& period) {
  const auto q = parse_integer(quota);
  const auto p = parse_integer(period);
  // Version 1 writes -1 and version 2 "max" when there is no limit.
  if (!q || !p || *q <= 0 || *p <= 0) return std::nullopt;
  return static_cast<double>(*q) / static_cast<double>(*p);
}

std::optional<double> cpu_limit(const CgroupFiles& files) {
  const std::vector<std::string> v2 = words(files.cpu_max);
  if (v2.size() == 2) return ratio(v2[0], v2[1]);
  return ratio(words(files.cpu_cfs_quota_us)[0], words(files.cpu_cfs_period_us)[0]);
}

std::optional<uint64_t> memory_limit(const CgroupFiles& files) {
  constexpr int64_t kNoLimit = int64_t{1} << 62;  // version 1 writes the greatest multiple of a page
  for (const std::string* contents : {&files.memory_max, &files.memory_limit_in_bytes}) {
    const auto bytes = parse_integer(words(*contents)[0]);
    if (bytes && *bytes > 0 && *bytes < kNoLimit) return static_cast<uint64_t>(*bytes);
  }
  return std::nullopt;
}

}  // namespace

ContainerLimits container_limits(const CgroupFiles& files) {
  return {cpu_limit(files), memory_limit(files)};
}

Config defaults_for(const ContainerLimits& limits, unsigned machine_cpus) {
  Config config;
  uint64_t workers = std::max(1u, machine_cpus);
  if (limits.cpus) workers = std::min(workers, static_cast<uint64_t>(std::ceil(*limits.cpus)));
  config.io_threads = static_cast<uint32_t>(std::clamp<uint64_t>(workers, 1, kMaxWorkers));
  if (limits.memory) config.maxmemory = *limits.memory / 4 * 3;
  return config;
}

}  // namespace guccho::config
