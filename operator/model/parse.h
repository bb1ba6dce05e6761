// RedisCluster from and to text. The schema is the CRD file (deploy/manifests/crd/redisclusters.guccho.io.yaml), which
// is embedded in the binary: types, limits, defaults and unknown fields are judged by it alone, as the API server does,
// so that what `guccho up -f` accepts is what `kubectl apply` accepts.
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops {

// One document of at most 1 MiB, JSON or YAML as kubectl reads it. Errors name the field: "spec.primaries: must be at
// least 1, is 0". A status in the text is read too.
Result<RedisCluster> parse_resource(std::string_view text);

// The whole resource as a JSON document that parse_resource() takes; byte-stable: equal values give equal text.
std::string to_json(const RedisCluster& cluster);
std::string status_to_json(const RedisClusterStatus& status);
Result<RedisClusterStatus> status_from_json(std::string_view json);

}  // namespace guccho::ops
