// Ending all subscriptions of the calling connection without telling it (RESET).
#pragma once

#include "node/commands/context.h"

namespace guccho::commands {

void leave_all_channels(Context& c);

}  // namespace guccho::commands
