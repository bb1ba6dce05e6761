// Starting supervisors.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "node/base/result.h"

namespace guccho::ops::local {

// Starts supervisors as sessions of their own, so that neither a terminal's Ctrl-C nor the end of the operator reaches
// them, and reaps those that end while this process lives. Not thread-safe.
class SupervisorSpawner {
 public:
  // `program`: guccho-node, absolute.
  explicit SupervisorSpawner(std::string program) : program_(std::move(program)) {}

  // Returns once the process is started; whether it came up is in its record, and in supervisor.log if not. Does
  // nothing while an earlier one of this directory that we started still runs.
  Status start(const std::string& directory);
  // True while the supervisor that we started for this directory runs.
  bool running(const std::string& directory);

 private:
  std::string program_;
  std::map<std::string, pid_t> children_;
};

}  // namespace guccho::ops::local
