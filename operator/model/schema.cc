// The evaluator of structural schemas.
#include "operator/model/schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "operator/model/yaml.h"

namespace guccho::ops {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 23> kKeywords = {"type",
                                                        "properties",
                                                        "required",
                                                        "additionalProperties",
                                                        "items",
                                                        "default",
                                                        "enum",
                                                        "minimum",
                                                        "maximum",
                                                        "minLength",
                                                        "pattern",
                                                        "not",
                                                        "maxLength",
                                                        "anyOf",
                                                        "maxProperties",
                                                        "format",
                                                        "description",
                                                        "x-kubernetes-int-or-string",
                                                        "x-kubernetes-list-type",
                                                        "x-kubernetes-list-map-keys",
                                                        "x-kubernetes-validations",
                                                        "nullable",
                                                        "x-kubernetes-preserve-unknown-fields"};

// The fields that the API server knows in every object's metadata.
constexpr std::array<std::string_view, 15> kObjectMeta = {"name",
                                                          "namespace",
                                                          "generateName",
                                                          "uid",
                                                          "resourceVersion",
                                                          "generation",
                                                          "labels",
                                                          "annotations",
                                                          "finalizers",
                                                          "ownerReferences",
                                                          "creationTimestamp",
                                                          "deletionTimestamp",
                                                          "deletionGracePeriodSeconds",
                                                          "managedFields",
                                                          "selfLink"};

// The regular expression of the one form of validation rule that is understood.
std::optional<std::string> key_pattern_of(const json& rule) {
  static const RE2 form(R"(self\.all\(k, k\.matches\('(.*)'\)\))");
  std::string pattern;
  if (!RE2::FullMatch(rule.value("rule", ""), form, &pattern)) return std::nullopt;
  return pattern;
}

// RE2 is the syntax of Kubernetes' patterns, and takes linear time and no stack whatever the text.
bool matches(const std::string& text, const std::string& pattern) {
  return RE2::PartialMatch(text, RE2(pattern));
}

std::string at(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string_view type_name(const json& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  return "null";
}

std::string shown(const json& value) {
  const std::string text = value.dump();
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// ---- loading: refuse what check() would not enforce ----

Status check_schema(const json& schema, const std::string& path) {
  if (!schema.is_object()) return fail(fmt::format("schema of {}: must be an object", path));
  for (const auto& [keyword, value] : schema.items()) {
    if (std::ranges::find(kKeywords, keyword) == kKeywords.end()) {
      return fail(fmt::format("schema of {}: keyword '{}' is not understood", path, keyword));
    }
  }
  if (schema.contains("x-kubernetes-validations")) {
    for (const json& rule : schema["x-kubernetes-validations"]) {
      if (key_pattern_of(rule)) continue;
      return fail(fmt::format("schema of {}: rule '{}' is not understood", path, rule.value("rule", "")));
    }
  }
  if (schema.contains("pattern") && !RE2(schema["pattern"].get<std::string>(), RE2::Quiet).ok()) {
    return fail(fmt::format("schema of {}: pattern {} is not understood", path, schema["pattern"].dump()));
  }
  if (schema.contains("properties")) {
    for (const auto& [name, part] : schema["properties"].items()) {
      if (auto ok = check_schema(part, at(path, name)); !ok) return ok;
    }
  }
  for (const char* keyword : {"additionalProperties", "items", "not"}) {
    if (!schema.contains(keyword)) continue;
    if (auto ok = check_schema(schema[keyword], at(path, keyword)); !ok) return ok;
  }
  if (schema.contains("anyOf")) {
    for (const json& part : schema["anyOf"]) {
      if (auto ok = check_schema(part, path); !ok) return ok;
    }
  }
  return {};
}

// ---- defaults ----

void fill_defaults(const json& schema, json& value) {
  if (value.is_array() && schema.contains("items")) {
    for (json& item : value) fill_defaults(schema["items"], item);
  }
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& [name, part] : schema["properties"].items()) {
    // A null where there is a default means: not given.
    if (part.contains("default") && (!value.contains(name) || value[name].is_null())) value[name] = part["default"];
    if (value.contains(name)) fill_defaults(part, value[name]);
  }
}

// ---- checks ----

Status check(const json& schema, const json& value, const std::string& path);

Status check_type(const json& schema, const json& value, const std::string& path) {
  if (schema.value("x-kubernetes-int-or-string", false)) {
    if (value.is_number_integer() || value.is_string()) return {};
    const char* hint = value.is_boolean() ? " (quote yes and no)" : "";
    return fail(
        fmt::format("{}: must be a string or an integer, is {} {}{}", path, type_name(value), shown(value), hint));
  }
  if (!schema.contains("type")) return {};
  const std::string want = schema["type"];
  const std::string_view got = type_name(value);
  if (got == want || (want == "number" && got == "integer")) return {};
  return fail(
      fmt::format("{}: must be of type {}, is {} {}", path.empty() ? "resource" : path, want, got, shown(value)));
}

Status check_number(const json& schema, const json& value, const std::string& path) {
  if (!value.is_number()) return {};
  if (schema.contains("minimum") && value < schema["minimum"]) {
    return fail(fmt::format("{}: must be at least {}, is {}", path, schema["minimum"].dump(), value.dump()));
  }
  if (schema.contains("maximum") && value > schema["maximum"]) {
    return fail(fmt::format("{}: must be at most {}, is {}", path, schema["maximum"].dump(), value.dump()));
  }
  if (schema.value("format", "") == "int32" && value.is_number_integer()) {
    const auto number = value.get<int64_t>();
    if (number < std::numeric_limits<int32_t>::min() || number > std::numeric_limits<int32_t>::max()) {
      return fail(fmt::format("{}: must fit in 32 bits, is {}", path, number));
    }
  }
  return {};
}

Status check_string(const json& schema, const json& value, const std::string& path) {
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() < schema.value("minLength", size_t{0})) {
    return fail(fmt::format("{}: must have at least {} characters", path, schema["minLength"].dump()));
  }
  if (text.size() > schema.value("maxLength", std::numeric_limits<size_t>::max())) {
    return fail(
        fmt::format("{}: must have at most {} characters, has {}", path, schema["maxLength"].dump(), text.size()));
  }
  if (schema.contains("pattern")) {
    const std::string pattern = schema["pattern"];
    if (!matches(text, pattern)) {
      return fail(fmt::format("{}: {} does not match {}", path, shown(value), pattern));
    }
  }
  return {};
}

Status check_enum(const json& schema, const json& value, const std::string& path) {
  if (!schema.contains("enum")) return {};
  std::string known;
  for (const json& allowed : schema["enum"]) {
    if (allowed == value) return {};
    known += (known.empty() ? "" : ", ") + (allowed.is_string() ? allowed.get<std::string>() : allowed.dump());
  }
  return fail(fmt::format("{}: {} is not known, want one of: {}", path, shown(value), known));
}

// Whether the value has every property that a schema of nothing but `required` demands.
bool has_all(const json& required, const json& value) {
  return value.is_object() && std::ranges::all_of(required, [&](const json& name) {
           return value.contains(name.get_ref<const std::string&>());
         });
}

// The names that a broken `not: {required: [..]}` is about, for the message.
std::string forbidden_names(const json& schema, const json& value) {
  if (schema.contains("required") && has_all(schema["required"], value)) {
    std::string names;
    for (const json& name : schema["required"]) names += (names.empty() ? "" : " with ") + name.get<std::string>();
    return names;
  }
  for (const json& part : schema.value("anyOf", json::array())) {
    if (std::string names = forbidden_names(part, value); !names.empty()) return names;
  }
  return "";
}

Status check_logic(const json& schema, const json& value, const std::string& path) {
  if (schema.contains("not") && check(schema["not"], value, path)) {
    const std::string names = forbidden_names(schema["not"], value);
    return fail(fmt::format("{}: {}", names.empty() ? path : at(path, names), "must not be given here"));
  }
  if (schema.contains("anyOf")) {
    const bool any =
        std::ranges::any_of(schema["anyOf"], [&](const json& part) { return bool(check(part, value, path)); });
    if (!any) return fail(fmt::format("{}: matches none of the allowed forms", path));
  }
  return {};
}

Status check_keys(const json& schema, const json& value, const std::string& path) {
  for (const json& rule : schema.value("x-kubernetes-validations", json::array())) {
    const std::string pattern = key_pattern_of(rule).value();
    for (const auto& [key, unused] : value.items()) {
      if (matches(key, pattern)) continue;
      return fail(fmt::format("{}: {}: {}", path, shown(json(key)), rule.value("message", pattern)));
    }
  }
  return {};
}

// The schema of one property of an object, or nothing when the field is unknown.
const json* property_schema(const json& schema, const std::string& name, const std::string& path) {
  static const json kAnything = json::object({{"x-kubernetes-preserve-unknown-fields", true}});
  if (const auto it = schema.find("properties"); it != schema.end() && it->contains(name)) return &it->at(name);
  if (const auto it = schema.find("additionalProperties"); it != schema.end()) return &*it;
  if (schema.value("x-kubernetes-preserve-unknown-fields", false)) return &kAnything;
  if (path == "metadata" && std::ranges::find(kObjectMeta, name) != kObjectMeta.end()) return &kAnything;
  return nullptr;
}

Status check_object(const json& schema, const json& value, const std::string& path) {
  for (const json& name : schema.value("required", json::array())) {
    const auto& key = name.get_ref<const std::string&>();
    if (!value.contains(key)) return fail(fmt::format("{}: is required", at(path, key)));
  }
  if (value.size() > schema.value("maxProperties", std::numeric_limits<size_t>::max())) {
    return fail(fmt::format("{}: must have at most {} entries", path, schema["maxProperties"].dump()));
  }
  if (auto ok = check_keys(schema, value, path); !ok) return ok;
  // A schema inside `not` or `anyOf` has no type and speaks only about what it names.
  const bool whole = schema.contains("type") || schema.contains("x-kubernetes-preserve-unknown-fields");
  for (const auto& [name, part] : value.items()) {
    const json* part_schema = property_schema(schema, name, path);
    if (!part_schema && whole) return fail(fmt::format("{}: unknown field", at(path, name)));
    if (!part_schema) continue;
    if (auto ok = check(*part_schema, part, at(path, name)); !ok) return ok;
  }
  return {};
}

Status check_list(const json& schema, const json& value, const std::string& path) {
  if (!schema.contains("items")) return {};
  for (size_t i = 0; i < value.size(); ++i) {
    if (auto ok = check(schema["items"], value[i], fmt::format("{}[{}]", path, i)); !ok) return ok;
  }
  return {};
}

Status check(const json& schema, const json& value, const std::string& path) {
  for (const auto rule : {check_type, check_enum, check_number, check_string, check_logic}) {
    if (auto ok = rule(schema, value, path); !ok) return ok;
  }
  if (value.is_object()) return check_object(schema, value, path);
  if (value.is_array()) return check_list(schema, value, path);
  return {};
}

}  // namespace

Result<Schema> Schema::from_crd(std::string_view yaml) {
  auto crd = json_of_yaml(yaml);
  if (!crd) return fail("CRD: " + crd.error().text);
  const json::json_pointer where("/spec/versions/0/schema/openAPIV3Schema");
  if (!crd->contains(where)) return fail("CRD: no " + where.to_string());
  json root = (*crd)[where];
  if (auto ok = check_schema(root, "resource"); !ok) return fail(ok.error().text);
  return Schema(std::move(root));
}

Result<json> Schema::admit(json resource) const {
  fill_defaults(root_, resource);
  if (auto ok = check(root_, resource, ""); !ok) return fail(ok.error().text);
  return resource;
}

}  // namespace guccho::ops
