// MULTI, DISCARD and UNWATCH, which touch the connection only. WATCH and EXEC are the executor's: they need every
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

// Inside EXEC nothing is watched any more, and there is nothing to do.
void unwatch(Context& c) {
  c.session->transaction.watch_broken = nullptr;
  c.session->transaction.watched_keys.clear();
  c.reply.ok();
}

}  // namespace guccho::commands::handlers
