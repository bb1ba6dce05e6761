// The short commands: status, plan, scale, kill, list.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "operator/app/look.h"
#include "operator/app/run.h"
#include "operator/app/state_path.h"
#include "operator/app/status_json.h"
#include "operator/app/table.h"
#include "operator/backend/local/admission.h"
#include "operator/backend/local/local_store.h"
#include "operator/backend/nodes/grpc_node_admin.h"
#include "operator/model/parse.h"

namespace guccho::ops::app {
namespace {

constexpr Millis kLookTimeout{1000};

// A cluster with the status that is true now, which may be newer than what an operator wrote, and the look behind it.
struct Seen {
  local::StateDir state;
  RedisCluster cluster;
  Observed observed;
};

Result<Seen> see(const Where& where) {
  auto state = find_state(where);
  if (!state) return std::unexpected(state.error());
  auto cluster = state->resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (!*cluster) return fail(state->path() + ": the cluster was deleted");
  const auto nodes = make_grpc_node_admin();
  auto observed = look(*state, *nodes, kLookTimeout);
  if (!observed) return std::unexpected(observed.error());
  (*cluster)->status = plan(*observed, **cluster, wall_clock()).status;
  return Seen{std::move(*state), std::move(**cluster), std::move(*observed)};
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

// What the change would be refused for, from the planner's own mouth; empty when it would be carried out.
std::string refusal_of(const Plan& plan) {
  for (const char* type : {"ScaleInBlocked", "ScaleOutBlocked"}) {
    const Condition* blocked = plan.status.condition(type);
    if (blocked && blocked->status == ConditionStatus::kTrue) {
      return fmt::format("{}: {}: {}", type, blocked->reason, blocked->message);
    }
  }
  return {};
}

// KILL, SIGKILL or 9. 0 when it is none of those that a node can be sent.
int signal_number(std::string_view text) {
  struct Named {
    std::string_view name;
    int number;
  };
  constexpr std::array<Named, 7> kSignals = {{{"KILL", SIGKILL},
                                              {"TERM", SIGTERM},
                                              {"STOP", SIGSTOP},
                                              {"CONT", SIGCONT},
                                              {"INT", SIGINT},
                                              {"SEGV", SIGSEGV},
                                              {"ABRT", SIGABRT}}};
  if (text.starts_with("SIG")) text.remove_prefix(3);
  const auto named = std::ranges::find(kSignals, text, &Named::name);
  if (named != kSignals.end()) return named->number;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 && number < NSIG ? number : 0;
}

}  // namespace

int run(const StatusCommand& command) {
  auto seen = see(command.where);
  if (!seen) return complain(seen.error().text);
  const auto rows = rows_of(seen->observed, seen->cluster.status);
  if (command.json) {
    print(status_json(seen->cluster, rows) + "\n");
    return 0;
  }
  for (const std::string& line : summary_lines(seen->cluster)) print(line + "\n");
  print("\n" + table_text(rows));
  return 0;
}

int run(const PlanCommand& command) {
  auto seen = see(command.where);
  if (!seen) return complain(seen.error().text);
  if (!command.file.empty()) {
    auto wanted = local_resource_of_file(command.file);
    if (!wanted) return complain(wanted.error().text, kBadUsage);
    if (wanted->key != seen->cluster.key) return complain(fmt::format("{} is {}", command.file, wanted->key.str()));
    seen->cluster.spec = wanted->spec;
  }
  const Plan next = plan(seen->observed, seen->cluster, wall_clock());
  for (const Step& step : next.steps) print(describe(step) + "\n");
  for (const Hold& hold : next.holds) print(fmt::format("held back: {}: {}\n", hold.name, hold.message));
  if (next.steps.empty() && next.holds.empty()) print("nothing is to be done\n");
  return 0;
}

int run(const Scale& command) {
  auto seen = see(command.where);
  if (!seen) return complain(seen.error().text);
  RedisCluster wanted = seen->cluster;
  if (command.replicas_per_primary) wanted.spec.replicas_per_primary = *command.replicas_per_primary;
  if (command.primaries) wanted.spec.primaries = *command.primaries;
  // Judged by the schema, as a file would be.
  const auto valid = parse_resource(to_json(wanted));
  if (!valid) return complain(valid.error().text, kBadUsage);
  if (auto ok = local::admissible(valid->spec); !ok) return complain(ok.error().text);
  if (command.primaries) {
    const std::string refused = refusal_of(plan(seen->observed, wanted, wall_clock()));
    if (!refused.empty()) return complain(refused);
  }
  const auto applied = local::apply(seen->state, *valid);
  if (!applied) return complain(applied.error().text);
  print(fmt::format("{}: {} primaries with {} replicas each are asked for now (generation {})\n", applied->key.name,
                    applied->spec.primaries, applied->spec.replicas_per_primary, applied->generation));
  return 0;
}

int run(const Kill& command) {
  const int number = signal_number(command.signal);
  if (number == 0) return complain(fmt::format("--signal: '{}' is no signal", command.signal), kBadUsage);
  const auto seen = see(command.where);
  if (!seen) return complain(seen.error().text);
  std::vector<Row> meant;
  for (const Row& row : rows_of(seen->observed, seen->cluster.status)) {
    const bool by_id = command.node.size() >= 4 && row.id.starts_with(command.node);
    if (row.place.str() == command.node || by_id) meant.push_back(row);
  }
  if (meant.size() != 1) {
    return complain(fmt::format("'{}' names {} nodes: give a place of `guccho status`", command.node, meant.size()));
  }
  const Row& row = meant[0];
  const auto process = supervise::ProcessIdentity::parse(row.incarnation.value);
  // The identity, not the number alone: a number may belong to another process by now.
  if (!process || !supervise::is_running(*process)) {
    return complain(fmt::format("{} does not run: {}", row.place.str(), row.state));
  }
  if (::kill(process->pid, number) != 0) return complain(fmt::format("process {} cannot be signalled", process->pid));
  print(fmt::format("signal {} sent to process {}: {} {} {}\n", number, process->pid, row.place.str(),
                    row.id.substr(0, 8), row.role));
  return 0;
}

int run(const List&) {
  for (const std::string& name : known_clusters()) {
    const auto state = find_state({.state = {}, .name = name});
    const auto cluster = state ? state->resource() : Result<std::optional<RedisCluster>>(std::nullopt);
    const bool readable = cluster && *cluster;
    print(fmt::format("{}  {}  {}\n", name, readable ? to_string((*cluster)->status.phase) : "unreadable",
                      state ? state->path() : ""));
  }
  return 0;
}

}  // namespace guccho::ops::app
