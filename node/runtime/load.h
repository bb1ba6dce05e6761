// Loading an RDB file into the workers' keyspaces.
#pragma once

#include <functional>

#include "node/base/result.h"

namespace guccho::runtime {

class Node;

// Reads a whole file and checks that it is complete: structure and checksum. Nothing is changed. O(size); `between` is
// called after each chunk.
Status check_rdb(int fd, const std::function<void()>& between);

// Erases everything and loads the file, a chunk per exclusive section, so that workers answer (LOADING) in between.
// `between` is called after each chunk, outside of the section.
Status replace_data(Node& node, int fd, const std::function<void()>& between);

// The same inside an exclusive section: nobody is answered meanwhile. For small files, see kLoadedAtOnce.
Status replace_data_at_once(Node& node, int fd);

// Up to so many bytes are loaded at once, some ten milliseconds of work. redis-server, too, looks at its clients only
// after each 2 MB of a load, so tools and clients do not expect LOADING of a node that takes over little or nothing.
inline constexpr uint64_t kLoadedAtOnce = uint64_t{2} << 20;

}  // namespace guccho::runtime
