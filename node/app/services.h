// What runs beside the data path: the admin service, the metrics port and the health port, over one running node.
#pragma once

#include <memory>

#include "node/base/result.h"
#include "node/runtime/node.h"

namespace guccho::app {

class Services {
 public:
  // Opens what the configuration asks for. The error is one line: what, where, what to do.
  static Result<std::unique_ptr<Services>> start(runtime::Node& node);
  virtual ~Services() = default;
};

}  // namespace guccho::app
