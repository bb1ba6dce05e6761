// Sending the log, reading acknowledgements.
#include "node/runtime/replica_feed.h"

#include <charconv>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {

ReplicaFeed::ReplicaFeed(Replication& replication, Stream stream, std::string unread, ReplicaHello h, SyncRequest r)
    : hello(std::move(h)), request(std::move(r)), replication_(replication), stream_(std::move(stream)) {
  ip = hello.ip.empty() ? remote_ip(stream_.fd()) : hello.ip;
  last_acknowledged = monotonic_now();
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
  } while (stream_.has_buffered_input());
  take_requests();
}

// A replica sends nothing but REPLCONF ACK; anything else is ignored, as redis-server does with its replies.
void ReplicaFeed::take_requests() {
  for (;;) {
    const resp::ParseStatus s = parser_.next(in_.view(), {});
    if (s == resp::ParseStatus::kNeedMore) return;
    if (s == resp::ParseStatus::kError) return fail(parser_.error());
    const auto args = parser_.args();
    if (args.empty()) last_acknowledged = monotonic_now();  // an empty line: it is busy loading
    if (args.size() >= 3 && (args[0] == "REPLCONF" || args[0] == "replconf") &&
        (args[1] == "ACK" || args[1] == "ack")) {
      int64_t offset = 0;
      std::from_chars(args[2].data(), args[2].data() + args[2].size(), offset);
      acknowledged = std::max(acknowledged, offset);
      last_acknowledged = monotonic_now();
      if (state == State::kSent) {
        log::notice("Synchronization with replica {}:{} succeeded", ip, hello.listening_port);
        go_online(position);
        replication_.publish_status();
      }
      replication_.check_waiters();
    }
    in_.consume(parser_.consumed());
  }
}

void ReplicaFeed::send(std::string_view bytes) {
  out_.append(bytes);
  feed(replication_.fed_);
}

void ReplicaFeed::transfer_sent(int64_t from) {
  position = from;
  last_acknowledged = monotonic_now();
  state = State::kSent;
}

void ReplicaFeed::go_online(int64_t from) {
  position = from;
  acknowledged = std::max<int64_t>(acknowledged, from);
  last_acknowledged = monotonic_now();
  state = State::kOnline;
  feed(replication_.fed_);
}

void ReplicaFeed::feed(int64_t committed) {
  if (dead) return;
  bool blocked = false;
  while (!out_.empty() && !blocked) {
    const IoResult r = stream_.write(out_.view());
    if (r.status == IoStatus::kWouldBlock) {
      blocked = true;
    } else if (r.status != IoStatus::kDone) {
      return fail(stream_.reason().empty() ? "closed" : stream_.reason());
    } else {
      out_.consume(r.bytes);
    }
  }
  while (state == State::kOnline && !blocked && position < committed) {
    const IoResult r = stream_.write(replication_.node_.log().read(position, committed));
    if (r.status == IoStatus::kWouldBlock) {
      blocked = true;
    } else if (r.status != IoStatus::kDone) {
      return fail(stream_.reason().empty() ? "closed" : stream_.reason());
    } else {
      position += static_cast<int64_t>(r.bytes);
      replication_.bytes_sent_ += r.bytes;
    }
  }
  out_.shrink(1 << 20);
  update_interest(blocked);
}

void ReplicaFeed::update_interest(bool more) {
  const bool want = more || stream_.wants_write();
  if (want == watching_writes_) return;
  watching_writes_ = want;
  replication_.poller_.modify(stream_.fd(), EPOLLIN | (want ? EPOLLOUT : 0u), *this);
}

}  // namespace guccho::runtime
