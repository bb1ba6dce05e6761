// The CRD file, embedded at build time.
#pragma once

#include <string_view>

namespace guccho::ops {

// deploy/manifests/crd/redisclusters.guccho.io.yaml, byte for byte.
extern const std::string_view kCrdYaml;

}  // namespace guccho::ops
