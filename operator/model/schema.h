// Judges a resource by a Kubernetes structural schema, the way the API server does: defaults are filled in, then every
// rule is checked, and unknown fields are refused as with kubectl's default field validation.
// Understood: type, properties, required, additionalProperties, items, default, enum, minimum, maximum, minLength,
// maxLength, maxProperties, pattern, not, anyOf, format (int32, int64; others are not checked), x-kubernetes-int-or-
// string, x-kubernetes-list-type, x-kubernetes-list-map-keys, and of x-kubernetes-validations the one form
// "self.all(k, k.matches('REGEX'))". A schema that uses anything else does not load, so that no rule is skipped
// quietly.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "node/base/result.h"

namespace guccho::ops {

class Schema {
 public:
  // From the openAPIV3Schema of the only version of a CustomResourceDefinition in YAML.
  static Result<Schema> from_crd(std::string_view yaml);

  // The resource with its defaults, or the first rule that it breaks: "spec.primaries: must be at least 1, is 0".
  Result<nlohmann::json> admit(nlohmann::json resource) const;

 private:
  explicit Schema(nlohmann::json root) : root_(std::move(root)) {}
  nlohmann::json root_;
};

}  // namespace guccho::ops
