// What this machine or container offers, and reading of files outside the data directory.
#pragma once

#include <string>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::runtime {

// The whole file; the error is the reason alone ("No such file or directory").
Result<std::string> read_whole_file(const std::string& path);

// Workers and maxmemory from the control group's limits, else from the machine.
config::Config defaults_of_this_machine();

}  // namespace guccho::runtime
