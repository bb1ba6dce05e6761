// The command lines, by CLI11.
#include "operator/app/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

namespace guccho::ops::app {
namespace {

constexpr const char* kFooter =
    "A cluster's state lies in ~/.local/state/guccho/NAME (or below $XDG_STATE_HOME). Where there is one cluster,\n"
    "it need not be named. Nodes go on running, and heal, while no `guccho up` runs; `guccho down` ends them, and\n"
    "all keys with them, since nothing is kept on disk yet.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or a file that is refused.";

std::string version_of(std::string_view program) {
  return fmt::format("{} {}", program, GUCCHO_VERSION);
}

void add_where(CLI::App& command, Where& where) {
  auto* state = command.add_option("--state", where.state, "directory of the cluster's state")->type_name("DIR");
  command.add_option("--name", where.name, "name of the cluster")->type_name("NAME")->excludes(state);
}

void add_up(CLI::App& command, Up& up) {
  add_where(command, up.where);
  command.add_option("-f,--file", up.file, "RedisCluster resource, YAML or JSON (default: the one last given)")
      ->type_name("FILE");
  command
      .add_option("--node-program", up.node_program,
                  "guccho-node to run (default: the one beside this program, else the last one)")
      ->type_name("FILE");
}

// Runs the parser; what CLI11 would print is returned.
std::optional<Print> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& wanted) {
    std::ostringstream out, error;
    app.exit(wanted, out, error);
    return Print{out.str(), 0};
  } catch (const CLI::ParseError& wrong) {
    return Print{fmt::format("{}: {} (--help shows the usage)\n", app.get_name(), wrong.what()), kBadUsage};
  }
}

// All commands at once: CLI11 fills the values of the one that was given.
struct Values {
  Up up;
  StatusCommand status;
  PlanCommand plan;
  Scale scale;
  Kill kill;
  Down down;
};

void add_commands(CLI::App& app, Values& values) {
  add_up(*app.add_subcommand("up", "run the operator in the foreground: make the cluster as described and keep it so"),
         values.up);

  auto* status = app.add_subcommand("status", "show the cluster's nodes and conditions");
  add_where(*status, values.status.where);
  status->add_flag("--json", values.status.json, "for programs");

  auto* plan = app.add_subcommand("plan", "print the operator's next steps without acting");
  add_where(*plan, values.plan.where);
  plan->add_option("-f,--file", values.plan.file, "plan for this resource instead of the present one")
      ->type_name("FILE");

  auto* scale = app.add_subcommand("scale", "change the number of replicas");
  add_where(*scale, values.scale.where);
  scale->add_option("--replicas-per-primary", values.scale.replicas_per_primary, "replicas of each primary")
      ->type_name("N");
  scale->add_option("--primaries", values.scale.primaries, "primaries that share the slots")->type_name("N");
  scale->require_option(1, 0);

  auto* kill = app.add_subcommand("kill", "send a signal to a node's process");
  add_where(*kill, values.kill.where);
  kill->add_option("node", values.kill.node, "place (0-1) or the beginning of a node id")
      ->required()
      ->type_name("NODE");
  kill->add_option("--signal", values.kill.signal, "KILL, TERM, STOP, CONT or a number")
      ->default_val("KILL")
      ->type_name("SIGNAL");

  auto* down = app.add_subcommand("down", "end the operator, all nodes with their keys, and their supervisors");
  add_where(*down, values.down.where);
  down->add_flag("--purge", values.down.purge, "delete the data and all other state too");
  down->add_flag("-y,--yes", values.down.yes, "do not ask");

  app.add_subcommand("list", "the clusters of this user");
}

Command chosen(const CLI::App& app, const Values& values) {
  if (app.got_subcommand("up")) return values.up;
  if (app.got_subcommand("status")) return values.status;
  if (app.got_subcommand("plan")) return values.plan;
  if (app.got_subcommand("scale")) return values.scale;
  if (app.got_subcommand("kill")) return values.kill;
  if (app.got_subcommand("down")) return values.down;
  return List{};
}

}  // namespace

Command parse_guccho(int argc, const char* const* argv) {
  const std::string_view path = argc > 0 ? argv[0] : "guccho";
  const bool plugin = path.substr(path.rfind('/') + 1) == "kubectl-guccho";
  const std::string name = plugin ? "kubectl-guccho" : "guccho";
  CLI::App app("Runs Redis-compatible clusters of guccho-node processes on this machine.", name);
  app.set_version_flag("--version", version_of(name));
  app.footer(kFooter);
  app.require_subcommand(1);
  Values values;
  add_commands(app, values);
  if (auto print = parse(app, argc, argv)) return *print;
  if (plugin) {
    return Print{
        "kubectl-guccho: this release keeps clusters of local processes only and does not talk to Kubernetes; "
        "for those, use the guccho command\n",
        kFailed};
  }
  return chosen(app, values);
}

std::variant<OperatorOptions, Print> parse_guccho_operator(int argc, const char* const* argv) {
  CLI::App app("Keeps RedisCluster resources as described. Logs to standard output.", "guccho-operator");
  app.set_version_flag("--version", version_of("guccho-operator"));
  app.footer(kFooter);
  OperatorOptions options;
  std::string backend;
  app.add_option("--backend", backend, "the world that runs the nodes: local (processes of this machine)")
      ->check(CLI::IsMember({"local"}))
      ->default_val("local")
      ->type_name("NAME");
  add_up(app, options.up);
  if (auto print = parse(app, argc, argv)) return *print;
  return options;
}

}  // namespace guccho::ops::app
