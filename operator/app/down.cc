// `guccho down`: ends the operator, then every node in an orderly way, then the supervisors.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
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

// Every key is gone with the nodes, since none is kept on disk, and for ever with --purge: nobody shall do that by a
// command that sounds like a pause, and no script without having been told so. Otherwise the exit status.
std::optional<int> not_meant(const Down& command, const local::StateDir& state) {
  if (command.yes) return std::nullopt;
  const std::string what =
      command.purge
          ? fmt::format("delete {} and all data in it", state.path())
          : fmt::format("end all nodes of {}, and with them every key: nothing is kept on disk", state.path());
  if (!::isatty(STDIN_FILENO)) {
    return complain(fmt::format("down would {}. Nothing was done; --yes says that it is meant", what), kBadUsage);
  }
  if (!agreed(fmt::format("This will {}. Go on?", what))) return complain("nothing was done");
  return std::nullopt;
}

// What is left to do once no node runs. Returns what to say.
Result<std::string> finish(const local::StateDir& state, bool purge) {
  if (!purge) {
    if (auto resumed = state.take_down_back(); !resumed) return std::unexpected(resumed.error());
    return "all nodes ended, and their keys with them; `guccho up` starts them again, empty";
  }
  const auto gone = state.purge();
  if (!gone) return std::unexpected(gone.error());
  if (*gone) return "all nodes ended, all data deleted";
  return fmt::format("all nodes ended, all data deleted; {} stays, since it holds other files", state.path());
}

}  // namespace

int run(const Down& command) {
  const auto state = find_state(command.where);
  if (!state) return complain(state.error().text);
  if (const auto exit_status = not_meant(command, *state)) return *exit_status;
  // An operator that runs ends; then nobody starts anything any more.
  if (auto asked = state->ask_down(); !asked) return complain(asked.error().text);
  Result<local::StateDir::Leader> leader = fail("");
  if (!wait_until(kOperatorEnds, [&] { return bool(leader = state->lead()); })) return complain(leader.error().text);

  // A program is wanted only for a node whose supervisor was killed; if there is none, that place says so.
  const auto program = find_node_program("", state->node_program());
  std::string said;
  local::LocalBackend backend(*state, program.value_or("guccho-node"), [&](const Event& event) {
    if (event.message != said) complain(event.message);
    said = event.message;
  });
  Status problem;
  const auto all_ended = [&] {
    const auto stopped = backend.stop_all();
    problem = stopped ? Status() : Status(std::unexpected(stopped.error()));
    return stopped && *stopped;
  };
  if (!wait_until(kNodesEnd, all_ended)) {
    return complain(problem ? "still running: " + still_running(*state) : problem.error().text);
  }
  const auto done = finish(*state, command.purge);
  if (!done) return complain(done.error().text);
  std::puts(done->c_str());
  return 0;
}

}  // namespace guccho::ops::app
