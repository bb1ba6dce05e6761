// What a member wants done: the output of Member::step. The types make "durable before visible" hard to break: promises
// cannot be read without the receipt that only a successful write of the persist group makes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "node/base/result.h"
#include "node/cluster/events.h"

namespace guccho::cluster {

struct View;

// --- effects ---

struct SendMessage {
  LinkId link;
  std::shared_ptr<const bus::Message> message;
};
// Connect to a peer's bus port; answered by LinkEstablished or LinkFailed.
struct OpenLink {
  LinkId link;
  std::string ip;
  uint16_t bus_port = 0;
};
struct CloseLink {  // either direction; what was sent before may be lost
  LinkId link;
};
// Ends a request. Success: the text of a simple string ("OK"), or a number when `integer`. Failure: "ERR ...".
struct Reply {
  RequestId request;
  Result<std::string> result;
  bool integer = false;
};
// The newest state, for workers and CLUSTER commands. A view that takes a role or a slot away must be in force before
// anything later of this step and of the next ones is done. Messages alone need not wait for that, once clients get no
// answers any more.
struct PublishView {
  std::shared_ptr<const View> view;
};
// Follow this node from now on (its addresses are in the view of the same step). Repeated when its address changes.
struct SetReplicaOf {
  NodeId primary;
  std::string reason;
};
// Become a primary: apply everything received, end the replication link, keep the data, begin to accept writes.
struct PromoteSelf {
  std::string reason;
};
// CLUSTER RESET: become an empty primary (flush all data; a replica's data is its primary's).
struct FlushData {};
// Keys in slots that another node now owns.
struct DropKeysInSlots {
  SlotSet slots;
};
// Manual failover, primary side: refuse (hold back) writes until the instant or ResumeWrites; report ReplicationStatus
// once no write is under way any more.
struct PauseWrites {
  Instant until;
};
struct ResumeWrites {};
// After WasAbsent: what the view of this step (or the last one) says about our slots is confirmed by a majority.
struct PresenceConfirmed {
  uint64_t number = 0;
};
// A pub/sub message from the bus.
struct DeliverPublish {
  bool sharded = false;
  std::string channel;
  std::string message;
};
enum class LogLevel { kDebug, kVerbose, kNotice, kWarning };
struct LogLine {
  LogLevel level = LogLevel::kNotice;
  std::string text;
};
// Add to a counter of the metrics registry, by its Prometheus name ("guccho_cluster_votes_total").
struct Count {
  const char* name;
  uint64_t by = 1;
};

using Effect = std::variant<SendMessage, OpenLink, CloseLink, Reply, PublishView, SetReplicaOf, PromoteSelf, FlushData,
                            DropKeysInSlots, PauseWrites, ResumeWrites, PresenceConfirmed, DeliverPublish, LogLine, Count>;

// A whole file to replace atomically and durably: write a temporary, fsync it, rename, fsync the directory.
struct PersistFile {
  enum class Kind {
    kNodesConf,  // in Redis' format
    kOwn         // beside it: what is ours (generation, voter list)
  };
  Kind kind = Kind::kNodesConf;
  std::string text;
};

// --- the three groups ---

// Proof that a persist group is on disk. Only PersistGroup::write makes one.
class Persisted {
  friend class PersistGroup;
  Persisted() = default;
};

class PersistGroup {
 public:
  void add(PersistFile file) { files_.push_back(std::move(file)); }
  bool empty() const { return files_.empty(); }
  const std::vector<PersistFile>& files() const { return files_; }
  // Writes every file, in order, with the given function, and stops at the first failure. An empty group succeeds.
  Result<Persisted> write(const std::function<Status(const PersistFile&)>& write_file) const {
    for (const PersistFile& file : files_) {
      if (Status s = write_file(file); !s) return fail(s.error().text);
    }
    return Persisted();
  }

 private:
  std::vector<PersistFile> files_;
};

// Effects that promise what the persist group of the same step says. When the write fails they must never be carried
// out: the node stops (the core has already gone on as if they were).
class Promises {
 public:
  void add(Effect e) { effects_.push_back(std::move(e)); }
  bool empty() const { return effects_.empty(); }
  std::vector<Effect> redeem(const Persisted&) && { return std::move(effects_); }

 private:
  std::vector<Effect> effects_;
};

struct Effects {
  PersistGroup persist;
  Promises after_persist;
  std::vector<Effect> immediate;  // promise nothing; before, during or after the write
  // Step with a Tick no later than this; nothing: the ordinary 100 ms are enough.
  std::optional<Instant> wake_at;
};

}  // namespace guccho::cluster
