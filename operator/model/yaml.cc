// YAML to JSON values: scalars get the types that kubectl's reader (YAML 1.1) gives them.
#include "operator/model/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string>

namespace guccho::ops {
namespace {

using nlohmann::json;

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kMaxValues = 100'000;
constexpr int kMaxDepth = 64;

bool one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (text == name) return true;
  }
  return false;
}

std::optional<json> number_of(const std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const char* end = digits.data() + digits.size();
  int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(digits.data(), end, integer); error == std::errc() && at == end) {
    return json(integer);
  }
  double real = 0;
  const auto [at, error] = std::from_chars(digits.data(), end, real);
  if (error == std::errc() && at == end && std::isfinite(real)) return json(real);
  return std::nullopt;
}

json json_of_scalar(const YAML::Node& node) {
  const std::string text = node.Scalar();
  const bool quoted = node.Tag() == "!";
  if (quoted || node.Tag() == "tag:yaml.org,2002:str") return json(text);
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return json(nullptr);
  if (one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"})) return json(true);
  if (one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"})) return json(false);
  return number_of(text).value_or(json(text));
}

// Counts what it makes, so that a few nested aliases cannot become gigabytes.
class Converter {
 public:
  Result<json> convert(const YAML::Node& node, const std::string& path, int depth) {
    if (++values_ > kMaxValues) return fail(fmt::format("more than {} values", kMaxValues));
    if (depth > kMaxDepth) return fail(fmt::format("{}: nested deeper than {}", path, kMaxDepth));
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return json(nullptr);
      case YAML::NodeType::Scalar:
        return json_of_scalar(node);
      case YAML::NodeType::Sequence:
        return convert_list(node, path, depth);
      case YAML::NodeType::Map:
        return convert_map(node, path, depth);
    }
    return json(nullptr);
  }

 private:
  Result<json> convert_list(const YAML::Node& node, const std::string& path, int depth) {
    json list = json::array();
    for (const YAML::Node& item : node) {
      auto value = convert(item, fmt::format("{}[{}]", path, list.size()), depth + 1);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return list;
  }

  Result<json> convert_map(const YAML::Node& node, const std::string& path, int depth) {
    json map = json::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return fail(fmt::format("{}: a key must be plain text", path));
      const std::string key = entry.first.Scalar();
      const std::string key_path = path.empty() ? key : path + "." + key;
      if (map.contains(key)) return fail(fmt::format("{}: given twice", key_path));
      auto value = convert(entry.second, key_path, depth + 1);
      if (!value) return value;
      map[key] = std::move(*value);
    }
    return map;
  }

  int values_ = 0;
};

}  // namespace

Result<json> json_of_yaml(std::string_view text) {
  if (text.size() > kMaxBytes) return fail(fmt::format("larger than {} bytes", kMaxBytes));
  try {
    std::optional<YAML::Node> only;
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      if (document.IsNull()) continue;
      if (only) return fail("more than one document: want exactly one resource");
      only = document;
    }
    if (!only) return fail("empty: want one resource");
    return Converter().convert(*only, "", 0);
  } catch (const YAML::Exception& e) {
    return fail(fmt::format("line {}: {}", e.mark.line + 1, e.msg));
  }
}

}  // namespace guccho::ops
