// What a node is started with, and its revision.
#include "operator/model/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "node/base/crc.h"

namespace guccho::ops {
namespace {

struct Suffix {
  std::string_view text;
  double factor;  // in thousandths
};
// Longer ones first, since "Mi" ends like "M" begins.
constexpr std::array<Suffix, 12> kSuffixes = {{
    {"Ki", 1024e3},
    {"Mi", 1048576e3},
    {"Gi", 1073741824e3},
    {"Ti", 1099511627776e3},
    {"Pi", 1125899906842624e3},
    {"k", 1e6},
    {"M", 1e9},
    {"G", 1e12},
    {"T", 1e15},
    {"P", 1e18},
    {"m", 1},
    {"", 1e3},
}};

Directives persistence_directives(PersistenceMode mode) {
  switch (mode) {
    case PersistenceMode::kNone:
      return {{"save", ""}, {"appendonly", "no"}};
    case PersistenceMode::kSnapshot:
      return {{"save", "3600 1 300 100 60 10000"}, {"appendonly", "no"}};
    case PersistenceMode::kLog:
      return {{"save", ""}, {"appendonly", "yes"}};
  }
  return {};
}

}  // namespace

int64_t quantity_millis(std::string_view quantity) {
  const auto suffix = std::ranges::find_if(kSuffixes, [&](const Suffix& s) { return quantity.ends_with(s.text); });
  const std::string number(quantity.substr(0, quantity.size() - suffix->text.size()));
  // Saturates: above 9.2 PB a limit means nothing.
  const double millis = std::strtod(number.c_str(), nullptr) * suffix->factor;
  return millis >= 9.2e18 ? int64_t{9'200'000'000'000'000'000} : static_cast<int64_t>(millis);
}

Directives node_directives(const RedisClusterSpec& spec) {
  Directives out(spec.config.begin(), spec.config.end());
  out.emplace_back("cluster-enabled", "yes");
  for (auto& directive : persistence_directives(spec.persistence.mode)) out.push_back(std::move(directive));
  return out;
}

Directives limit_directives(const RedisClusterSpec& spec) {
  Directives out;
  const Quantities& limits = spec.resources.limits;
  if (!limits.cpu.empty() && !spec.config.contains("io-threads")) {
    const int64_t whole = (quantity_millis(limits.cpu) + 999) / 1000;
    out.emplace_back("io-threads", fmt::format("{}", std::clamp<int64_t>(whole, 1, 128)));
  }
  if (!limits.memory.empty() && !spec.config.contains("maxmemory")) {
    out.emplace_back("maxmemory", fmt::format("{}", quantity_millis(limits.memory) / 1000 / 4 * 3));
  }
  return out;
}

std::string revision_of(const RedisClusterSpec& spec) {
  std::string text = fmt::format("version {}\nimage {}\n", spec.version, spec.image);
  for (const auto& [name, value] : node_directives(spec)) text += fmt::format("{} {}\n", name, value);
  const ResourcesSpec& r = spec.resources;
  text += fmt::format("resources {} {} {} {}\n", r.requests.cpu, r.requests.memory, r.limits.cpu, r.limits.memory);
  text += fmt::format("auth {} {}\n", spec.auth.secret_name, spec.auth.password_file);
  return fmt::format("{:016x}", crc64(0, text));
}

}  // namespace guccho::ops
