// `guccho-node --supervise DIR`: keeps one node process running as DIR/desired says, whether or not an operator lives.
// It starts the node, waits for its end, records how it ended, and starts it again.
//
// Files in DIR (see records.h): desired (read), record (written), supervisor.lock (one supervisor a directory),
// node.log (the node's output; above 16 MiB it becomes node.log.1 at the next start).
#pragma once

#include <string>

#include "node/base/result.h"

namespace guccho::supervise {

struct SupervisorOptions {
  std::string directory;
  std::string program;  // the node's executable, absolute; read anew at each start, so that an upgrade takes effect
};

// Returns after the node was ended as wanted (desired goal `stop`, or SIGTERM or SIGINT to this process). An error when
// it could not begin: no such directory, another supervisor there, no desired state. A process recorded by an earlier
// supervisor that still runs is adopted. Call it from a process that has no other thread: it blocks signals.
Status supervise(const SupervisorOptions& options);

}  // namespace guccho::supervise
