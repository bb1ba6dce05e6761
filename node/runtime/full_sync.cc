// The workers' part (pieces) and the replication thread's part (the stream).
#include "node/runtime/full_sync.h"

#include <algorithm>
#include <utility>

#include "node/base/log.h"
#include "node/base/random.h"
#include "node/rdb/functions.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/replica_feed.h"
#include "node/runtime/replication.h"
#include "node/runtime/spool.h"
#include "node/runtime/sync_pieces.h"

namespace guccho::runtime {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
// What one worker serialises per turn of its loop.
constexpr size_t kStepBytes = 32 * 1024;
// A value of which so much was made before it is whole leaves in parts.
constexpr size_t kOpenBytes = size_t{4} << 20;
// The log tells of a spool each time that it grew by so much.
constexpr uint64_t kSpoolNews = uint64_t{256} << 20;

}  // namespace

// One worker's snapshot: a sink that serialises entries into pieces.
class FullSync::Piece final : public rdb::SnapshotWriter {
 public:
  Piece(std::shared_ptr<SyncPieces> pieces, Node& node, Worker& worker)
      : pieces_(std::move(pieces)), node_(node), worker_(worker) {}

  // One turn's work.
  Worker::SnapshotStep step() {
    switch (pieces_->state(worker_.index())) {
      case SyncPieces::State::kGo:
        break;
      case SyncPieces::State::kWait:
        return Worker::SnapshotStep::kWait;
      case SyncPieces::State::kOver:
        worker_.keyspace().abort_snapshot();
        return Worker::SnapshotStep::kDone;
    }
    if (!hand_on_part()) return Worker::SnapshotStep::kWait;
    if (worker_.keyspace().snapshot_step(kStepBytes)) return Worker::SnapshotStep::kMore;
    hand_on();
    pieces_->finished();
    node_.replication().progress();
    return Worker::SnapshotStep::kDone;
  }

 private:
  void grew() override {
    if (record_bytes() >= kPieceBytes) hand_on();
    hand_on_part();
    // What was there before, since a part may be of any size.
    if (std::exchange(unfinished_before_, unfinished_bytes()) > kAbortBytes) pieces_->give_up();
  }

  void hand_on() {
    pieces_->add(take_records());
    node_.replication().progress();
  }

  // Lets a value that is large leave before it is whole. False: it is another worker's turn.
  bool hand_on_part() {
    if (!open_) {
      if (oldest_bytes() < kOpenBytes) return true;
      open_ = pieces_->open(worker_.index());
      if (!open_) return false;
    } else if (oldest_bytes() < kPieceBytes && !last_part_is_there()) {
      return true;
    }
    Part part = take_part();
    open_ = !part.last;
    pieces_->add_part(std::move(part.chunks), part.last);
    node_.replication().progress();
    return true;
  }

  std::shared_ptr<SyncPieces> pieces_;
  Node& node_;
  Worker& worker_;
  bool open_ = false;  // our oldest value leaves in parts
  size_t unfinished_before_ = 0;
};

// The stream's bytes to every replica.
class FullSync::Fanout final : public rdb::ByteSink {
 public:
  explicit Fanout(FullSync& sync) : sync_(sync) {}
  void write(std::string_view bytes) override {
    for (ReplicaFeed* f : sync_.feeds_) {
      if (!f->needs_length()) f->send(bytes);
    }
    if (!sync_.spool_) return;
    if (Status s = sync_.spool_->append(bytes); !s) sync_.fail_spool(s.error().text);
  }

 private:
  FullSync& sync_;
};

FullSync::FullSync(Node& node)
    : node_(node), pieces_(std::make_shared<SyncPieces>(SyncPieces::Limits{kPauseBytes, kAbortBytes})) {}

FullSync::~FullSync() {
  give_up();
}

void FullSync::give_up() {
  const std::lock_guard lock(cut_mutex_);
  given_up_ = true;
  pieces_->cancel();
}

void FullSync::cut() {
  const std::lock_guard lock(cut_mutex_);
  if (given_up_) return;
  if (!node_.log().active()) node_.log().restart(node_.log().head());
  SlotSet all;
  for (uint16_t s = 0; s < kSlotCount; ++s) all.insert(Slot(s));
  pieces_->begin(node_.worker_count());
  for (uint16_t i = 0; i < node_.worker_count(); ++i) {
    Worker& w = node_.worker(i);
    auto piece = std::make_shared<Piece>(pieces_, node_, w);
    timed_fields_ = timed_fields_ || w.keyspace().timed_hashes() != 0;
    w.keyspace().begin_snapshot(all, *piece);
    w.set_snapshot([piece] { return piece->step(); });
  }
  for (const auto& [name, library] : node_.functions().current()->by_name) {
    rdb::append_function(functions_, library->code);
  }
  offset_.store(node_.log().head(), std::memory_order_release);
}

void FullSync::begin(std::vector<ReplicaFeed*> feeds, const std::string& replication_id) {
  begun_ = true;
  feeds_ = std::move(feeds);
  mark_ = random_node_id().str();
  const std::string offset_text = std::to_string(offset());
  for (ReplicaFeed* f : feeds_) {
    f->state = ReplicaFeed::State::kTransfer;
    f->position = offset();
    if (!f->request.old_sync) f->send("+FULLRESYNC " + replication_id + " " + offset_text + "\r\n");
    if (!f->needs_length()) f->send("$EOF:" + mark_ + "\r\n");
  }
  if (std::ranges::any_of(feeds_, &ReplicaFeed::needs_length)) {
    Result<std::shared_ptr<Spool>> spool = Spool::make(node_.data_dir());
    if (spool) {
      spool_ = *spool;
      log::notice("The data set is spooled to disk for replicas that must know its length first");
    } else {
      fail_spool(spool.error().text);
    }
  }
  fanout_ = std::make_unique<Fanout>(*this);
  writer_ = std::make_unique<rdb::StreamWriter>(*fanout_);
  uint64_t expires = 0;
  for (const store::Keyspace* k : node_.keyspaces()) expires += k->keys_with_expiry();
  writer_->begin({{"redis-ver", "7.2.0"},
                  {"redis-bits", "64"},
                  {"ctime", std::to_string(wall_now().time_since_epoch().count() / 1000)},
                  {"used-mem", std::to_string(node_.used_memory())},
                  {"repl-stream-db", "0"},
                  {"repl-id", replication_id},
                  {"repl-offset", offset_text},
                  {"aof-base", "0"}},
                 functions_, node_.key_count(), expires, timed_fields_);
}

FullSync::Progress FullSync::pump() {
  if (feeds_.empty()) return Progress::kFailed;
  const auto fullest = std::max_element(feeds_.begin(), feeds_.end(),
                                        [](const auto* a, const auto* b) { return a->queued() < b->queued(); });
  if ((*fullest)->queued() > kFeedBytes) return Progress::kMore;
  const std::optional<SyncPieces::Taken> taken = pieces_->take();
  if (!taken) {
    log::warning(
        "The snapshot was given up: more than {} MB of values that were written meanwhile wait for replicas "
        "that are too slow",
        kAbortBytes >> 20);
    return Progress::kFailed;
  }
  for (const std::string& p : taken->pieces) writer_->entries(p);
  if (spool_ && spool_->size() - spool_told_ >= kSpoolNews) {
    spool_told_ = spool_->size();
    log::notice("{} MB of the data set are spooled", spool_told_ >> 20);
  }
  if (!taken->last) return Progress::kMore;
  writer_->finish();
  for (ReplicaFeed* f : feeds_) {
    if (!f->needs_length()) f->send(mark_);
  }
  if (spool_) log::notice("The data set is spooled: {} bytes", spool_->size());
  return Progress::kDone;
}

// The replicas that waited for the spool are let go, and ask again later.
void FullSync::fail_spool(const std::string& why) {
  spool_.reset();
  log::warning("The data set cannot be spooled in '{}' for replicas that must know its length first: {}",
               node_.data_dir().path(), why);
  for (ReplicaFeed* f : feeds_) {
    if (f->needs_length()) f->fail("the data set cannot be spooled for it");
  }
}

void FullSync::forget(ReplicaFeed* feed) {
  std::erase(feeds_, feed);
}

}  // namespace guccho::runtime
