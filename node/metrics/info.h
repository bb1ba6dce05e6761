// INFO and CLUSTER INFO as pure functions over a snapshot. The fields come from the table of node/metrics/registry.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "node/metrics/snapshot.h"

namespace guccho::metrics {

// INFO with these arguments (none: the default sections). Names are compared without regard to case; "all" and
// "everything" are all sections, "default" those without Commandstats, Latencystats and Guccho; an unknown name adds
// nothing. The order is fixed. Lines end with \r\n, a blank line is between sections.
std::string info(const Snapshot& snapshot, std::span<const std::string_view> sections);

// The text of CLUSTER INFO.
std::string cluster_info(const Snapshot& snapshot);

}  // namespace guccho::metrics
