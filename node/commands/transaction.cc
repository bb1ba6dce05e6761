// MULTI and DISCARD, which touch the connection only. WATCH, UNWATCH and EXEC are the executor's: they need every
// worker's keys.
#include "node/commands/context.h"
#include "node/commands/handlers.h"

namespace guccho::commands::handlers {

void multi(Context& c) {
  if (c.session->transaction.active) return c.reply.error("ERR MULTI calls can not be nested");
  c.session->transaction.active = true;
  c.reply.ok();
}

// Also forgets what is watched.
void discard(Context& c) {
  if (!c.session->transaction.active) return c.reply.error("ERR DISCARD without MULTI");
  c.session->transaction = {};
  c.reply.ok();
}

}  // namespace guccho::commands::handlers
