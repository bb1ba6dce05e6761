// A small deterministic network of members for unit tests: every message takes one millisecond, encoded and decoded on
// the way, every member ticks each 100 ms and when it asked for it. The simulator in tests/sim is the one with faults.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/bus/codec.h"
#include "node/cluster/member.h"

namespace guccho::cluster {

class Fabric {
 public:
  struct Peer {
    std::string ip;
    std::string conf;  // disk
    std::string own;
    Config config;
    std::unique_ptr<Member> member;  // null: the process is dead
    bool frozen = false;             // SIGSTOP: connections stay, nothing is read
    uint64_t incarnation = 0;
    Instant next_tick{};
    std::map<uint64_t, std::string> replies;
    std::vector<std::string> log;
    std::vector<Effect> effects;  // all but messages, links, logs and counts
    ReplOffset offset;
    bool replica_synced = false;  // what the runtime would report
    bool sync_blocked = false;    // a full sync that does not end
    bool redis = false;           // speaks as a redis-server: without what is ours in its messages
    std::optional<Instant> down_since;
    std::vector<bus::Message> sent;
  };

  Instant now{std::chrono::seconds(100)};
  UnixMillis wall{std::chrono::seconds(1700000000)};
  std::vector<Peer> peers;
  size_t saves = 0;

  size_t add(Config config = {});
  // Starts a dead process from its disk (or fresh). `outcome` is what its loading found.
  void start(size_t i, DatasetLoaded::Outcome outcome = DatasetLoaded::Outcome::kNothing);
  void kill(size_t i);
  void run(Millis time);
  // Runs until the condition holds; false when it did not within the time.
  bool run_until(const std::function<bool()>& condition, Millis limit = Millis{20000});
  std::string request(size_t i, Request r);
  void step(size_t i, const Event& e);
  void report_replication(size_t i, ReplicationStatus s) { step(i, s); }

  const View& view(size_t i) const { return *peers[i].member->view(); }
  NodeId id(size_t i) const { return view(i).self().id; }
  // Meets everybody with the first, gives slots to the first `primaries` nodes evenly, and attaches the others to them
  // in turn. Waits until all see all and the state is ok.
  bool form(size_t primaries, size_t replicas_each, Config config = {});
  bool all_ok() const;
  // Index of the node that owns the slot as `observer` sees it; nothing when unowned.
  std::optional<size_t> owner(size_t observer, uint16_t slot) const;
  size_t index_of(const NodeId& id) const;
  void partition(std::set<size_t> side) { side_ = std::move(side); }
  bool logged(size_t i, const std::string& text) const;

 private:
  struct Wire {  // one direction-less connection
    size_t from;
    size_t to;
    LinkId out;  // name at `from`
    LinkId in;   // name at `to`
    uint64_t from_incarnation;
    uint64_t to_incarnation;
    bool open = false;
  };
  struct Later {
    Instant at;
    uint64_t order;
    std::function<void()> run;
    bool operator<(const Later& o) const { return at != o.at ? at > o.at : order > o.order; }
  };

  void after(Micros delay, std::function<void()> f) { queue_.push({now + delay, order_++, std::move(f)}); }
  void carry_out(size_t i, Effects fx);
  void apply(size_t i, Effect& e);
  void connect(size_t i, const OpenLink& o);
  void deliver(size_t i, const SendMessage& s);
  static bus::Message as_redis(bus::Message m);
  void close(size_t i, LinkId link);
  Wire* wire(size_t i, LinkId link);
  bool separated(size_t a, size_t b) const { return side_.contains(a) != side_.contains(b); }
  bool alive(size_t i, uint64_t incarnation) const {
    return peers[i].member != nullptr && peers[i].incarnation == incarnation;
  }

  std::priority_queue<Later> queue_;
  uint64_t order_ = 0;
  uint64_t next_inbound_ = LinkId::kInbound;
  uint64_t next_request_ = 1;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::set<size_t> side_;
};

}  // namespace guccho::cluster
