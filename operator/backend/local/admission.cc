// The rules of the local world, and the node's own judgement of a rendered configuration.
#include "operator/backend/local/admission.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "node/base/words.h"
#include "node/config/load.h"
#include "node/supervise/files.h"
#include "node/supervise/lines.h"
#include "operator/backend/local/node_config.h"
#include "operator/backend/local/ports.h"

namespace guccho::ops::local {
namespace {

constexpr std::string_view kConfigFile = "node.conf";

// The value of a directive of one word, without the quotes that redis.conf may have around it; nothing when not given.
std::optional<std::string> word_of(const RedisClusterSpec& spec, const std::string& name) {
  const auto found = spec.config.find(name);
  if (found == spec.config.end()) return std::nullopt;
  const auto words = split_line(found->second);
  return words && words->size() == 1 ? words->front() : found->second;
}

Status check_persistence(const RedisClusterSpec& spec) {
  if (spec.persistence.mode == PersistenceMode::kNone) return {};
  return fail(fmt::format("spec.persistence.mode: {} is not there yet: nodes keep no keys on disk (none)",
                          to_string(spec.persistence.mode)));
}

// Every node reads the same file, so that all would want the one port, and all but the first could not start.
Status check_shared_ports(const RedisClusterSpec& spec) {
  for (const char* name : {"metrics-port", "health-port", "admin-port"}) {
    if (word_of(spec, name).value_or("0") == "0") continue;
    return fail(fmt::format("spec.config.{}: all nodes run on this machine and cannot share one port", name));
  }
  return {};
}

// They get no TLS port, which these would have the others connect to.
Status check_tls_between_nodes(const RedisClusterSpec& spec) {
  for (const char* name : {"tls-cluster", "tls-replication"}) {
    if (word_of(spec, name).value_or("no") == "no") continue;
    return fail(fmt::format("spec.config.{}: nodes of this machine have no TLS port", name));
  }
  return {};
}

// The line that load() speaks of, "node.conf:3: ...", is named after the field that it came from.
std::string in_terms_of_the_spec(const RedisClusterSpec& spec, const std::string& config, std::string_view problem) {
  const std::string prefix = fmt::format("{}:", kConfigFile);
  if (!problem.starts_with(prefix)) return fmt::format("spec.config: {}", problem);
  problem.remove_prefix(prefix.size());
  const size_t number_end = problem.find(": ");
  size_t line = 0;
  if (number_end == problem.npos || !supervise::read_number(problem.substr(0, number_end), line)) {
    return fmt::format("spec.config: {}", problem);
  }
  problem.remove_prefix(number_end + 2);
  std::string_view rest = config;
  for (; line > 1; --line) rest.remove_prefix(rest.find('\n') + 1);
  const std::string name(rest.substr(0, rest.find(' ')));
  if (!spec.config.contains(name)) return std::string(problem);
  const std::string said = name + ": ";
  if (problem.starts_with(said)) problem.remove_prefix(said.size());
  return fmt::format("spec.config.{}: {}", name, problem);
}

Status check_readable(const char* name, const std::string& path) {
  if (path.empty()) return {};
  if (path[0] != '/') return fail(fmt::format("spec.config.{}: '{}' is not an absolute path", name, path));
  if (::access(path.c_str(), R_OK) == 0) return {};
  return fail(fmt::format("spec.config.{}: {}: {}", name, path, std::strerror(errno)));
}

// Only the router port can have TLS here.
Status check_tls_files(const config::Config& c) {
  if (!c.router_tls) return {};
  if (auto ok = check_readable("tls-cert-file", c.tls_cert_file); !ok) return ok;
  if (auto ok = check_readable("tls-key-file", c.tls_key_file); !ok) return ok;
  if (auto ok = check_readable("tls-ca-cert-file", c.tls_ca_cert_file); !ok) return ok;
  return check_readable("tls-ca-cert-dir", c.tls_ca_cert_dir);
}

// As a node would read it; which ports and which directory makes no difference.
Status check_rendered(const RedisClusterSpec& spec, const std::string& password) {
  const std::string text = node_config(spec, "/", password);
  Place place;
  place.host = spec.local.host;
  place.port = kDefaultFirstPort;
  place.bus_port = kDefaultFirstPort + kBusOffset;
  place.router_port = kDefaultFirstRouterPort;
  const auto line = config::parse_command_line(node_arguments(std::string(kConfigFile), place));
  if (!line) return fail("spec: " + line.error().text);
  const auto read = [&](const std::string& path) -> Result<std::string> {
    if (path == kConfigFile) return text;
    return fail("no other file is read");
  };
  const auto itself = [](const std::string& pattern) { return std::vector<std::string>{pattern}; };
  const auto loaded = config::load(*line, {.read = read, .matching = itself});
  if (!loaded) return fail(in_terms_of_the_spec(spec, text, loaded.error().text));
  return check_tls_files(loaded->config);
}

}  // namespace

Status check_protected_mode(const RedisClusterSpec& spec) {
  if (is_loopback(spec.local.host) || !spec.auth.password_file.empty()) return {};
  if (word_of(spec, "protected-mode") == "no") return {};
  return fail(
      fmt::format("spec.local.host: {} can be reached from elsewhere, and there is no password, so that nodes would "
                  "refuse each other (protected mode): give spec.auth.passwordFile, or protected-mode: 'no' in "
                  "spec.config",
                  spec.local.host));
}

Status admissible(const RedisClusterSpec& spec) {
  for (Status (*check)(const RedisClusterSpec&) : {check_persistence, check_shared_ports, check_tls_between_nodes}) {
    if (auto ok = check(spec); !ok) return ok;
  }
  if (auto ok = check_host(spec.local.host); !ok) return ok;
  if (auto ok = check_protected_mode(spec); !ok) return ok;
  const auto password = password_of(spec.auth);
  if (!password) return std::unexpected(password.error());
  return check_rendered(spec, *password);
}

Result<std::string> password_of(const AuthSpec& auth) {
  if (!auth.secret_name.empty()) return fail("spec.auth.secretName: there are no Secrets here, use passwordFile");
  if (auth.password_file.empty()) return std::string();
  auto text = supervise::read_file(auth.password_file);
  if (!text) return fail("spec.auth.passwordFile: " + text.error().text);
  std::string password = text->substr(0, text->find('\n'));
  if (password.empty()) return fail(fmt::format("spec.auth.passwordFile: {}: first line is empty", auth.password_file));
  return password;
}

}  // namespace guccho::ops::local
