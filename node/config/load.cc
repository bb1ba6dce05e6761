// Reading configuration files and the command line into a Config.
#include "node/config/load.h"

#include <fmt/core.h>

#include <map>
#include <set>

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
  Loader(const Files& files, const Config& defaults) : files_(files), loaded_{defaults, defaults, {}} {}

  Status file(const std::string& path, int depth) {
    if (depth > kMaxIncludeDepth) return fail(path + ": files include each other more than 16 deep");
    const Result<std::string> text = files_.read(path);
    if (!text) return fail(fmt::format("{}: cannot read the configuration: {}", path, text.error().text));
    return lines(*text, path == "-" ? "standard input" : path, depth);
  }

  // `depth`: of the file that it stands in.
  Status setting(const std::string& where, const std::string& name, Arguments args, int depth) {
    if (equal_ignoring_case(name, kUser)) return user(where, args);
    if (equal_ignoring_case(name, kInclude)) return include(where, args, depth);
    if (is_obsolete(name)) {
      return args.size() == 1 ? Status() : fail(fmt::format("{}: {}: wrong number of arguments", where, name));
    }
    const Directive* d = find_directive(name);
    if (d == nullptr) return unknown(where, name);
    if (!d->has(kManyArguments) && args.size() != 1) {
      return fail(fmt::format("{}: {}: wrong number of arguments", where, d->name));
    }
    if (args.empty()) return fail(fmt::format("{}: {}: wrong number of arguments", where, d->name));
    given_.insert(d);
    std::erase_if(refused_, [&](const Refused& r) { return r.directive == d; });
    if (Status s = d->read(*d, args, loaded_.config); !s) {
      std::string why = fmt::format("{}: {}: {}", where, d->name, s.error().text);
      if (!d->has(kReplaceable)) return fail(std::move(why));
      refused_.push_back({d, std::move(why)});
    }
    const bool changed = d->has(kIneffective) && d->print(*d, loaded_.config) != d->print(*d, Config());
    if (changed || loaded_.config.ineffective.contains(d->name)) {
      loaded_.warnings.push_back(fmt::format("{}: {} has no effect here: {}", where, d->name, d->help));
    }
    return {};
  }

  // After the last setting.
  Result<Loaded> finish() {
    if (!refused_.empty()) return fail(refused_.front().why);
    loaded_.defaults.admin_socket = loaded_.config.default_admin_socket();
    if (!given_.contains(find_directive("admin-socket"))) loaded_.config.admin_socket = loaded_.defaults.admin_socket;
    if (Status s = check_consistency(loaded_.config); !s) return fail(s.error().text);
    return std::move(loaded_);
  }

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

  Status include(const std::string& where, Arguments args, int depth) {
    if (args.size() != 1) return fail(where + ": include: wrong number of arguments");
    std::vector<std::string> paths = {path_in(loaded_.config.dir, args[0])};
    if (args[0].find_first_of("*?[") != std::string::npos) paths = files_.matching(paths[0]);
    for (const std::string& path : paths) {
      if (Status s = file(path, depth + 1); !s) return fail(where + ": " + s.error().text);
    }
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
    return setting(where, words->front(), Arguments(*words).subspan(1), depth);
  }

  static Status unknown(const std::string& where, const std::string& name) {
    if (const std::string_view why = refusal(name); !why.empty())
      return fail(fmt::format("{}: {}: {}", where, name, why));
    const std::string_view near = nearest_directive(name);
    const std::string hint = near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near);
    return fail(fmt::format("{}: unknown directive '{}'{}", where, name, hint));
  }

  struct Refused {
    const Directive* directive;
    std::string why;
  };

  const Files& files_;
  Loaded loaded_;
  std::set<const Directive*> given_;
  std::vector<Refused> refused_;  // until a later line replaces the value
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

std::string help_text(const Config& defaults) {
  std::string out = fmt::format(
      "Usage: guccho-node [FILE] [--directive value ...] [-]\n"
      "       guccho-node -h | --help | -v | --version\n"
      "FILE has the syntax of redis.conf; '-' reads more of it from standard input; the command line wins.\n\n"
      "Directives (default on this machine):\n"
      "  --{} FILE\n"
      "      reads FILE in this place; with '*', '?' or '[' all files that match, in alphabetical order\n"
      "  --{} NAME RULE ...\n"
      "      a user and what it may do, in the words of ACL SETUSER; one line for each\n",
      kInclude, kUser);
  for (const Directive& d : directives()) {
    if (d.has(kIneffective) || d.has(kHidden)) continue;
    const std::string value = quote_word(d.print(d, defaults));
    out += fmt::format("  --{} ({})\n      {}\n", d.name, value, d.help);
    if (!d.choices.empty()) out += fmt::format("      one of: {}\n", d.choices);
  }
  return out;
}

Result<Loaded> load(const CommandLine& line, const Files& files, const Config& defaults) {
  Loader loader(files, defaults);
  if (line.file) {
    if (Status s = loader.file(*line.file, 0); !s) return fail(s.error().text);
  }
  if (line.read_stdin) {
    if (Status s = loader.file("-", 0); !s) return fail(s.error().text);
  }
  for (const CommandLine::Setting& setting : line.settings) {
    if (Status s = loader.setting(std::string(kCommandLine), setting.name, setting.values, 0); !s) {
      return fail(s.error().text);
    }
  }
  return loader.finish();
}

}  // namespace guccho::config
