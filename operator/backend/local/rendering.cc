// Rendering for one place.
#include "operator/backend/local/rendering.h"

#include <fmt/format.h>

#include <optional>

#include "node/base/words.h"
#include "node/supervise/files.h"
#include "operator/backend/local/admission.h"
#include "operator/backend/local/node_config.h"

namespace guccho::ops::local {
namespace {

constexpr std::string_view kFormerPassword = "+former-password";

// What those have that may run.
struct InForce {
  std::string password;
  std::string host;
};

// The password that a text of node_config() sets.
std::string password_in(std::string_view config) {
  constexpr std::string_view kName = "\nrequirepass ";
  const size_t at = config.rfind(kName);
  if (at == config.npos) return {};
  const std::string_view line = config.substr(at + 1);
  const auto words = split_line(line.substr(0, line.find('\n')));
  return words && words->size() == 2 ? words->back() : std::string();
}

// Of the first place that is not certainly down: all such places have the same.
Result<std::optional<InForce>> in_force(const StateDir& state, const std::vector<PlaceFacts>& all) {
  for (const PlaceFacts& facts : all) {
    if (is_down(facts)) continue;
    const auto text = supervise::read_file_if_there(state.node_config_path(facts.id));
    if (!text) return std::unexpected(text.error());
    if (!*text) continue;  // somebody took it away
    return std::optional(InForce{password_in(**text), facts.place.host});
  }
  return std::nullopt;
}

}  // namespace

Result<Rendering> render(const StateDir& state, const std::vector<PlaceFacts>& all, const RedisCluster& cluster,
                         InstanceId id, const std::string& revision) {
  const RedisClusterSpec& spec = cluster.spec;
  if (auto ok = admissible(spec); !ok) return std::unexpected(ok.error());
  auto password = password_of(spec.auth);
  if (!password) return std::unexpected(password.error());
  const auto running = in_force(state, all);
  if (!running) return std::unexpected(running.error());

  Rendering out{.config = {}, .revision = revision, .local = spec.local};
  if (*running && (*running)->password != *password) {
    password = (*running)->password;
    out.revision += kFormerPassword;
    out.local.host = (*running)->host;  // another one may be admissible only with the new password
  }
  out.config = node_config(spec, state.data_path(id), *password);
  return out;
}

Status check_as_it_was(const StateDir& state, const std::vector<PlaceFacts>& all, InstanceId id) {
  const auto running = in_force(state, all);
  if (!running) return std::unexpected(running.error());
  if (!*running) return {};
  const auto own = supervise::read_file(state.node_config_path(id));
  if (!own) return std::unexpected(own.error());
  if (password_in(*own) == (*running)->password) return {};
  return fail("its former configuration has another password than the nodes that run");
}

}  // namespace guccho::ops::local
