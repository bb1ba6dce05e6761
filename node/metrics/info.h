// INFO and CLUSTER INFO as pure functions over a snapshot. The fields come from the table of node/metrics/registry.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "node/metrics/snapshot.h"

namespace guccho::metrics {

// INFO with these arguments (none: the default sections). Names are compared without regard to case; "all" is
// everything but modules, "everything" is all, "default" the sections without commandstats, errorstats, latencystats;
// an unknown name adds nothing. Lines end with \r\n, a blank line is between sections.
std::string info(const Snapshot& snapshot, std::span<const std::string_view> sections);

// The text of CLUSTER INFO.
std::string cluster_info(const Snapshot& snapshot);

}  // namespace guccho::metrics
