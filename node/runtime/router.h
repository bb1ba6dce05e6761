// The router port of one worker: commands on slots that are not served here go to the node that serves them, so that a
// plain client sees one server. (Commands on slots that are served here never come to the router.)
//
// Promises. Replies come in the order sent. A connection's commands to one slot take effect in the order sent: while
// one of them waits, later ones wait behind it; where a node refused one and already executed a later one, the refused
// one is answered with an error instead of being executed late. (ASK is the exception, as for any Redis Cluster client:
// keys of a slot that is being moved may be at two nodes, and the order holds for each key.) A command that was not
// executed waits up to router-max-wait for a node that serves it. A write that was sent and whose reply was lost with
// the connection is answered UNCERTAIN; a read is sent again, and may then see a later write of the same pipeline that
// was answered UNCERTAIN.
//
// A script may return any error, MOVED and TRYAGAIN too. One that may write goes to another node as a transaction of
// its own: there its result is an element of EXEC's reply, and only what is not is the node's refusal.
//
// Blocking commands are a barrier of their connection and go through connections of their own (router_blocking.h).
//
// Limits. Requests in custody: kMaxHeldBytes a worker; replies that wait for their turn: kMaxUnsentReplies a
// connection; above either a connection has at most one command under way. Commands a connection:
// Connection::kMaxOutstanding. Redirections followed at once: kMaxHops, then one each tick.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/base/time.h"
#include "node/cluster/view.h"
#include "node/commands/command.h"
#include "node/runtime/connection.h"
#include "node/runtime/handoff.h"
#include "node/runtime/router_blocking.h"
#include "node/runtime/router_upstream.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

class Worker;

class Router final : public UpstreamUser {
 public:
  static constexpr size_t kMaxHeldBytes = 64 * 1024 * 1024;
  static constexpr size_t kMaxUnsentReplies = 16 * 1024 * 1024;
  static constexpr uint8_t kMaxHops = 5;
  // How often waiting commands look for a node; a change of the view comes before.
  static constexpr Millis kTick{20};

  explicit Router(Worker& worker);
  ~Router() override;

  // Whether commands of the slot are in custody, so that later ones must come here too.
  bool busy(Slot slot) const;
  // A limit is reached: the connection may have only one command under way.
  bool full(const Connection& c) const { return held_bytes_ >= kMaxHeldBytes || c.output_bytes() >= kMaxUnsentReplies; }
  // Takes a command over and reserves its place in the reply order.
  void take(Connection& c, const commands::CommandSpec& spec, std::span<const std::string_view> args, Slot slot);
  void take_exec(Connection& c, const commands::CommandSpec& spec, std::unique_ptr<ExecJob> job, Slot slot,
                 bool writes);
  // A command that was to run, or waited, at another worker and cannot do so any longer: the request, a transaction's
  // from MULTI to EXEC, to be sent elsewhere.
  void take_back(uint64_t client, uint64_t sequence, std::string_view request);
  // CLIENT UNBLOCK; false when the client does not wait at another node.
  bool unblock(uint64_t client, bool with_error) { return blocking_.unblock(client, with_error); }
  bool blocks(uint64_t client) const { return blocking_.contains(client); }
  size_t blocked_count() const { return blocking_.size(); }
  void client_gone(uint64_t client) { blocking_.client_gone(client); }
  // A reply of another worker of this node; true when it belonged to the router. `refused`: nothing was executed.
  bool take_local_reply(uint64_t client, uint64_t sequence, std::string_view reply, bool refused);

  // Sends what the turn collected.
  void flush();
  // Whether step() has work soon: the loop then sleeps at most kTick.
  bool active() const { return held_ > 0 || blocking_.rests(); }
  void step();

  // ---- for Upstream ----
  void flush_later(Upstream& upstream) override { dirty_.push_back(&upstream); }
  void replied(Forward forward, std::string_view reply, const NodeId& from) override;
  void lost(Forward forward, bool sent) override;

 private:
  friend class BlockingForwards;
  // The commands of one slot that wait, in order. It exists while some wait, or while the first is being tried.
  struct Lane {
    std::deque<Forward> waiting;
    bool probing = false;
  };
  // How many commands of a slot are under way, all at one node.
  struct Load {
    uint32_t count = 0;
    uint32_t at = 0;
  };
  static constexpr uint32_t kThisNode = 0;

  enum class Where : uint8_t { kHere, kHereIfKeys, kThere, kNowhere };
  struct Place {
    Where where;
    const cluster::NodeView* node = nullptr;  // kThere
    std::string_view why = {};                // kNowhere
  };

  const cluster::View& view() const;
  Place place_of(const Forward& forward) const;
  Upstream& upstream_to(const NodeId& node, resp::Version version);
  void describe(Forward& forward, std::span<const std::string_view> args);
  void take_exec_back(Connection& c, Forward forward, std::unique_ptr<ExecJob> job);
  void submit(Forward forward);
  bool try_send(Forward& forward);
  void run_here(Forward forward, bool if_keys);
  std::string refusal_here(const Forward& forward);
  void executed(Forward forward, std::string_view reply);
  void refused(Forward forward, std::string_view reply, const NodeId& from);
  void refused_here(Forward forward, const std::string& error);
  void park(Forward forward);
  void advance(Slot slot, bool new_tick);
  void open_lane(Slot slot);
  void expire(Slot slot, Instant now);
  void fail_overtaken(const Forward& executed);
  void release_load(Slot slot);
  void answer(const Forward& forward, std::string_view reply);
  void answer_error(const Forward& forward, std::string_view text);
  void forget(const Forward& forward);
  void drop_forgotten_nodes();

  Worker& worker_;
  uint64_t next_order_ = 0;
  size_t held_ = 0;  // commands in custody
  size_t held_bytes_ = 0;
  std::vector<Load> loads_;  // by slot; empty until the first command
  std::unordered_map<uint16_t, Lane> lanes_;
  std::map<std::pair<NodeId, resp::Version>, std::unique_ptr<Upstream>> upstreams_;
  std::unordered_map<NodeId, uint32_t> numbers_;
  uint32_t last_number_ = kThisNode;
  std::vector<Upstream*> dirty_;
  // Commands that another worker of this node runs if it has the keys, by client and place in its reply order.
  std::map<std::pair<uint64_t, uint64_t>, Forward> local_;
  BlockingForwards blocking_;
  uint64_t seen_view_ = 0;
  Instant next_tick_{};
};

}  // namespace guccho::runtime
