// CLUSTER SLOT-STATS: keys, CPU time and traffic of each slot that this shard serves, by slot or by one of these.
#include <algorithm>
#include <vector>

#include "node/cluster/view.h"
#include "node/commands/cluster_request.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

struct SlotStats {
  Slot slot;
  uint64_t keys = 0;
  SlotUsage usage;
};

// In the order of replies. All but the first are there only while they are being counted.
struct Metric {
  std::string_view name;
  uint64_t (*of)(const SlotStats& stats);
};
constexpr Metric kMetrics[] = {
    {"key-count", [](const SlotStats& s) { return s.keys; }},
    {"cpu-usec", [](const SlotStats& s) { return static_cast<uint64_t>(s.usage.time.count()); }},
    {"network-bytes-in", [](const SlotStats& s) { return s.usage.bytes_in; }},
    {"network-bytes-out", [](const SlotStats& s) { return s.usage.bytes_out; }},
};

std::span<const Metric> metrics_of(const Context& c) {
  return std::span(kMetrics).first(c.config.cluster_slot_stats_enabled ? std::size(kMetrics) : 1);
}

// Of the slots from `first` to `last` that belong to this node or to the primary that it follows.
std::vector<SlotStats> stats_of(Context& c, uint32_t first, uint32_t last) {
  const auto view = c.host.view();
  const cluster::NodeIndex primary = view->self().primary;
  std::vector<SlotStats> stats;
  for (uint32_t s = first; s <= last; ++s) {
    const Slot slot(static_cast<uint16_t>(s));
    const cluster::NodeIndex owner = view->slots->owner[s];
    if (owner == cluster::kNoNode || (owner != 0 && owner != primary)) continue;  // 0 is this node
    stats.push_back({slot, c.host.keys_in_slot(slot), c.host.slot_usage(slot)});
  }
  return stats;
}

void reply_stats(Context& c, std::span<const SlotStats> stats) {
  c.reply.array(stats.size());
  for (const SlotStats& s : stats) {
    c.reply.array(2);
    c.reply.integer(s.slot.value);
    const std::span<const Metric> metrics = metrics_of(c);
    c.reply.map(metrics.size());
    for (const Metric& metric : metrics) {
      c.reply.bulk(metric.name);
      c.reply.integer(static_cast<int64_t>(metric.of(s)));
    }
  }
}

struct Order {
  size_t limit = kSlotCount;
  bool descending = true;
};

// LIMIT n, ASC, DESC; nothing after an error reply.
std::optional<Order> parse_order(Context& c) {
  Order order;
  int limits = 0;
  int directions = 0;
  for (size_t i = 4; i < c.argc(); ++i) {
    if (equals_ignore_case("limit", c.arg(i)) && i + 1 < c.argc()) {
      const auto limit = parse_integer(c.arg(++i));
      if (!limit || *limit < 1 || *limit > kSlotCount) {
        c.reply.error("ERR Limit has to lie in between 1 and 16384 (maximum number of slots).");
        return std::nullopt;
      }
      order.limit = static_cast<size_t>(*limit);
      ++limits;
    } else if (equals_ignore_case("asc", c.arg(i)) || equals_ignore_case("desc", c.arg(i))) {
      order.descending = equals_ignore_case("desc", c.arg(i));
      ++directions;
    } else {
      c.syntax_error();
      return std::nullopt;
    }
    if (limits > 1 || directions > 1) {
      c.reply.error("ERR Multiple filters of the same type are disallowed.");
      return std::nullopt;
    }
  }
  return order;
}

void reply_ordered(Context& c) {
  const std::span<const Metric> metrics = metrics_of(c);
  const auto metric =
      std::ranges::find_if(metrics, [&](const Metric& m) { return equals_ignore_case(m.name, c.arg(3)); });
  if (metric == metrics.end()) return c.reply.error("ERR Unrecognized sort metric for ORDERBY.");
  const std::optional<Order> order = parse_order(c);
  if (!order) return;
  std::vector<SlotStats> stats = stats_of(c, 0, kSlotCount - 1);
  // The smaller slot first where the figures are equal.
  std::stable_sort(stats.begin(), stats.end(), [&](const SlotStats& a, const SlotStats& b) {
    return order->descending ? metric->of(a) > metric->of(b) : metric->of(a) < metric->of(b);
  });
  reply_stats(c, std::span(stats).first(std::min(order->limit, stats.size())));
}

}  // namespace

void handlers::cluster_slot_stats(Context& c) {
  if (c.argc() >= 4 && equals_ignore_case("orderby", c.arg(2))) return reply_ordered(c);
  if (c.argc() != 5 || !equals_ignore_case("slotsrange", c.arg(2))) return subcommand_syntax_error(c);
  const auto first = read_slot(c, c.arg(3));
  if (!first) return;
  const auto last = read_slot(c, c.arg(4));
  if (!last) return;
  if (*first > *last) {
    return c.reply.error("ERR Start slot number " + std::to_string(first->value) + " is greater than end slot number " +
                         std::to_string(last->value));
  }
  reply_stats(c, stats_of(c, first->value, last->value));
}

}  // namespace guccho::commands
