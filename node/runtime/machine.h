// What this machine or container offers, and files as a whole.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::runtime {

// The whole file; the error is the reason alone ("No such file or directory").
Result<std::string> read_whole_file(const std::string& path);

// The paths that match a pattern of glob(7), in the order of LC_COLLATE; none when none does, or the directory cannot
// be read.
std::vector<std::string> matching_files(const std::string& pattern);

// Workers and maxmemory from the control group's limits, else from the machine.
config::Config defaults_of_this_machine();

}  // namespace guccho::runtime
