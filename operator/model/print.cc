// From a RedisCluster to text: one field order, so that equal values give equal bytes.
#include "operator/model/print.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "operator/model/parse.h"

namespace guccho::ops {
namespace {

using json = nlohmann::ordered_json;

void put(json& object, const char* field, const std::string& text) {
  if (!text.empty()) object[field] = text;
}

json quantities_json(const Quantities& in) {
  json out = json::object();
  put(out, "cpu", in.cpu);
  put(out, "memory", in.memory);
  return out;
}

json spec_json(const RedisClusterSpec& spec) {
  json out = {{"primaries", spec.primaries}, {"replicasPerPrimary", spec.replicas_per_primary}};
  put(out, "version", spec.version);
  put(out, "image", spec.image);
  out["config"] = json::object();
  for (const auto& [name, value] : spec.config) out["config"][name] = value;
  json storage = json::object();
  put(storage, "size", spec.persistence.storage.size);
  put(storage, "storageClassName", spec.persistence.storage.storage_class);
  out["persistence"] = {{"mode", to_string(spec.persistence.mode)}, {"storage", storage}};
  out["resources"] = {{"requests", quantities_json(spec.resources.requests)},
                      {"limits", quantities_json(spec.resources.limits)}};
  out["auth"] = json::object();
  put(out["auth"], "secretName", spec.auth.secret_name);
  put(out["auth"], "passwordFile", spec.auth.password_file);
  out["local"] = json::object();
  put(out["local"], "host", spec.local.host);
  if (spec.local.first_port) out["local"]["firstPort"] = spec.local.first_port;
  if (spec.local.first_router_port) out["local"]["firstRouterPort"] = spec.local.first_router_port;
  return out;
}

json condition_json(const Condition& in) {
  return {{"type", in.type},
          {"status", to_string(in.status)},
          {"reason", in.reason},
          {"message", in.message},
          {"lastTransitionTime", time_text(in.last_transition)}};
}

json node_json(const NodeSummary& in) {
  json out = {{"id", in.id.str()},
              {"shard", in.instance.shard},
              {"ordinal", in.instance.ordinal},
              {"role", to_string(in.role)}};
  put(out, "zone", in.zone);
  put(out, "slots", in.slots);
  out["inSync"] = in.in_sync;
  out["generation"] = in.generation.value;
  return out;
}

json status_json(const RedisClusterStatus& status) {
  json out = {{"phase", to_string(status.phase)},
              {"observedGeneration", status.observed_generation},
              {"shards", status.shards},
              {"primaries", status.primaries},
              {"replicas", status.replicas},
              {"readyInstances", status.ready_instances},
              {"selector", status.selector},
              {"conditions", json::array()},
              {"nodes", json::array()}};
  for (const Condition& condition : status.conditions) out["conditions"].push_back(condition_json(condition));
  for (const NodeSummary& node : status.nodes) out["nodes"].push_back(node_json(node));
  return out;
}

// A number of exactly `digits` digits at the front of `text`, which is then shortened.
std::optional<int> take_number(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const char* end = text.data() + digits;
  if (const auto [at, error] = std::from_chars(text.data(), end, value);
      error != std::errc() || at != end || value < 0) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char want) {
  if (!text.starts_with(want)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string time_text(UnixMillis time) {
  const int64_t millis = time.time_since_epoch().count();
  const std::chrono::sys_seconds seconds{std::chrono::seconds(millis / 1000)};
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), millis % 1000);
}

Result<UnixMillis> parse_time(std::string_view text) {
  const auto bad = [&] { return fail(fmt::format("'{}' is not a UTC time such as 2024-05-01T10:20:30Z", text)); };
  std::string_view rest = text;
  const auto year = take_number(rest, 4);
  if (!year || !take(rest, '-')) return bad();
  const auto month = take_number(rest, 2);
  if (!month || !take(rest, '-')) return bad();
  const auto day = take_number(rest, 2);
  if (!day || !take(rest, 'T')) return bad();
  const auto hour = take_number(rest, 2);
  if (!hour || !take(rest, ':')) return bad();
  const auto minute = take_number(rest, 2);
  if (!minute || !take(rest, ':')) return bad();
  const auto second = take_number(rest, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return bad();
  int millis = 0;
  if (take(rest, '.')) {
    for (int scale = 100; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; scale /= 10) {
      millis += scale * (rest.front() - '0');
      rest.remove_prefix(1);
    }
  }
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || rest != "Z") return bad();
  const auto since_epoch = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return UnixMillis(std::chrono::duration_cast<Millis>(since_epoch) + Millis(millis));
}

std::string status_to_json(const RedisClusterStatus& status) {
  return status_json(status).dump(2);
}

std::string to_json(const RedisCluster& cluster) {
  json metadata = {{"name", cluster.key.name}, {"namespace", cluster.key.namespace_name}};
  put(metadata, "uid", cluster.uid);
  metadata["generation"] = cluster.generation;
  const json out = {{"apiVersion", kApiVersion},
                    {"kind", kKind},
                    {"metadata", metadata},
                    {"spec", spec_json(cluster.spec)},
                    {"status", status_json(cluster.status)}};
  return out.dump(2);
}

}  // namespace guccho::ops
