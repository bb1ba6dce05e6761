// Parsing of the simulator's command line.
#include "tests/sim/options.h"

#include <fmt/core.h>

#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

namespace guccho::sim {

const char* const kUsage =
    R"(sim: whole clusters of member cores under a seeded network, clocks, disks and crashes

  --seeds N | A..B    seeds 1 to N, or A to B (default 1)
  --seed S            one seed
  --primaries P       shape of the cluster; what is not given is chosen by the seed
  --replicas R        replicas of each primary
  --apart A           so many of the primaries begin as a cluster of their own, which meets the other later
  --nodes N           members in all, up to 1000 (alone: one replica for each primary)
  --minutes M         simulated minutes with faults (default 1.5); the cluster must converge afterwards
  --jobs J            threads that share the seeds (default 1)
  --no-faults         a quiet world
  --no-codec          hand messages over without encoding them
  --trace             print every event
  --replay            run every seed twice and compare the hashes of the traces
  --expect INVARIANT  succeed only if this invariant breaks (used for the mutants)

Exit: 0 all seeds held, 1 an invariant broke (its name, the seed and the last events are printed), 2 bad usage.
)";

namespace {

template <class T>
Result<T> number(std::string_view name, std::string_view text, T min, T max) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return fail(fmt::format("{}: want a number from {} to {}, got '{}'", name, min, max, text));
  }
  return value;
}

// Writes the number to `target`, which may be an optional.
template <class T, class Target>
Status store(std::string_view name, std::string_view text, T min, T max, Target& target) {
  const auto value = number<T>(name, text, min, max);
  if (!value) return std::unexpected(value.error());
  target = *value;
  return {};
}

Status parse_seeds(std::string_view text, Options& o) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    o.first_seed = 1;
    return store<uint64_t>("--seeds", text, 1, UINT64_MAX, o.last_seed);
  }
  if (auto s = store<uint64_t>("--seeds", text.substr(0, dots), 0, UINT64_MAX, o.first_seed); !s) return s;
  return store<uint64_t>("--seeds", text.substr(dots + 2), o.first_seed, UINT64_MAX, o.last_seed);
}

Status set_option(std::string_view name, std::string_view value, Options& o) {
  if (name == "--seeds") return parse_seeds(value, o);
  if (name == "--seed") {
    auto s = store<uint64_t>(name, value, 0, UINT64_MAX, o.first_seed);
    o.last_seed = o.first_seed;
    return s;
  }
  if (name == "--primaries") return store<int>(name, value, 1, 1000, o.primaries);
  if (name == "--replicas") return store<int>(name, value, 0, 100, o.replicas);
  if (name == "--apart") return store<int>(name, value, 0, 999, o.apart);
  if (name == "--nodes") return store<int>(name, value, 1, 1000, o.nodes);
  if (name == "--minutes") return store<double>(name, value, 0.0, 100'000.0, o.minutes);
  if (name == "--jobs") return store<int>(name, value, 1, 64, o.jobs);
  if (name == "--expect") {
    o.expect = std::string(value);
    return {};
  }
  return fail(std::string(name) + ": no such option, see --help");
}

bool set_flag(std::string_view name, Options& o) {
  if (name == "--no-faults") return o.faults = false, true;
  if (name == "--no-codec") return o.codec = false, true;
  if (name == "--trace") return o.trace = true;
  if (name == "--replay") return o.replay = true;
  if (name == "--help") return o.help = true;
  return false;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& args) {
  Options o;
  for (size_t i = 0; i < args.size(); ++i) {
    if (set_flag(args[i], o)) continue;
    const bool missing = i + 1 == args.size();
    const auto status = missing ? set_option(args[i], "", o) : set_option(args[i], args[i + 1], o);
    if (!status) return std::unexpected(status.error());
    ++i;
  }
  if (o.nodes && o.primaries && o.replicas && *o.nodes != *o.primaries * (1 + *o.replicas)) {
    return fail("--nodes: does not match --primaries times (1 + --replicas)");
  }
  if (o.apart > 0 && (!o.primaries || !o.replicas || o.apart >= *o.primaries)) {
    return fail("--apart: needs --replicas, and more --primaries");
  }
  return o;
}

}  // namespace guccho::sim
