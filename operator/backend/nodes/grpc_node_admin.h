// NodeAdmin over gRPC: the client of proto/guccho/admin/v1/admin.proto. Today's targets are Unix sockets in the nodes'
// data directories, guarded by the file system.
#pragma once

#include <memory>

#include "operator/backend/node_admin.h"

namespace guccho::ops {

// Connections are made when first needed and kept; one that broke is tried again with the next call, at most every
// 100 ms. At most 4096 targets are kept; beyond that all connections are made anew.
std::unique_ptr<NodeAdmin> make_grpc_node_admin();

}  // namespace guccho::ops
