// The simulator's command: runs seeds on several threads and reports the first break of each.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/options.h"
#include "tests/sim/scenario.h"

namespace guccho::sim {
namespace {

constexpr size_t kMaxReported = 3;  // breaks shown in full; later ones by one line
constexpr size_t kMaxBreaks = 20;   // then the rest of the seeds is left out

struct Totals {
  std::mutex mutex;
  uint64_t seeds = 0;
  uint64_t events = 0;
  double simulated_seconds = 0;
  std::vector<Outcome> breaks;
  std::vector<Millis> killed;
  std::vector<Millis> silent;
};

void print_break(const Outcome& o, bool in_full) {
  if (in_full) fmt::print("{}{}", o.last_events, o.state);
  fmt::print("BROKEN {}: {}\n  shape {}; again with: sim --seed {}\n", o.violation->invariant, o.violation->detail,
             o.shape.str(), o.seed);
}

void run_one(const Options& options, uint64_t seed, Totals& totals) {
  Outcome o = run_seed(options, seed);
  if (options.replay && run_seed(options, seed).hash != o.hash && !o.violation) {
    o.violation = Violation{"replays", "two runs of this seed differ"};
  }
  const std::lock_guard lock(totals.mutex);
  ++totals.seeds;
  totals.events += o.events;
  totals.simulated_seconds += o.simulated_seconds;
  totals.killed.insert(totals.killed.end(), o.killed_failovers.begin(), o.killed_failovers.end());
  totals.silent.insert(totals.silent.end(), o.silent_failovers.begin(), o.silent_failovers.end());
  if (!o.violation) return;
  if (!options.expect) print_break(o, totals.breaks.size() < kMaxReported);
  totals.breaks.push_back(std::move(o));
}

bool caught(const Options& options, const Totals& totals) {
  return options.expect && std::any_of(totals.breaks.begin(), totals.breaks.end(), [&options](const Outcome& o) {
           return o.violation->invariant == *options.expect;
         });
}

void run_all(const Options& options, Totals& totals) {
  std::atomic<uint64_t> next{options.first_seed};
  std::atomic<bool> stop{false};
  const auto work = [&] {
    for (uint64_t seed = next++; seed <= options.last_seed && !stop; seed = next++) {
      run_one(options, seed, totals);
      const std::lock_guard lock(totals.mutex);
      // A mutant is caught once; a broken tree needs no thousand examples.
      if (caught(options, totals) || (!options.expect && totals.breaks.size() >= kMaxBreaks)) stop = true;
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < options.jobs; ++i) threads.emplace_back(work);
}

std::string summary(std::vector<Millis> times) {
  if (times.empty()) return "none";
  std::sort(times.begin(), times.end());
  return fmt::format("{} (median {} ms, worst {} ms)", times.size(), times[times.size() / 2].count(),
                     times.back().count());
}

int verdict(const Options& options, const Totals& totals) {
  if (!options.expect) return totals.breaks.empty() ? 0 : 1;
  for (const Outcome& o : totals.breaks) print_break(o, false);
  if (caught(options, totals)) return 0;
  fmt::print("{} was not broken\n", *options.expect);
  return 1;
}

int run(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  Totals totals;
  run_all(options, totals);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{} seeds, {} broken, {} events, {:.2f} simulated hours in {:.1f} s\n", totals.seeds, totals.breaks.size(),
             totals.events, totals.simulated_seconds / 3600, wall);
  fmt::print("failovers in calm weather: process killed {}; silent host {}\n", summary(totals.killed),
             summary(totals.silent));
  return verdict(options, totals);
}

}  // namespace
}  // namespace guccho::sim

int main(int argc, char** argv) {
  const auto options = guccho::sim::parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (!options) {
    fmt::print(stderr, "sim: {}\n", options.error().text);
    return 2;
  }
  if (options->help) {
    fmt::print("{}", guccho::sim::kUsage);
    return 0;
  }
  return guccho::sim::run(*options);
}
