// Loading an RDB file into the workers' keyspaces.
#pragma once

#include "node/base/result.h"

namespace guccho::runtime {

class Node;

// Reads a whole file and checks that it is complete: structure and checksum. Nothing is changed. O(size).
Status check_rdb(int fd);

// Erases everything and loads the file, a chunk per exclusive section, so that workers answer (LOADING) in between.
Status replace_data(Node& node, int fd);

}  // namespace guccho::runtime
