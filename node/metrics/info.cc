// Prints the registry as INFO and CLUSTER INFO.
#include "node/metrics/info.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "node/metrics/registry.h"

namespace guccho::metrics {
namespace {

struct Shown {
  Section section;
  bool by_default;
};

// In the order in which they are printed, whatever the order in the command.
constexpr auto kSections = std::to_array<Shown>({
    {Section::kServer, true},
    {Section::kClients, true},
    {Section::kMemory, true},
    {Section::kPersistence, true},
    {Section::kStats, true},
    {Section::kReplication, true},
    {Section::kCpu, true},
    {Section::kModules, true},
    {Section::kCommandstats, false},
    {Section::kErrorstats, true},
    {Section::kLatencystats, false},
    {Section::kCluster, true},
    {Section::kKeyspace, true},
    {Section::kGuccho, false},
});

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return fold(x) == fold(y); });
}

bool wanted(const Shown& shown, std::span<const std::string_view> sections) {
  if (sections.empty()) return shown.by_default;
  return std::any_of(sections.begin(), sections.end(), [&](std::string_view name) {
    if (equal_ignoring_case(name, "all") || equal_ignoring_case(name, "everything")) return true;
    if (equal_ignoring_case(name, "default")) return shown.by_default;
    return equal_ignoring_case(name, title(shown.section));
  });
}

std::string human(double bytes) {
  constexpr std::string_view kUnits = "KMGTP";
  if (bytes < 1024) return fmt::format("{:.0f}B", bytes);
  size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.2f}{}", bytes, kUnits[unit]);
}

std::string number(const Value& value, Format format) {
  const double as_double = std::visit(
      [](const auto& v) -> double {
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(v)>>) return static_cast<double>(v);
        return 0;
      },
      value);
  switch (format) {
    case Format::kSix:
      return fmt::format("{:.6f}", as_double);
    case Format::kPercent:
      return fmt::format("{:.2f}%", as_double);
    case Format::kHuman:
      return human(as_double);
    case Format::kPlain:
      break;
  }
  if (const auto* u = std::get_if<uint64_t>(&value)) return std::to_string(*u);
  if (const auto* i = std::get_if<int64_t>(&value)) return std::to_string(*i);
  return fmt::format("{:.2f}", as_double);
}

void print_field(std::string& out, const Metric& metric, const Snapshot& snapshot) {
  if (metric.when != nullptr && !metric.when(snapshot)) return;
  const Value value = metric.read(snapshot);
  if (const auto* lines = std::get_if<Lines>(&value)) {
    for (const auto& [name, text] : *lines) out += name + ":" + text + "\r\n";
    return;
  }
  const auto* text = std::get_if<std::string>(&value);
  out.append(metric.field).append(":").append(text ? *text : number(value, metric.format)).append("\r\n");
}

void print_section(std::string& out, Section section, const Snapshot& snapshot) {
  for (const Metric& metric : registry()) {
    if (metric.section == section) print_field(out, metric, snapshot);
  }
}

}  // namespace

std::string info(const Snapshot& snapshot, std::span<const std::string_view> sections) {
  std::string out;
  for (const Shown& shown : kSections) {
    if (!wanted(shown, sections)) continue;
    if (!out.empty()) out += "\r\n";
    out.append("# ").append(title(shown.section)).append("\r\n");
    print_section(out, shown.section, snapshot);
  }
  return out;
}

std::string cluster_info(const Snapshot& snapshot) {
  std::string out;
  print_section(out, Section::kClusterInfo, snapshot);
  return out;
}

}  // namespace guccho::metrics
