// A turn of a worker's loop within the turn of a script that takes too long: on the script's own thread between its
// instructions, and on the other threads while they are parked because it holds the exclusive section.
//
// It is for answers only. What the turn outside was about stays as it is; what comes meanwhile:
//
//   input of clients   is read and dispatched at once, not gathered. Nearly all is refused (BUSY); what may run beside
//                      a script does. First in turn is what the turn outside had gathered: it has been read, so
//                      nothing else would tell of it. The script's own connection, whose buffers the script uses, is
//                      left alone
//   tasks              are refused: those behind the script in its batch, and those of new parcels
//   replies, messages  are delivered. Those for a connection that is in the middle of a command wait for it, in their
//                      order (Worker::late_replies_)
//   clients that left  are forgotten, so that nothing is taken for them: those of others here, and those of this worker
//                      elsewhere. Their connections are closed by the turn outside
//   replies held back  after an absence (absence.cc) leave once our slots are confirmed, unless they have changed
//   mail               runs; what would touch data asks Worker::serves_busy()
//   all else           waits: who is served by a changed key, the primary's stream, snapshots, expiry, timers
//
// What the turn outside has for other workers leaves with the first turn within it; its replies only as far as they are
// complete.
#pragma once

#include <cstdint>
#include <vector>

#include "node/base/time.h"
#include "node/runtime/worker.h"
#include "node/scripting/running.h"

namespace guccho::runtime {

// Puts the turn outside aside, and back.
class NestedTurn {
 public:
  NestedTurn(Worker& worker, scripting::BusyScriptPtr script);
  ~NestedTurn();
  NestedTurn(const NestedTurn&) = delete;
  NestedTurn& operator=(const NestedTurn&) = delete;

 private:
  void send_finished(uint16_t to);

  Worker& worker_;
  std::vector<Parcel> outside_;  // handlers down the stack hold references into it
  const UnixMillis now_;
  const bool gathering_;
};

}  // namespace guccho::runtime
