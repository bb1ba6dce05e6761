// Blocking commands of the router port that wait at another node: each on a connection of its own, so that nothing
// waits behind it, and kept apart from the order of its slot: its client has nothing else under way.
//
// A command that a node refuses, or hands back because its role or the slot's owner changed, waits anew at the node
// that serves the slot then (its timeout begins again). A write whose connection broke while it waited is answered
// UNCERTAIN: an element may have been on its way. When the client goes, so does the connection, and with it the
// waiting.
//
// Limits: one command a client; kMaxIdle idle connections are kept for the next ones.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/runtime/router_upstream.h"

namespace guccho::runtime {

class Router;
class Worker;

class BlockingForwards final : public UpstreamUser {
 public:
  static constexpr size_t kMaxIdle = 64;

  BlockingForwards(Worker& worker, Router& router);
  ~BlockingForwards() override;

  void submit(Forward forward);
  // As Router::take_back, for a command that was on trial here; false when there is none of the client.
  bool take_back(uint64_t client, uint64_t sequence, std::string_view request);
  // A reply of another worker of this node; true when it was to one of these commands.
  bool take_local_reply(uint64_t client, uint64_t sequence, std::string_view reply);
  bool contains(uint64_t client) const { return waiting_.contains(client); }
  size_t size() const { return waiting_.size(); }
  // Whether some have no place at the moment: step() then is to be called each tick.
  bool rests() const { return resting_ > 0; }
  bool unblock(uint64_t client, bool with_error);
  void client_gone(uint64_t client);
  void step(Instant now);
  // Closes connections that are not needed any more; outside of their own calls.
  void reap();

  void flush_later(Upstream& upstream) override;
  void replied(Forward forward, std::string_view reply, const NodeId& from) override;
  void lost(Forward forward, bool sent) override;

 private:
  struct Waiting {
    Forward forward;                     // while it is not under way
    std::unique_ptr<Upstream> upstream;  // while it is
    bool rests = false;                  // it has no place: looked at each tick
    bool here = false;                   // another worker of this node has it, if its keys are there
  };
  void place(uint64_t client);
  void run_here(uint64_t client, bool if_keys);
  void rest(Waiting& waiting);
  void refused(uint64_t client, std::string_view reply, const NodeId& from);
  void answer(uint64_t client, std::string_view reply);
  void remove(uint64_t client);
  void put_away(std::unique_ptr<Upstream> upstream);
  std::unique_ptr<Upstream> take_idle(const NodeId& node, resp::Version version);

  Worker& worker_;
  Router& router_;
  std::unordered_map<uint64_t, Waiting> waiting_;  // by client
  size_t resting_ = 0;
  std::vector<std::unique_ptr<Upstream>> idle_;
  std::vector<std::unique_ptr<Upstream>> dead_;
  std::map<NodeId, std::unique_ptr<Upstream>> controls_;  // for CLIENT UNBLOCK
};

}  // namespace guccho::runtime
