// LATENCY: samples, their graph, the report, and histograms of commands.
#include "node/commands/latency.h"

#include <algorithm>
#include <array>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"

namespace guccho::commands {

void LatencyMonitor::note(std::string_view event, UnixMillis now, uint32_t millis) {
  auto it = events_.find(event);
  if (it == events_.end()) it = events_.emplace(event, LatencyEvent{}).first;
  LatencyEvent& e = it->second;
  e.greatest = std::max(e.greatest, millis);
  const int64_t second = now.time_since_epoch().count() / 1000;
  if (!e.samples.empty() && e.samples.back().second == second) {
    e.samples.back().millis = std::max(e.samples.back().millis, millis);
    return;
  }
  e.samples.push_back({second, millis});
  if (e.samples.size() > kSamples) e.samples.pop_front();
}

size_t LatencyMonitor::reset(std::span<const std::string_view> names) {
  size_t count = 0;
  if (names.empty()) {
    count = events_.size();
    events_.clear();
  }
  for (const std::string_view name : names) {
    const auto it = events_.find(name);
    if (it == events_.end()) continue;
    events_.erase(it);
    ++count;
  }
  return count;
}

namespace {

constexpr size_t kGraphWidth = 80;
constexpr size_t kGraphRows = 4;
constexpr std::string_view kSteps = "_o#";

// How long ago, in three or four characters.
std::string age(int64_t seconds) {
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 86400) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

// Columns of bars, the ages of the samples written downwards below them.
std::string graph(std::span<const LatencySample> samples, uint32_t low, uint32_t high, int64_t now) {
  const double range = high > low ? high - low : 1;
  const size_t steps = kSteps.size() * kGraphRows;
  std::vector<size_t> heights;
  std::vector<std::string> labels;
  size_t label_rows = 0;
  for (const LatencySample& s : samples) {
    heights.push_back(std::min(steps - 1, static_cast<size_t>((s.millis - low) * static_cast<double>(steps) / range)));
    labels.push_back(age(now - s.second));
    label_rows = std::max(label_rows, labels.back().size());
  }
  std::string out;
  for (size_t row = kGraphRows; row-- > 0;) {
    for (const size_t height : heights) {
      const size_t floor = row * kSteps.size();
      out += height < floor ? ' ' : height >= floor + kSteps.size() ? '|' : kSteps[height - floor];
    }
    out += '\n';
  }
  out += std::string(heights.size(), ' ') + '\n';
  for (size_t row = 0; row < label_rows; ++row) {
    for (const std::string& label : labels) out += row < label.size() ? label[row] : ' ';
    out += '\n';
  }
  return out;
}

// One paragraph an event: how often, how long, and what it may come from.
std::string describe_event(const std::string& name, const LatencyEvent& event) {
  uint64_t sum = 0;
  for (const LatencySample& s : event.samples) sum += s.millis;
  const uint64_t average = sum / event.samples.size();
  const int64_t seconds = event.samples.back().second - event.samples.front().second;
  std::string out = name + ": " + std::to_string(event.samples.size()) + " slow moments within " + age(seconds) +
                    ", average " + std::to_string(average) + " ms, worst " + std::to_string(event.greatest) + " ms.\n";
  if (name == "command" || name == "fast-command") {
    out += "  SLOWLOG GET shows which commands were slow; those of linear cost on big values are the usual cause.\n";
    if (name == "fast-command")
      out += "  Commands of constant cost were slow: the machine may lack CPU time or memory.\n";
  } else if (name == "expire-cycle") {
    out += "  Many keys expired at once: spread their expiries.\n";
  } else if (name == "eviction-cycle") {
    out += "  Memory is at maxmemory: raise it, or keep less data.\n";
  } else if (name == "snapshot-step") {
    out +=
        "  A replica was being filled, and a value that goes out as a whole is large: a string, or a stream's "
        "groups.\n";
  } else if (name == "active-defrag-cycle") {
    out += "  Memory was being compacted: active-defrag-max-scan-fields bounds how much of one value a step takes.\n";
  } else if (name == "worker-turn") {
    out += "  A turn of a worker's loop took long in CPU time: the other events say what was part of it.\n";
  }
  return out;
}

int64_t seconds_of(UnixMillis now) {
  return now.time_since_epoch().count() / 1000;
}

}  // namespace

namespace handlers {

void latency_latest(Context& c) {
  const auto events = c.host.latency_events();
  c.reply.array(events.size());
  for (const auto& [name, event] : events) {
    c.reply.array(4);
    c.reply.bulk(name);
    c.reply.integer(event.samples.back().second);
    c.reply.integer(event.samples.back().millis);
    c.reply.integer(event.greatest);
  }
}

void latency_history(Context& c) {
  const auto events = c.host.latency_events();
  const auto it = events.find(c.arg(2));
  if (it == events.end()) return c.reply.array(0);
  c.reply.array(it->second.samples.size());
  for (const LatencySample& sample : it->second.samples) {
    c.reply.array(2);
    c.reply.integer(sample.second);
    c.reply.integer(sample.millis);
  }
}

void latency_graph(Context& c) {
  const auto events = c.host.latency_events();
  const auto it = events.find(c.arg(2));
  if (it == events.end()) return c.reply.error("ERR No samples available for event '" + std::string(c.arg(2)) + "'");
  const std::vector<LatencySample> samples(it->second.samples.begin(), it->second.samples.end());
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end(),
                                               [](const auto& a, const auto& b) { return a.millis < b.millis; });
  std::string out = it->first + " - high " + std::to_string(high->millis) + " ms, low " + std::to_string(low->millis) +
                    " ms (all time high " + std::to_string(it->second.greatest) + " ms)\n" +
                    std::string(kGraphWidth, '-') + "\n";
  for (size_t i = 0; i < samples.size(); i += kGraphWidth) {
    out += graph(std::span(samples).subspan(i, std::min(kGraphWidth, samples.size() - i)), low->millis, high->millis,
                 seconds_of(c.now));
  }
  c.reply.verbatim("txt", out);
}

void latency_doctor(Context& c) {
  const auto events = c.host.latency_events();
  std::string out;
  for (const auto& [name, event] : events) out += describe_event(name, event);
  if (out.empty() && c.config.latency_monitor_threshold.count() == 0) {
    out =
        "Nothing is recorded: latency-monitor-threshold is 0. Set it to the milliseconds from which a moment counts as "
        "slow.\n";
  } else if (out.empty()) {
    out = "No slow moments so far.\n";
  }
  c.reply.verbatim("txt", out);
}

void latency_reset(Context& c) {
  c.reply.integer(static_cast<int64_t>(c.host.reset_latency_events(c.args.subspan(2))));
}

void latency_histogram(Context& c) {
  std::vector<const CommandSpec*> wanted;
  const auto add = [&](const CommandSpec& spec) {
    wanted.push_back(&spec);
    for (const CommandSpec& sub : spec.subcommands) wanted.push_back(&sub);
  };
  if (c.argc() == 2) {
    for (const CommandSpec& spec : all_commands()) add(spec);
  }
  for (const std::string_view name : c.args.subspan(2)) {
    if (const CommandSpec* spec = find_by_full_name(name)) add(*spec);
  }
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  for (const CommandSpec* spec : wanted) {
    const CommandLatency latency = c.host.command_latency(*spec);
    if (latency.calls == 0) continue;
    ++count;
    c.reply.bulk(spec->full_name);
    c.reply.map(2);
    c.reply.bulk("calls");
    c.reply.integer(static_cast<int64_t>(latency.calls));
    c.reply.bulk("histogram_usec");
    c.reply.map(latency.buckets.size());
    for (const auto& [micros, calls] : latency.buckets) {
      c.reply.integer(static_cast<int64_t>(micros));
      c.reply.integer(static_cast<int64_t>(calls));
    }
  }
  c.reply.end_map(mark, count);
}

void latency_help(Context& c) {
  reply_help(c, {"DOCTOR", "    Return a human readable latency analysis report.", "GRAPH <event>",
                 "    Return an ASCII latency graph for the <event> class.", "HISTORY <event>",
                 "    Return time-latency samples for the <event> class.", "LATEST",
                 "    Return the latest latency samples for all events.", "RESET [<event> ...]",
                 "    Reset latency data of one or more <event> classes.",
                 "    (default: reset all data for all event classes)", "HISTOGRAM [COMMAND ...]",
                 "    Return a cumulative distribution of latencies in the format of a histogram for the specified "
                 "command names.",
                 "    If no commands are specified then all histograms are replied."});
}

}  // namespace handlers
}  // namespace guccho::commands
