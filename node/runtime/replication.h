// The replication thread: feeds replicas from the log, follows a primary, keeps acknowledged offsets, answers WAIT.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/cluster/events.h"
#include "node/commands/host.h"
#include "node/metrics/snapshot.h"
#include "node/runtime/ack_waiters.h"
#include "node/runtime/poller.h"
#include "node/runtime/replica_hello.h"
#include "node/runtime/stream.h"

namespace guccho::runtime {

class Node;
class ReplicaFeed;
class PrimaryLink;
class FullSync;

class Replication {
 public:
  explicit Replication(Node& node);
  ~Replication();

  void start();
  // Last of all: what the workers wrote goes to the replicas that take it at once.
  void stop();

  // ---- any thread ----
  // A connection that asked to be fed: `unsent` are answers still owed to it, `unread` came behind the request.
  void adopt_replica(Stream stream, std::string unsent, std::string unread, ReplicaHello hello, SyncRequest request,
                     commands::Session session);
  // Our own port changed: the primary must learn it.
  void introduce_again();
  // The control thread: follow this node of the view from now on; again when its address changed. Those who wait for
  // acknowledgements are let go, since what they wrote is ours no more.
  void follow(NodeId primary);
  // The control thread: calls `done` when all that was received is applied and the link is gone, so that the node may
  // write: at once when it follows nobody, otherwise on the replication thread. A new replication id begins.
  void promote(std::function<void()> done);
  // WAIT, WAITAOF: completes when `replicas` acknowledged everything that is in the log now, or at the timeout (0:
  // never).
  void wait(commands::Acknowledged what, int64_t replicas, Millis timeout, commands::Deferred reply_to);
  // Ends a client's WAIT or WAITAOF early; false when it has none. Waits for nobody.
  bool unblock(uint64_t client_id, bool with_error);
  // The client is gone.
  void forget_waiter(uint64_t client_id) { waiters_.forget(client_id); }
  // Asks the replicas how far they are.
  void ask_for_acknowledgements();
  // The replicas that lack something of what is before `position`, in words. `reachable_only`: but for those that have
  // no data set yet and will not get one soon. Nothing when the thread is at work: ask again.
  std::optional<std::vector<std::string>> lagging(int64_t position, bool reachable_only);
  // The log grew. Whoever made it grow, about to let its replies go, sends it to the replicas itself: when a reply is
  // there, the write is on its way to them. What the sockets do not take at once, and what else there is to do, is the
  // thread's.
  void log_grew();
  // A worker applied a batch or produced a piece of a snapshot.
  void progress() { wakeup_.notify(); }

  // The links to replicas and to our primary as CLIENT LIST shows them, as of a tenth of a second ago.
  std::vector<commands::Session> sessions() const;
  // CLIENT KILL of one of them. A replica's link and ours to the primary are made again by who made them.
  void end_session(uint64_t client_id);

  commands::ReplicationStatus status() const;
  void measure(metrics::Snapshot& into) const;
  cluster::ReplicationStatus status_event() const;
  bool link_up() const { return link_up_.load(std::memory_order_relaxed); }
  // Replicas that are online and acknowledged within min-replicas-max-lag.
  uint64_t good_replicas() const { return good_replicas_.load(std::memory_order_relaxed); }
  // Any replica (also one that is still syncing) is attached.
  size_t replica_count() const { return replica_count_.load(std::memory_order_relaxed); }
  // The position up to which this node's data reaches: produced as a primary, applied as a replica.
  int64_t offset() const;

 private:
  friend class ReplicaFeed;
  friend class PrimaryLink;
  friend class FullSync;

  void run();
  void post(std::function<void()> work);
  void take_posted();
  void every_second();
  void feed_all();
  bool feed_online();
  void wake() {
    if (sleeping_.exchange(false, std::memory_order_acq_rel)) wakeup_.notify();
  }
  void serve(ReplicaFeed& feed, const SyncRequest& request);
  bool can_continue(const SyncRequest& request) const;
  void begin_full_sync();
  void begin_transfer();
  void give_up_cut();
  void answer_waiters(Instant now);
  void append_received(std::string_view bytes);
  int64_t needed_from() const;
  void make_room();
  void reap();
  // Every replica must start over.
  void drop_feeds(const std::string& why);
  void publish_status();
  void append_own(std::string_view request);

  Node& node_;
  Poller poller_;
  Wakeup wakeup_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> sleeping_{false};

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;

  // Held by the thread while it is awake, and by others while they feed replicas: all that follows belongs to who holds
  // it. Others only try, so nobody waits for the thread, which may wait for workers.
  std::mutex turn_;
  std::vector<std::unique_ptr<ReplicaFeed>> feeds_;
  std::unique_ptr<PrimaryLink> link_;
  std::shared_ptr<FullSync> full_sync_;  // its cut is made by a worker
  std::string replid_;
  std::string replid2_ = std::string(40, '0');
  int64_t second_offset_ = -1;
  bool positions_changed_ = false;  // of replicas: who waits for them must be looked at
  Instant last_second_{};
  Instant last_ping_{};
  int64_t fed_ = 0;  // greatest committed position seen
  uint64_t full_syncs_ = 0;
  uint64_t partial_ok_ = 0;
  uint64_t partial_refused_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t bytes_received_ = 0;

  AckWaiters waiters_;
  std::atomic<bool> acknowledgements_wanted_{false};
  bool follows_ = false;  // of the control thread

  std::atomic<bool> link_up_{false};
  std::atomic<uint64_t> good_replicas_{0};
  std::atomic<size_t> replica_count_{0};
  std::atomic<int64_t> replica_offset_{0};

  // A copy of what others may read.
  struct Published {
    commands::ReplicationStatus status;
    cluster::ReplicationStatus event;
    metrics::ReplicationPart part;
    std::vector<commands::Session> sessions;
  };
  mutable std::mutex published_mutex_;
  Published published_;
};

}  // namespace guccho::runtime
