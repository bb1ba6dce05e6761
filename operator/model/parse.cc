// From text to a RedisCluster: the schema judges, then the fields are read.
#include "operator/model/parse.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "operator/model/crd.h"
#include "operator/model/print.h"
#include "operator/model/schema.h"
#include "operator/model/yaml.h"

namespace guccho::ops {
namespace {

using nlohmann::json;

const Schema& schema() {
  static const Schema instance = [] {
    auto loaded = Schema::from_crd(kCrdYaml);
    if (!loaded) {  // a fault of this very binary, found by every test that parses anything
      std::fprintf(stderr, "embedded %s\n", loaded.error().text.c_str());
      std::abort();
    }
    return std::move(*loaded);
  }();
  return instance;
}

// JSON objects with a repeated key are refused as in YAML, instead of the last one winning.
Result<json> json_of_json(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const json::parser_callback_t watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  json value = json::parse(text, watch, /*allow_exceptions=*/false);
  if (value.is_discarded()) return fail("not valid JSON");
  if (!repeated.empty()) return fail(repeated + ": given twice");
  return value;
}

Result<json> document_of(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  auto document = is_json ? json_of_json(text) : json_of_yaml(text);
  if (document && !document->is_object()) return fail("not a resource: want a mapping of fields");
  return document;
}

Status check_kind(const json& document) {
  const auto check = [&](const char* field, std::string_view want) -> Status {
    const auto it = document.find(field);
    if (it == document.end()) return fail(fmt::format("{}: is required", field));
    if (*it != want) return fail(fmt::format("{}: {} is not known, want {}", field, it->dump(), want));
    return {};
  };
  if (auto ok = check("apiVersion", kApiVersion); !ok) return ok;
  if (auto ok = check("kind", kKind); !ok) return ok;
  const auto metadata = document.find("metadata");
  if (metadata == document.end() || !metadata->is_object() || !metadata->contains("name")) {
    return fail("metadata.name: is required");
  }
  return {};
}

// What a directive or a quantity is written as: 1000 and "1000" mean the same.
std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string text_at(const json& object, const char* field) {
  const auto it = object.find(field);
  return it == object.end() ? std::string() : text_of(*it);
}

Quantities quantities_of(const json& resources, const char* field) {
  const auto it = resources.find(field);
  if (it == resources.end()) return {};
  return {.cpu = text_at(*it, "cpu"), .memory = text_at(*it, "memory")};
}

PersistenceMode mode_of(const std::string& text) {
  if (text == "snapshot") return PersistenceMode::kSnapshot;
  return text == "log" ? PersistenceMode::kLog : PersistenceMode::kNone;
}

RedisClusterSpec spec_of(const json& spec) {
  RedisClusterSpec out;
  out.primaries = spec.at("primaries");
  out.replicas_per_primary = spec.at("replicasPerPrimary");
  out.version = spec.at("version");
  out.image = text_at(spec, "image");
  for (const auto& [name, value] : spec.at("config").items()) out.config[name] = text_of(value);
  const json& persistence = spec.at("persistence");
  out.persistence.mode = mode_of(persistence.at("mode"));
  out.persistence.storage = {.size = text_at(persistence.at("storage"), "size"),
                             .storage_class = text_at(persistence.at("storage"), "storageClassName")};
  out.resources = {.requests = quantities_of(spec.at("resources"), "requests"),
                   .limits = quantities_of(spec.at("resources"), "limits")};
  out.auth = {.secret_name = text_at(spec.at("auth"), "secretName"),
              .password_file = text_at(spec.at("auth"), "passwordFile")};
  const json& local = spec.at("local");
  out.local = {.host = local.at("host"),
               .first_port = local.value("firstPort", uint16_t{0}),
               .first_router_port = local.value("firstRouterPort", uint16_t{0})};
  return out;
}

Phase phase_of(const std::string& text) {
  for (const Phase phase : {Phase::kReconciling, Phase::kReady, Phase::kDegraded, Phase::kFailed}) {
    if (to_string(phase) == text) return phase;
  }
  return Phase::kInitializing;
}

ConditionStatus condition_status_of(const std::string& text) {
  if (text == "True") return ConditionStatus::kTrue;
  return text == "False" ? ConditionStatus::kFalse : ConditionStatus::kUnknown;
}

Result<Condition> condition_of(const json& in) {
  const auto time = parse_time(in.at("lastTransitionTime").get<std::string>());
  if (!time) return fail("status.conditions: " + time.error().text);
  return Condition{.type = in.at("type"),
                   .status = condition_status_of(in.at("status")),
                   .reason = in.at("reason"),
                   .message = in.at("message"),
                   .last_transition = *time};
}

NodeSummary node_of(const json& in) {
  return NodeSummary{.id = *NodeId::parse(in.at("id").get_ref<const std::string&>()),
                     .instance = {.shard = in.at("shard"), .ordinal = in.at("ordinal")},
                     .role = in.at("role") == "primary" ? Role::kPrimary : Role::kReplica,
                     .zone = in.value("zone", ""),
                     .slots = in.value("slots", ""),
                     .in_sync = in.value("inSync", false),
                     .generation = DataGeneration(in.value("generation", uint64_t{0}))};
}

// The schema has been applied, so that what is there has the right type.
Result<RedisClusterStatus> status_of(const json& in) {
  RedisClusterStatus out;
  out.phase = phase_of(in.value("phase", ""));
  out.observed_generation = in.value("observedGeneration", int64_t{0});
  out.shards = in.value("shards", 0);
  out.primaries = in.value("primaries", 0);
  out.replicas = in.value("replicas", 0);
  out.ready_instances = in.value("readyInstances", 0);
  out.selector = in.value("selector", "");
  for (const json& part : in.value("conditions", json::array())) {
    auto condition = condition_of(part);
    if (!condition) return fail(condition.error().text);
    out.conditions.push_back(std::move(*condition));
  }
  for (const json& part : in.value("nodes", json::array())) out.nodes.push_back(node_of(part));
  return out;
}

Result<RedisCluster> cluster_of(const json& admitted) {
  RedisCluster out;
  const json& metadata = admitted.at("metadata");
  out.key = {.namespace_name = metadata.value("namespace", "default"), .name = metadata.at("name")};
  out.uid = metadata.value("uid", "");
  out.generation = metadata.value("generation", int64_t{1});
  out.deleting = metadata.contains("deletionTimestamp");
  out.spec = spec_of(admitted.at("spec"));
  if (admitted.contains("status")) {
    auto status = status_of(admitted.at("status"));
    if (!status) return fail(status.error().text);
    out.status = std::move(*status);
  }
  return out;
}

}  // namespace

Result<RedisCluster> parse_resource(std::string_view text) {
  auto document = document_of(text);
  if (!document) return fail(document.error().text);
  if (auto ok = check_kind(*document); !ok) return fail(ok.error().text);
  auto admitted = schema().admit(std::move(*document));
  if (!admitted) return fail(admitted.error().text);
  try {
    return cluster_of(*admitted);
  } catch (const json::exception& e) {  // only metadata's own fields, whose types the schema leaves to the API server
    return fail(fmt::format("metadata: {}", e.what()));
  }
}

Result<RedisClusterStatus> status_from_json(std::string_view text) {
  auto document = json_of_json(text);
  if (!document) return fail("status: " + document.error().text);
  // Judged inside the smallest resource, since the schema is one whole.
  json resource = {{"apiVersion", kApiVersion},
                   {"kind", kKind},
                   {"metadata", {{"name", "status"}}},
                   {"spec", {{"primaries", 1}}},
                   {"status", std::move(*document)}};
  auto admitted = schema().admit(std::move(resource));
  if (!admitted) return fail(admitted.error().text);
  return status_of(admitted->at("status"));
}

}  // namespace guccho::ops
