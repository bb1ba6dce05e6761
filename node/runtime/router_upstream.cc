// Connecting, sending, matching replies, losing the connection.
#include "node/runtime/router_upstream.h"

#include <algorithm>
#include <utility>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/router_reply.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

constexpr size_t kReadChunk = 16 * 1024;
// A node of the same cluster that takes longer is not there.
constexpr Millis kConnectTimeout{1000};
// Between attempts while commands wait: a refused connection costs little, and each try may be the end of the wait.
constexpr Millis kRetryPause{50};
// After a node refused our password: an operator must act.
constexpr Millis kGreetingPause{1000};

}  // namespace

Upstream::Upstream(Worker& worker, UpstreamUser& user, NodeId node, uint32_t number, resp::Version version)
    : worker_(worker),
      user_(user),
      node_(node),
      number_(number),
      version_(version),
      framer_({.max_bulk = static_cast<int64_t>(worker.config().proto_max_bulk_len)}) {}

Upstream::~Upstream() {
  if (stream_.is_open()) worker_.poller().remove(stream_.fd());
}

bool Upstream::ready(Instant now, const cluster::NodeView& node) {
  if (state_ != State::kClosed) return true;
  if (now < not_before_ || node.ip.empty()) return false;
  const config::Config& config = worker_.config();
  const bool tls = node.tls_port != 0 && (config.tls_cluster || config.tls_replication || node.tcp_port == 0);
  const std::shared_ptr<const TlsContexts> contexts = tls ? worker_.node().tls() : nullptr;
  if (tls && !contexts) return false;
  not_before_ = now + kRetryPause;
  Result<int> fd = connect_tcp(node.ip, tls ? node.tls_port : node.tcp_port, config.bind_source_addr);
  if (!fd) return false;
  set_no_delay(*fd);
  stream_ = tls ? Stream::tls_client(*fd, *contexts) : Stream::plain(*fd);
  state_ = State::kConnecting;
  connect_deadline_ = now + kConnectTimeout;
  watching_writes_ = true;
  worker_.poller().add(*fd, EPOLLIN | EPOLLOUT, *this);
  greet();
  return true;
}

// Introduces us: password and protocol version. A node that does not want us (password, maxclients) says so here,
// before it was given any command.
void Upstream::greet() {
  const config::Config& config = worker_.config();
  const std::string& password = config.masterauth.empty() ? config.requirepass : config.masterauth;
  if (!password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!config.masterauth.empty() && !config.masteruser.empty()) auth.push_back(config.masteruser);
    auth.push_back(password);
    resp::append_request(greeting_, auth);
    ++greeting_replies_;
  }
  const std::string_view hello[] = {"HELLO", version_ == resp::Version::kResp3 ? "3" : "2"};
  resp::append_request(greeting_, hello);
  ++greeting_replies_;
}

void Upstream::send(Forward forward) {
  const size_t before = out_.size();
  forward.replies_before = forward.exec ? 1 + forward.exec->queue.size() : forward.script ? 2 : 0;
  forward.queueing_error.clear();
  if (forward.ask) {
    out_.append("*1\r\n$6\r\nASKING\r\n");
    ++forward.replies_before;
  }
  if (forward.script) out_.append("*1\r\n$5\r\nMULTI\r\n");
  out_.append(forward.request);
  if (forward.script) out_.append("*1\r\n$4\r\nEXEC\r\n");
  queued_ += out_.size() - before;
  under_way_.push_back({.forward = std::move(forward), .end = queued_});
  if (!in_dirty_list_) {
    in_dirty_list_ = true;
    user_.flush_later(*this);
  }
}

void Upstream::flush() {
  in_dirty_list_ = false;
  if (state_ != State::kOpen) return;
  uint64_t ignored = 0;
  if (!write_from(greeting_, ignored)) return;
  if (greeting_replies_ == 0 && !write_from(out_, sent_)) return;
  // TLS says by itself which direction it waits for.
  const bool unsent = !greeting_.empty() || (greeting_replies_ == 0 && !out_.empty());
  watch(stream_.is_tls() ? stream_.wants_write() : unsent);
}

// Writes what the socket takes; false when the connection was lost over it.
bool Upstream::write_from(resp::Buffer& bytes, uint64_t& written) {
  while (!bytes.empty()) {
    const IoResult r = stream_.write(bytes.view());
    if (r.status == IoStatus::kWouldBlock) return true;
    if (r.status != IoStatus::kDone) {
      drain();
      return false;
    }
    bytes.consume(r.bytes);
    written += r.bytes;
  }
  return true;
}

void Upstream::watch(bool writes) {
  if (writes == watching_writes_) return;
  watching_writes_ = writes;
  worker_.poller().modify(stream_.fd(), EPOLLIN | (writes ? EPOLLOUT : 0u), *this);
}

void Upstream::on_events(uint32_t events) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kConnecting) {
    if (connect_error(stream_.fd()) != 0) return lose(kRetryPause);
    if ((events & EPOLLOUT) == 0) return;
    state_ = State::kOpen;
  }
  if ((events & EPOLLOUT) != 0 || (stream_.is_tls() && !(out_.empty() && greeting_.empty()))) flush();
  if (state_ == State::kOpen && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void Upstream::read() {
  do {
    size_t room = kReadChunk;
    if (framer_.wanted() > in_.size() + kReadChunk) room = framer_.wanted() - in_.size();
    char* into = in_.reserve(room);
    const IoResult r = stream_.read(into, in_.spare());
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status != IoStatus::kDone) return lose(Millis(0));
    in_.commit(r.bytes);
    take_replies();
    if (state_ != State::kOpen) return;
  } while (stream_.has_buffered_input());
  in_.shrink(kReadChunk);
  if (stream_.wants_write()) watch(true);
}

// The node is gone; what it answered before counts.
void Upstream::drain() {
  while (state_ == State::kOpen) {
    const IoResult r = stream_.read(in_.reserve(kReadChunk), in_.spare());
    if (r.status != IoStatus::kDone) return lose(Millis(0));
    in_.commit(r.bytes);
    take_replies();
  }
}

void Upstream::take_replies() {
  while (!in_.empty()) {
    const resp::FrameStatus status = framer_.next(in_.view());
    if (status == resp::FrameStatus::kNeedMore) return;
    if (status == resp::FrameStatus::kError) return lose(kGreetingPause);
    if (!framer_.is_push()) take_reply(in_.view().substr(0, framer_.size()));
    if (state_ != State::kOpen) return;
    in_.consume(framer_.size());
  }
}

void Upstream::take_reply(std::string_view reply) {
  if (greeting_replies_ > 0) {
    --greeting_replies_;
    if (reply.front() == '-') {
      log::warning("Node {} refuses the router's connection: {}", node_.view(), reply.substr(1, reply.size() - 3));
      return lose(kGreetingPause);
    }
    if (greeting_replies_ == 0) remote_client_ = client_id_in(reply);
    if (greeting_replies_ == 0) user_.flush_later(*this);
    return;
  }
  if (under_way_.empty()) return lose(kGreetingPause);
  Forward& first = under_way_.front().forward;
  if (first.replies_before > 0) {
    --first.replies_before;
    if (reply.front() == '-' && first.queueing_error.empty()) first.queueing_error = reply;
    return;
  }
  Forward forward = std::move(first);
  under_way_.pop_front();
  user_.replied(std::move(forward), reply, node_);
}

void Upstream::check(Instant now, const cluster::NodeView* node) {
  if (state_ == State::kClosed) return;
  const bool introduced = state_ == State::kOpen && greeting_replies_ == 0;
  if (!introduced && now >= connect_deadline_) return lose(kRetryPause);
  if (under_way_.empty()) return;
  if (node == nullptr || node->has(bus::kFlagFail)) return lose(Millis(0));
  const bool suspected = node->has(bus::kFlagPfail) || !node->link_up;
  if (suspected && now >= under_way_.front().forward.deadline) lose(kRetryPause);
}

void Upstream::lose(Millis pause) {
  worker_.poller().remove(stream_.fd());
  stream_.close();
  stream_ = Stream();
  state_ = State::kClosed;
  not_before_ = std::max(not_before_, monotonic_now() + pause);
  greeting_.clear();
  out_.clear();
  in_.clear();
  framer_.reset();
  greeting_replies_ = 0;
  remote_client_ = 0;
  queued_ = 0;
  const uint64_t sent = std::exchange(sent_, 0);
  for (UnderWay& u : std::exchange(under_way_, {})) {
    // A request of which the last byte never left cannot have been executed.
    user_.lost(std::move(u.forward), u.end <= sent);
  }
}

}  // namespace guccho::runtime
