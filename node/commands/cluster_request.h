// How CLUSTER subcommands hand work to the member core.
#pragma once

#include <optional>
#include <string_view>

#include "node/base/types.h"
#include "node/cluster/events.h"
#include "node/commands/context.h"

namespace guccho::commands {

// The core decides and answers later, with redis-server's texts; refused inside EXEC, where nothing can wait.
void ask_core(Context& c, cluster::Request request);

// "ERR Unknown node x"
void unknown_node(Context& c, std::string_view id);
// Nothing after that error, for a text that cannot be a node's ID.
std::optional<NodeId> read_node_id(Context& c, std::string_view text);

// Nothing after an error reply.
std::optional<Slot> read_slot(Context& c, std::string_view text);

}  // namespace guccho::commands
