// What the commands of sets share.
#pragma once

#include <string_view>

#include "node/commands/context.h"
#include "node/store/keyspace.h"
#include "node/store/set_value.h"

namespace guccho::commands {

// False after a WRONGTYPE reply. A missing key is as good as an empty set.
bool is_set_or_missing(Context& c, const store::Entry* entry);

// After members were removed: says so, and deletes the key when none is left.
void announce_removal(Context& c, const store::KeyRef& key, const store::SetValue& set, std::string_view event);

}  // namespace guccho::commands
