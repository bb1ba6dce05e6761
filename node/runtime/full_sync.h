// A full sync in progress on a primary: the snapshot of all slots as an RDB stream, made by the workers piece by piece
// while they serve, sent to every replica that waited at the cut. Nothing forks, nothing is copied in bulk: a write to
// a part that was not sent yet sends the old value first. Replicas that cannot take a stream that ends with a mark are
// sent the same bytes from a spool file when all are there and counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "node/rdb/snapshot_writer.h"
#include "node/store/snapshot.h"

namespace guccho::runtime {

class Node;
class ReplicaFeed;
class Spool;
class SyncPieces;

class FullSync {
 public:
  // Pieces waiting to be sent: above the first limit workers pause the snapshot (not the writes); above the second,
  // reached only by writes that push old values out, the snapshot is given up; also when values of which writes pushed
  // parts out take that much on one worker before their turn comes.
  static constexpr size_t kPauseBytes = size_t{8} << 20;
  static constexpr size_t kAbortBytes = size_t{1} << 30;
  // The most that may wait in one replica's output before the stream pauses for it.
  static constexpr size_t kFeedBytes = size_t{4} << 20;

  explicit FullSync(Node& node);
  ~FullSync();

  // Inside the exclusive section: the snapshot is of this moment. Nothing happens when it was given up before.
  void cut();
  // Replication thread: nobody wants it any more, and no cut is made from now on.
  void give_up();
  // Replication thread: the position of the log that the snapshot corresponds to; -1 before the cut.
  int64_t offset() const { return offset_.load(std::memory_order_acquire); }
  // The cut happened: answers the replicas and begins the stream.
  void begin(std::vector<ReplicaFeed*> feeds, const std::string& replication_id);
  bool begun() const { return begun_; }

  enum class Progress : uint8_t { kMore, kDone, kFailed };
  // Sends what there is. kDone: everything was handed to the feeds; those that need the length now send spool().
  Progress pump();
  void forget(ReplicaFeed* feed);
  const std::shared_ptr<Spool>& spool() const { return spool_; }
  const std::vector<ReplicaFeed*>& feeds() const { return feeds_; }

 private:
  void fail_spool(const std::string& why);

  class Piece;
  class Fanout;

  Node& node_;
  std::shared_ptr<SyncPieces> pieces_;  // the workers' too, who may end later
  std::mutex cut_mutex_;                // held for the cut
  bool given_up_ = false;
  std::atomic<int64_t> offset_{-1};
  std::vector<ReplicaFeed*> feeds_;
  std::unique_ptr<Fanout> fanout_;
  std::unique_ptr<rdb::StreamWriter> writer_;
  std::shared_ptr<Spool> spool_;  // for feeds that need the length first; null without any
  uint64_t spool_told_ = 0;       // its size when the log last told of it
  std::string functions_;         // the libraries at the cut, as records
  bool timed_fields_ = false;     // at the cut: hashes have fields that expire
  std::string mark_;
  bool begun_ = false;
};

}  // namespace guccho::runtime
