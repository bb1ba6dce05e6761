// The commands. Each prints what it has to say and returns the program's exit status.
#pragma once

#include <string>

#include "node/base/result.h"
#include "operator/app/options.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::app {

// Until SIGINT, SIGTERM or `guccho down`. The nodes outlive it.
int run(const Up& command);
int run(const StatusCommand& command);
int run(const PlanCommand& command);
int run(const Scale& command);
int run(const Kill& command);
int run(const Down& command);
int run(const List& command);
int run(const Print& command);

// As `up`, with a log instead of a table.
int run(const OperatorOptions& options);

// "guccho: TEXT" on standard error; returns `exit_status`.
int complain(const std::string& text, int exit_status = kFailed);

// The absolute path of guccho-node: the one given, or the one beside this program, or `former`.
Result<std::string> find_node_program(const std::string& given, const std::string& former);

// The resource in a file, which nodes of this machine can run by; the error begins with the file's name. A relative
// path in it is relative to the file's own directory.
Result<RedisCluster> local_resource_of_file(const std::string& file);

}  // namespace guccho::ops::app
