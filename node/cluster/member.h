// Member: one node's part in the cluster as a pure state machine. No sockets, clock, threads, files: time and messages
// come in as events, what should be done goes out as effects. The runtime and the simulator drive the same code.
//
// How to drive it: one thread calls step() for each event and carries out the effects:
//   auto fx = member.step(now, wall, event);
//   do all of fx.immediate;
//   auto receipt = fx.persist.write(write_file_durably);      // failed: stop the node, nothing was promised
//   do all of std::move(fx.after_persist).redeem(*receipt), in order;
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "node/base/random.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "node/cluster/config.h"
#include "node/cluster/effects.h"
#include "node/cluster/events.h"
#include "node/cluster/view.h"

namespace guccho::cluster {

struct Core;
struct PersistedData;

// What was on disk: the parsed nodes.conf and our own file beside it. Opaque; made by the two functions below.
class PersistedState {
 public:
  // A node that never ran: its new name.
  static PersistedState fresh(const NodeId& self);
  // The texts of the two files; `own_text` may be empty (a Redis 7 nodes.conf is taken over). The error names the file,
  // the line and the field.
  static Result<PersistedState> parse(std::string_view nodes_conf_text, std::string_view own_text);

  const NodeId& self() const;

  PersistedState(const PersistedState&) = default;
  PersistedState(PersistedState&&) = default;
  PersistedState& operator=(const PersistedState&) = default;
  PersistedState& operator=(PersistedState&&) = default;
  ~PersistedState() = default;

 private:
  friend class Member;
  explicit PersistedState(std::shared_ptr<const PersistedData> data) : data_(std::move(data)) {}
  std::shared_ptr<const PersistedData> data_;
};

class Member {
 public:
  Member(Config config, const PersistedState& persisted, Rng rng);
  ~Member();
  Member(Member&&) noexcept;
  Member& operator=(Member&&) noexcept;

  // `now` must not go back. `wall` may jump. Cost: O(gossip entries) for a heartbeat, O(nodes + slots) when ownership
  // changes. The first step should be a Tick; it persists a fresh identity and publishes the first view.
  Effects step(Instant now, UnixMillis wall, const Event& event);

  // The newest published view; never null.
  std::shared_ptr<const View> view() const;
  const Config& config() const;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace guccho::cluster
