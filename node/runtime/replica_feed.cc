// Sending the log, reading acknowledgements.
#include "node/runtime/replica_feed.h"

#include <algorithm>
#include <charconv>

#include "node/base/log.h"
#include "node/commands/command.h"
#include "node/runtime/clock.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"
#include "node/runtime/spool.h"

namespace guccho::runtime {
namespace {

constexpr size_t kFileChunk = 64 * 1024;
// What a worker sends in passing: some 0.1 ms of its time.
constexpr int64_t kLittle = 256 * 1024;

}  // namespace

ReplicaFeed::ReplicaFeed(Replication& replication, Stream stream, std::string unread, ReplicaHello h, SyncRequest r,
                         commands::Session session)
    : hello(std::move(h)),
      request(std::move(r)),
      client_id(session.id),
      replication_(replication),
      stream_(std::move(stream)),
      session_(std::move(session)) {
  ip = hello.ip.empty() ? remote_ip(stream_.fd()) : hello.ip;
  last_acknowledged = last_written = monotonic_now();
  in_.append(unread);
  replication_.poller_.add(stream_.fd(), EPOLLIN, *this);
}

ReplicaFeed::~ReplicaFeed() {
  replication_.poller_.remove(stream_.fd());
}

void ReplicaFeed::fail(const std::string& why) {
  if (dead) return;
  log::warning("Connection with replica {}:{} lost: {}", ip, hello.listening_port, why);
  dead = true;
}

void ReplicaFeed::on_events(uint32_t events) {
  if (dead) return;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return fail("connection reset");
  if ((events & EPOLLIN) != 0) read();
  if (!dead && (events & EPOLLOUT) != 0) feed(replication_.fed_);
}

void ReplicaFeed::read() {
  do {
    char* into = in_.reserve(4096);
    const IoResult r = stream_.read(into, in_.spare());
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status == IoStatus::kClosed) return fail("closed by the replica");
    if (r.status != IoStatus::kDone) return fail(stream_.reason());
    in_.commit(r.bytes);
    session_.last_interaction = wall_now();
  } while (stream_.has_buffered_input());
  take_requests();
}

// A replica sends nothing but REPLCONF ACK, and FACK behind it when it has an append-only file; anything else is
// ignored, as redis-server does with its replies.
void ReplicaFeed::take_requests() {
  for (;;) {
    const resp::ParseStatus s = parser_.next(in_.view(), {});
    if (s == resp::ParseStatus::kNeedMore) return;
    if (s == resp::ParseStatus::kError) return fail(parser_.error());
    const auto args = parser_.args();
    if (args.empty()) last_acknowledged = monotonic_now();  // an empty line: it is busy loading
    if (!args.empty()) session_.last_command = commands::resolve(args);
    if (args.size() >= 3 && (args[0] == "REPLCONF" || args[0] == "replconf") &&
        (args[1] == "ACK" || args[1] == "ack")) {
      int64_t offset = 0;
      std::from_chars(args[2].data(), args[2].data() + args[2].size(), offset);
      acknowledged = std::max(acknowledged, offset);
      if (args.size() >= 5 && (args[3] == "FACK" || args[3] == "fack")) {
        int64_t written = 0;
        std::from_chars(args[4].data(), args[4].data() + args[4].size(), written);
        in_file = std::max(in_file, written);
      }
      last_acknowledged = monotonic_now();
      if (state == State::kSent && !hello.rdb_only) {
        log::notice("Synchronization with replica {}:{} succeeded", ip, hello.listening_port);
        go_online(position);
        replication_.publish_status();
      }
      replication_.positions_changed_ = true;
    }
    in_.consume(parser_.consumed());
  }
}

void ReplicaFeed::send(std::string_view bytes) {
  out_.append(bytes);
  feed(replication_.fed_);
}

void ReplicaFeed::transfer_sent() {
  last_acknowledged = monotonic_now();
  state = State::kSent;
}

void ReplicaFeed::send_file(std::shared_ptr<const Spool> file) {
  file_ = std::move(file);
  file_read_ = 0;
  state = State::kFile;
  send("$" + std::to_string(file_->size()) + "\r\n");
}

void ReplicaFeed::go_online(int64_t from) {
  position = from;
  acknowledged = std::max<int64_t>(acknowledged, from);
  last_acknowledged = monotonic_now();
  state = State::kOnline;
  feed(replication_.fed_);
}

// The three parts of the output in their order. Each returns true when all of its part was written; false when the
// socket takes no more, or broke.
void ReplicaFeed::feed(int64_t committed) {
  if (dead) return;
  const bool all = write_queued() && write_file() && write_log(committed);
  if (dead) return;
  out_.shrink(1 << 20);
  update_interest(!all);
}

bool ReplicaFeed::feed_little(int64_t committed) {
  if (state == State::kAsked || state == State::kWaiting) return true;
  if (state != State::kOnline || dead || watching_writes_ || !out_.empty() || stream_.wants_write()) return false;
  return committed - position <= kLittle && write_log(committed) && !stream_.wants_write();
}

bool ReplicaFeed::write_queued() {
  while (!out_.empty()) {
    const IoResult r = stream_.write(out_.view());
    if (r.status == IoStatus::kWouldBlock) return false;
    if (r.status != IoStatus::kDone) {
      fail(stream_.reason().empty() ? "closed" : stream_.reason());
      return false;
    }
    out_.consume(r.bytes);
    last_written = monotonic_now();
  }
  return true;
}

bool ReplicaFeed::write_file() {
  if (state != State::kFile) return true;
  while (file_read_ < file_->size()) {
    const Result<size_t> n = file_->read(file_read_, {out_.reserve(kFileChunk), kFileChunk});
    if (!n) {
      fail("the spooled data set cannot be read: " + n.error().text);
      return false;
    }
    out_.commit(*n);
    file_read_ += *n;
    if (!write_queued()) return false;
  }
  file_.reset();
  log::notice("Synchronization with replica {}:{} succeeded", ip, hello.listening_port);
  // It acknowledges when it has loaded: nothing of what it was sent counts as its own before.
  last_acknowledged = monotonic_now();
  state = hello.rdb_only ? State::kSent : State::kOnline;
  replication_.publish_status();
  return true;
}

bool ReplicaFeed::write_log(int64_t committed) {
  if (state != State::kOnline) return true;
  while (position < committed) {
    const IoResult r = stream_.write(replication_.node_.log().read(position, committed));
    if (r.status == IoStatus::kWouldBlock) return false;
    if (r.status != IoStatus::kDone) {
      fail(stream_.reason().empty() ? "closed" : stream_.reason());
      return false;
    }
    position += static_cast<int64_t>(r.bytes);
    replication_.bytes_sent_ += r.bytes;
    last_written = monotonic_now();
  }
  return true;
}

bool ReplicaFeed::has_all_before(int64_t end) const {
  return state == State::kOnline && (request.old_sync ? position : acknowledged) >= end;
}

// What was received is read, since closing a socket with unread bytes in it may take back what is on its way.
void ReplicaFeed::say_goodbye(int64_t committed) {
  feed(committed);
  char ignored[4096];
  while (!dead && stream_.read(ignored, sizeof ignored).status == IoStatus::kDone) {
  }
}

commands::Session ReplicaFeed::describe(int64_t committed) const {
  commands::Session s = session_;
  s.query_buffer_used = in_.size();
  s.query_buffer_free = in_.capacity() - in_.size();
  s.output_buffer_used = out_.size();
  if (state == State::kOnline) s.output_queue_bytes = static_cast<size_t>(std::max<int64_t>(0, committed - position));
  s.output_queue_length = s.output_queue_bytes > 0;
  return s;
}

void ReplicaFeed::update_interest(bool more) {
  const bool want = more || stream_.wants_write();
  if (want == watching_writes_) return;
  watching_writes_ = want;
  replication_.poller_.modify(stream_.fd(), EPOLLIN | (want ? EPOLLOUT : 0u), *this);
}

}  // namespace guccho::runtime
