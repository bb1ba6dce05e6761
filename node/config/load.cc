// Reading configuration files and the command line into a Config.
#include "node/config/load.h"

#include <fmt/core.h>

#include <map>

#include "node/base/words.h"
#include "node/config/fields.h"

namespace guccho::config {
namespace {

constexpr int kMaxIncludeDepth = 16;
constexpr std::string_view kCommandLine = "command line";

std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = s.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(kBlanks) - first + 1);
}

class Loader {
 public:
  Loader(const FileReader& read_file, const Config& defaults) : read_file_(read_file), loaded_{defaults, {}} {}

  Status file(const std::string& path, int depth) {
    if (depth > kMaxIncludeDepth) return fail(path + ": files include each other more than 16 deep");
    const Result<std::string> text = read_file_(path);
    if (!text) return fail(fmt::format("{}: cannot read the configuration: {}", path, text.error().text));
    return lines(*text, path == "-" ? "standard input" : path, depth);
  }

  Status setting(const std::string& where, const std::string& name, Arguments args) {
    if (equal_ignoring_case(name, kUser)) return user(where, args);
    const Directive* d = find_directive(name);
    if (d == nullptr) return unknown(where, name);
    if (!d->has(kManyArguments) && args.size() != 1) {
      return fail(fmt::format("{}: {}: wrong number of arguments", where, d->name));
    }
    if (args.empty()) return fail(fmt::format("{}: {}: wrong number of arguments", where, d->name));
    if (Status s = d->read(*d, args, loaded_.config); !s) {
      return fail(fmt::format("{}: {}: {}", where, d->name, s.error().text));
    }
    if (d->has(kIneffective) && d->print(*d, loaded_.config) != d->print(*d, Config())) {
      loaded_.warnings.push_back(fmt::format("{}: {} has no effect here: {}", where, d->name, d->help));
    }
    return {};
  }

  Loaded take() { return std::move(loaded_); }

 private:
  // user NAME RULE ...: at most once a name.
  Status user(const std::string& where, Arguments args) {
    if (args.empty()) return fail(where + ": user: wrong number of arguments");
    for (const UserLine& other : loaded_.config.users) {
      if (other.name == args[0]) {
        return fail(fmt::format("{}: user: '{}' is already defined at {}", where, args[0], other.where));
      }
    }
    loaded_.config.users.push_back({where, args[0], {args.begin() + 1, args.end()}});
    return {};
  }

  Status lines(std::string_view text, const std::string& name, int depth) {
    for (int number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      const std::string_view line = trim(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.empty() || line[0] == '#') continue;
      if (Status s = one_line(line, fmt::format("{}:{}", name, number), depth); !s) return s;
    }
    return {};
  }

  Status one_line(std::string_view line, const std::string& where, int depth) {
    const Result<std::vector<std::string>> words = split_line(line);
    if (!words) return fail(where + ": " + words.error().text);
    if (words->empty()) return {};
    const Arguments args = Arguments(*words).subspan(1);
    if (!equal_ignoring_case(words->front(), "include")) return setting(where, words->front(), args);
    if (args.size() != 1) return fail(where + ": include: wrong number of arguments");
    if (Status s = file(args[0], depth + 1); !s) return fail(where + ": " + s.error().text);
    return {};
  }

  static Status unknown(const std::string& where, const std::string& name) {
    if (const std::string_view why = refusal(name); !why.empty())
      return fail(fmt::format("{}: {}: {}", where, name, why));
    const std::string_view near = nearest_directive(name);
    const std::string hint = near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near);
    return fail(fmt::format("{}: unknown directive '{}'{}", where, name, hint));
  }

  const FileReader& read_file_;
  Loaded loaded_;
};

Status check_ports(const Config& c) {
  const std::pair<std::string_view, uint16_t> ports[] = {
      {"port", c.port},
      {"tls-port", c.tls_port},
      {"cluster-port", c.bus_port()},
      {"router-port", c.router_port},
      {"admin-port", c.admin_port},
      {"metrics-port", c.metrics_port},
      {"health-port", c.health_port},
  };
  std::map<uint16_t, std::string_view> seen;
  for (const auto& [name, port] : ports) {
    if (port == 0) continue;
    if (const auto [other, fresh] = seen.emplace(port, name); !fresh) {
      return fail(fmt::format("{} and {} are both {}: give each a port of its own", other->second, name, port));
    }
  }
  return {};
}

Status check_tls(const Config& c) {
  std::string_view user;
  if (c.tls_replication) user = "tls-replication";
  if (c.tls_cluster) user = "tls-cluster";
  if (c.router_port != 0 && c.router_tls) user = "router-tls";
  if (c.tls_port != 0) user = "tls-port";
  if (c.tls_cluster && c.tls_port == 0) return fail("tls-cluster needs tls-port: redirections name that port");
  if (user.empty()) return {};
  if (c.tls_cert_file.empty()) return fail(fmt::format("{} needs tls-cert-file", user));
  if (c.tls_key_file.empty()) return fail(fmt::format("{} needs tls-key-file", user));
  const bool verifies = c.tls_auth_clients != TlsAuthClients::kNo || c.tls_cluster || c.tls_replication;
  if (verifies && c.tls_ca_cert_file.empty() && c.tls_ca_cert_dir.empty()) {
    return fail(fmt::format("{} needs tls-ca-cert-file or tls-ca-cert-dir to check the other side", user));
  }
  return {};
}

Status check_admin(const Config& c) {
  if (c.admin_port == 0) return {};
  if (c.admin_tls_cert_file.empty()) return fail("admin-port needs admin-tls-cert-file: it is never open");
  if (c.admin_tls_key_file.empty()) return fail("admin-port needs admin-tls-key-file: it is never open");
  if (c.admin_tls_ca_cert_file.empty()) return fail("admin-port needs admin-tls-ca-cert-file: it is never open");
  return {};
}

Status check_users(const Config& c) {
  if (c.aclfile.empty() || c.users.empty()) return {};
  return fail(fmt::format("{}: user: users are in the aclfile '{}'; define them there, or remove that directive",
                          c.users.front().where, c.aclfile));
}

}  // namespace

Status check_consistency(const Config& c) {
  if (c.port == 0 && c.tls_port == 0) return fail("port and tls-port are both 0: a cluster node needs one of them");
  if (c.bus_port() == 0) {
    return fail(fmt::format("the bus port would be {} + 10000, which is no port: set cluster-port",
                            c.tls_cluster ? c.tls_port : c.port));
  }
  for (Status (*check)(const Config&) : {check_ports, check_tls, check_admin, check_users}) {
    if (Status s = check(c); !s) return s;
  }
  return {};
}

Result<CommandLine> parse_command_line(std::span<const std::string> args) {
  CommandLine line;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (i == 0 && (arg == "-h" || arg == "--help")) return CommandLine{.action = CommandLine::Action::kHelp};
    if (i == 0 && (arg == "-v" || arg == "--version")) return CommandLine{.action = CommandLine::Action::kVersion};
    if (arg == "-" && (i == 0 || i + 1 == args.size())) {
      line.read_stdin = true;
    } else if (arg.starts_with("--")) {
      // "--port 7000" may also come as one argument.
      Result<std::vector<std::string>> words = split_line(std::string_view(arg).substr(2));
      if (!words) return fail(fmt::format("{}: {}: {}", kCommandLine, arg, words.error().text));
      if (words->empty()) return fail(fmt::format("{}: '--' is not followed by a directive", kCommandLine));
      line.settings.push_back({words->front(), {words->begin() + 1, words->end()}});
    } else if (!line.settings.empty()) {
      line.settings.back().values.push_back(arg);
    } else if (i == 0 && !arg.starts_with('-')) {
      line.file = arg;
    } else {
      return fail(fmt::format("{}: '{}' is neither a file nor a directive; see --help", kCommandLine, arg));
    }
  }
  // "--save" alone means "--save ''".
  for (CommandLine::Setting& s : line.settings) {
    if (equal_ignoring_case(s.name, "save") && s.values.empty()) s.values.emplace_back();
  }
  return line;
}

std::string help_text() {
  std::string out =
      "Usage: guccho-node [FILE] [--directive value ...] [-]\n"
      "FILE has the syntax of redis.conf; '-' reads more of it from standard input; the command line wins.\n\n"
      "Directives (default):\n";
  const Config defaults;
  for (const Directive& d : directives()) {
    if (d.has(kIneffective) || d.has(kHidden)) continue;
    const std::string value = quote_word(d.print(d, defaults));
    out += fmt::format("  --{} ({})\n      {}\n", d.name, value, d.help);
    if (!d.choices.empty()) out += fmt::format("      one of: {}\n", d.choices);
  }
  return out;
}

Result<Loaded> load(const CommandLine& line, const FileReader& read_file, const Config& defaults) {
  Loader loader(read_file, defaults);
  if (line.file) {
    if (Status s = loader.file(*line.file, 0); !s) return fail(s.error().text);
  }
  if (line.read_stdin) {
    if (Status s = loader.file("-", 0); !s) return fail(s.error().text);
  }
  for (const CommandLine::Setting& setting : line.settings) {
    if (Status s = loader.setting(std::string(kCommandLine), setting.name, setting.values); !s) {
      return fail(s.error().text);
    }
  }
  Loaded loaded = loader.take();
  if (Status s = check_consistency(loaded.config); !s) return fail(s.error().text);
  return loaded;
}

}  // namespace guccho::config
