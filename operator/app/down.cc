// `guccho down`: ends the operator, then every node in an orderly way, then the supervisors.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <thread>

#include "operator/app/run.h"
#include "operator/app/state_path.h"
#include "operator/backend/local/local_backend.h"

namespace guccho::ops::app {
namespace {

constexpr std::chrono::seconds kOperatorEnds{15};
// A node gets 30 s from SIGTERM to SIGKILL, and the primaries end after the replicas.
constexpr std::chrono::seconds kNodesEnd{90};
constexpr Millis kPoll{50};

// Calls done() until it returns true; false when the time is over.
bool wait_until(std::chrono::seconds limit, auto done) {
  for (Millis waited{0}; waited < limit; waited += kPoll) {
    if (done()) return true;
    std::this_thread::sleep_for(kPoll);
  }
  return false;
}

bool agreed(const std::string& question) {
  std::fputs((question + " [y/N] ").c_str(), stdout);
  std::fflush(stdout);
  char answer[8] = {};
  if (!std::fgets(answer, sizeof answer, stdin)) return false;
  return answer == std::string_view("y\n") || answer == std::string_view("yes\n");
}

std::string still_running(const local::StateDir& state) {
  std::string out;
  const auto world = local::observe_only(state);
  if (!world) return world.error().text;
  for (const Instance& instance : world->instances) {
    if (std::holds_alternative<Gone>(instance.life)) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", instance.id.str(), describe(instance.life));
  }
  return out;
}

Status purge(const local::StateDir& state) {
  std::error_code error;
  std::filesystem::remove_all(state.path(), error);
  if (error) return fail(fmt::format("{}: {}", state.path(), error.message()));
  return {};
}

}  // namespace

int run(const Down& command) {
  const auto state = find_state(command.where);
  if (!state) return complain(state.error().text);
  if (command.purge && !command.yes && !agreed(fmt::format("Delete {} and all data in it?", state->path()))) {
    return complain("nothing was done");
  }
  // An operator that runs ends; then nobody starts anything any more.
  if (auto asked = state->ask_down(); !asked) return complain(asked.error().text);
  Result<local::StateDir::Leader> leader = fail("");
  if (!wait_until(kOperatorEnds, [&] { return bool(leader = state->lead()); })) return complain(leader.error().text);

  // Wanted only for a node whose supervisor was killed.
  const auto program = find_node_program("");
  if (!program) return complain(program.error().text);
  local::LocalBackend backend(*state, *program, {});
  Status problem;
  const auto all_ended = [&] {
    const auto stopped = backend.stop_all();
    problem = stopped ? Status() : Status(std::unexpected(stopped.error()));
    return stopped && *stopped;
  };
  if (!wait_until(kNodesEnd, all_ended)) {
    return complain(problem ? "still running: " + still_running(*state) : problem.error().text);
  }
  const Status done = command.purge ? purge(*state) : state->take_down_back();
  if (!done) return complain(done.error().text);
  std::puts(command.purge ? "all nodes ended, all data deleted" : "all nodes ended; `guccho up` starts them again");
  return 0;
}

}  // namespace guccho::ops::app
