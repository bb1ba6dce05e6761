// Observing without acting.
#include "operator/app/look.h"

#include "operator/backend/local/local_backend.h"
#include "operator/engine/clock.h"
#include "operator/engine/reconciler.h"

namespace guccho::ops::app {

Result<Observed> look(const local::StateDir& state, NodeAdmin& nodes, Millis timeout) {
  auto world = local::observe_only(state);
  if (!world) return std::unexpected(world.error());
  return ask_nodes(std::move(*world), nodes, {timeout, {}});
}

UnixMillis wall_clock() {
  return SystemClock().wall();
}

}  // namespace guccho::ops::app
