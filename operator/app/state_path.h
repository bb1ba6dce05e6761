// Which state directory a command means.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"
#include "operator/app/options.h"
#include "operator/backend/local/state_dir.h"

namespace guccho::ops::app {

// $XDG_STATE_HOME/guccho, or ~/.local/state/guccho.
Result<std::string> default_base();

// Names of the clusters below the default base, ascending.
std::vector<std::string> known_clusters();

// An error when `where` names another cluster than the resource's.
Status check_name(const Where& where, const std::string& name);

// For a cluster that may not exist yet; `name` is the resource's. Made if need be.
Result<local::StateDir> make_state(const Where& where, const std::string& name);

// For a cluster that exists: an error that names the choices when it is not clear which.
Result<local::StateDir> find_state(const Where& where);

}  // namespace guccho::ops::app
