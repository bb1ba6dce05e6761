// The list of busy scripts.
#include "node/scripting/running.h"

#include <algorithm>

namespace guccho::scripting {

void BusyScripts::add(BusyScriptPtr script) {
  const std::lock_guard lock(mutex_);
  scripts_.push_back(std::move(script));
  count_.store(scripts_.size(), std::memory_order_release);
}

void BusyScripts::remove(const BusyScriptPtr& script) {
  const std::lock_guard lock(mutex_);
  std::erase(scripts_, script);
  count_.store(scripts_.size(), std::memory_order_release);
}

BusyScriptPtr BusyScripts::one() const {
  const std::lock_guard lock(mutex_);
  return scripts_.empty() ? nullptr : scripts_.front();
}

std::string_view BusyScripts::kill(bool functions) {
  const std::lock_guard lock(mutex_);
  std::string_view error = "NOTBUSY No scripts in execution right now.";
  bool killed = false;
  for (const BusyScriptPtr& s : scripts_) {
    if (s->from_primary) {
      error =
          "UNKILLABLE The busy script was sent by a master instance in the context of replication and cannot be "
          "killed.";
    } else if (s->written() || (s->is_function == functions && !s->kill())) {
      error =
          "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the "
          "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";
    } else if (s->is_function != functions) {
      error = s->refusal();
    } else {
      killed = true;
    }
  }
  return killed ? std::string_view() : error;
}

}  // namespace guccho::scripting
