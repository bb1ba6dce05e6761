// Handshake, transfer, stream.
#include "node/runtime/primary_link.h"

#include <algorithm>

#include "node/base/log.h"
#include "node/cluster/generation.h"
#include "node/resp/writer.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/load.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/psync_reply.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

constexpr Millis kRetryPeriod(250);
constexpr Millis kAckPeriod(100);
constexpr Millis kSignPeriod(1000);
constexpr size_t kReadChunk = 64 * 1024;
constexpr size_t kMostLine = 64 * 1024;  // of the handshake
// Memory of what was received and is not applied; a worker may be busy with a script for any time. Reading ends above
// it and goes on below half of it.
constexpr size_t kMostUnapplied = size_t{64} << 20;
// More than a kernel holds of what a dead primary sent. One that lives could go on sending for ever.
constexpr uint64_t kMostHeld = uint64_t{256} << 20;

}  // namespace

PrimaryLink::PrimaryLink(Replication& replication, NodeId primary)
    : replication_(replication),
      primary_(primary),
      applier_(replication.node_, replication.wakeup_, replication.stopping_, [this] { say_alive(); }) {
  refresh_address();
}

PrimaryLink::~PrimaryLink() {
  if (stream_.is_open()) replication_.poller_.remove(stream_.fd());
}

void PrimaryLink::refresh_address() {
  const auto view = replication_.node_.view();
  const cluster::NodeView* n = view->find(primary_);
  if (n == nullptr) return;
  const bool tls = replication_.node_.config()->tls_replication;
  const uint16_t port = tls ? n->tls_port : n->tcp_port;
  if (n->ip == ip_ && port == port_ && tls == tls_) return;
  ip_ = n->ip;
  port_ = port;
  tls_ = tls;
  if (state_ != State::kIdle) disconnect("the primary's address changed");
  next_attempt_ = Instant();
}

void PrimaryLink::introduce_again() {
  if (state_ != State::kIdle) disconnect("our port changed");
  next_attempt_ = Instant();
}

std::string_view PrimaryLink::role_state() const {
  switch (state_) {
    case State::kIdle:
      return "connect";
    case State::kConnecting:
      return "connecting";
    case State::kHandshake:
      return "handshake";
    case State::kTransfer:
      return "sync";
    case State::kOnline:
      return "connected";
  }
  return "none";
}

// ---- connection ----

void PrimaryLink::connect() {
  const auto config = replication_.node_.config();
  next_attempt_ = monotonic_now() + kRetryPeriod;
  if (ip_.empty() || port_ == 0) return;
  Result<int> fd = connect_tcp(ip_, port_, config->bind_source_addr);
  if (!fd) return;
  set_no_delay(*fd);
  stream_ = tls_ ? Stream::tls_client(*fd, *replication_.node_.tls()) : Stream::plain(*fd);
  state_ = State::kConnecting;
  last_io_ = monotonic_now();
  reading_ = true;
  watched_ = EPOLLIN | EPOLLOUT;
  replication_.poller_.add(*fd, watched_, *this);
}

void PrimaryLink::disconnect(const std::string& why) {
  if (state_ == State::kOnline) {
    log::warning("Connection with the primary {} lost: {}", join_address(ip_, port_), why);
    applier_.advance(0);
    down_since_ = monotonic_now();
    replication_.link_up_.store(false);
  } else if (state_ == State::kTransfer || state_ == State::kHandshake) {
    log::warning("Synchronisation with the primary {} failed: {}", join_address(ip_, port_), why);
  }
  if (stream_.is_open()) replication_.poller_.remove(stream_.fd());
  stream_.close();
  stream_ = Stream();
  transfer_.reset();
  in_.clear();
  out_.clear();
  parser_.reset();
  scanned_ = 0;
  reading_ = true;
  applier_.drop_transaction();
  state_ = State::kIdle;
  next_attempt_ = monotonic_now() + kRetryPeriod;
  replication_.publish_status();
}

void PrimaryLink::on_events(uint32_t events) {
  if (state_ == State::kConnecting) {
    const int error = connect_error(stream_.fd());
    if (error != 0) {
      replication_.poller_.remove(stream_.fd());
      stream_.close();
      state_ = State::kIdle;
      return;
    }
    if ((events & EPOLLOUT) == 0) return;
    send_handshake();
    return;
  }
  if (state_ == State::kIdle) return;
  // TLS may have waited for this to go on reading.
  const bool read_waits = (events & EPOLLOUT) != 0 && stream_.wants_write();
  if ((events & EPOLLOUT) != 0) flush();
  if (state_ != State::kIdle && (read_waits || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)) read();
}

void PrimaryLink::send(std::string_view bytes) {
  out_.append(bytes);
  flush();
}

// False when the connection is broken.
bool PrimaryLink::write_out() {
  while (!out_.empty()) {
    const IoResult r = stream_.write(out_.view());
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status != IoStatus::kDone) return false;
    out_.consume(r.bytes);
  }
  return true;
}

void PrimaryLink::flush() {
  if (write_out()) return watch();
  const std::string why = stream_.reason();
  drain();
  if (state_ != State::kIdle) disconnect(why);
}

void PrimaryLink::watch() {
  const bool writes = !out_.empty() || stream_.wants_write();
  const uint32_t wanted = (reading_ ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);
  if (wanted == watched_) return;
  watched_ = wanted;
  replication_.poller_.modify(stream_.fd(), wanted, *this);
}

// While this thread waits for workers, or loads: the primary must not take that for a dead replica.
void PrimaryLink::say_alive() {
  const Instant now = monotonic_now();
  if ((state_ != State::kTransfer && state_ != State::kOnline) || now - last_sign_ < kSignPeriod) return;
  last_sign_ = now;
  out_.append("\n");
  (void)write_out();  // a broken link is noticed when it is read
}

// ---- handshake ----

void PrimaryLink::send_handshake() {
  state_ = State::kHandshake;
  const auto config = replication_.node_.config();
  resp::Buffer b;
  const auto request = [&b](std::initializer_list<std::string_view> args) {
    resp::append_request(b, {args.begin(), args.size()});
  };
  replies_expected_ = 0;
  auth_sent_ = !config->masterauth.empty();
  if (auth_sent_) {
    if (config->masteruser.empty()) {
      request({"AUTH", config->masterauth});
    } else {
      request({"AUTH", config->masteruser, config->masterauth});
    }
    ++replies_expected_;
  }
  const uint16_t own_port = tls_ ? config->tls_port : config->port;
  const uint16_t announced = config->replica_announce_port != 0 ? config->replica_announce_port : own_port;
  request({"REPLCONF", "listening-port", std::to_string(announced)});
  ++replies_expected_;
  if (!config->replica_announce_ip.empty()) {
    request({"REPLCONF", "ip-address", config->replica_announce_ip});
    ++replies_expected_;
  }
  request({"REPLCONF", "capa", "eof", "capa", "psync2"});
  ++replies_expected_;
  send(b.view());
}

// Once everything before it is answered: a Redis primary refuses PSYNC while it has replies to send.
void PrimaryLink::send_psync() {
  resp::Buffer b;
  // What we have may be continued when the primary knows our history; our own id counts after a demotion.
  asked_to_continue_ = replication_.node_.log().active();
  if (asked_to_continue_) {
    const std::string next = std::to_string(applier_.read_offset() + 1);
    const std::initializer_list<std::string_view> args{"PSYNC", replication_.replid_, next};
    resp::append_request(b, {args.begin(), args.size()});
  } else {
    const std::initializer_list<std::string_view> args{"PSYNC", "?", "-1"};
    resp::append_request(b, {args.begin(), args.size()});
  }
  send(b.view());
}

// What one read gives, and what follows from it; false when there was nothing, or the link is no more.
bool PrimaryLink::read_some() {
  char* into = in_.reserve(kReadChunk);
  const IoResult r = stream_.read(into, in_.spare());
  if (r.status == IoStatus::kWouldBlock) return false;
  if (r.status != IoStatus::kDone) {
    disconnect(r.status == IoStatus::kClosed ? "closed by the primary" : stream_.reason());
    return false;
  }
  in_.commit(r.bytes);
  replication_.bytes_received_ += r.bytes;
  last_io_ = monotonic_now();
  consume();
  return state_ != State::kIdle;
}

void PrimaryLink::read() {
  do {
    if (!read_some()) break;
    reading_ = state_ != State::kOnline || applier_.unapplied_bytes() < kMostUnapplied;
  } while (reading_ && stream_.has_buffered_input());
  if (state_ != State::kIdle) watch();
}

// Before the link ends: what the kernel holds of the stream was sent by the primary, and is applied.
void PrimaryLink::drain() {
  const uint64_t end = replication_.bytes_received_ + kMostHeld;
  while (state_ == State::kOnline && replication_.bytes_received_ < end && read_some()) {
  }
}

void PrimaryLink::consume() {
  while (state_ == State::kHandshake && take_handshake_line()) {
  }
  if (state_ == State::kTransfer) take_transfer();
  if (state_ == State::kOnline) take_stream();
}

// One line of the answers; false when more input is needed or the state changed.
bool PrimaryLink::take_handshake_line() {
  const std::string_view bytes = in_.view();
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() > kMostLine) disconnect("the primary sent a line without an end");
    return false;
  }
  std::string line(bytes.substr(0, end));
  if (line.ends_with('\r')) line.pop_back();
  in_.consume(end + 1);
  if (line.empty()) return true;  // a primary that prepares a transfer keeps the link alive with newlines
  if (replies_expected_ == 0) {
    take_psync_reply(line);
    return state_ == State::kHandshake;
  }
  --replies_expected_;
  if (auth_sent_) {
    auth_sent_ = false;
    if (line[0] == '-') {
      disconnect("the primary refused our password (masterauth): " + line);
      return false;
    }
  } else if (line.starts_with("-NOAUTH") || line.starts_with("-LOADING")) {
    disconnect("the primary answered " + line);
    return false;
  }
  if (replies_expected_ == 0) send_psync();
  return state_ == State::kHandshake;
}

void PrimaryLink::take_psync_reply(std::string_view line) {
  const Result<PsyncReply> reply = parse_psync_reply(line);
  if (!reply) return disconnect(reply.error().text);
  if (!reply->full) {
    if (!asked_to_continue_) return disconnect("the primary continues what we have not asked for");
    if (!reply->replid.empty() && reply->replid != replication_.replid_) {
      replication_.replid2_ = replication_.replid_;
      replication_.second_offset_ = applier_.read_offset() + 1;
      replication_.replid_ = reply->replid;
    }
    log::notice("Successful partial resynchronization with the primary {}", join_address(ip_, port_));
    state_ = State::kOnline;
    if (client_id_ == 0) begin_client();
    down_since_.reset();
    replication_.link_up_.store(true);
    replication_.node_.control().post(cluster::SyncedFrom{primary_});
    replication_.publish_status();
    return;
  }
  new_replid_ = reply->replid;
  new_offset_ = reply->offset;
  // Data is given up only for data that contains it (rule 2 of the design).
  const auto view = replication_.node_.view();
  const cluster::NodeView* n = view->find(primary_);
  if (n != nullptr) {
    const cluster::SyncDecision d = cluster::decide_full_sync(view->held, primary_, n->generation);
    if (d != cluster::SyncDecision::kAccept) {
      return disconnect("refused: the primary restarted without the data that we hold of it");
    }
  }
  Result<int> fd = replication_.node_.data_dir().temporary();
  if (!fd) return disconnect(fd.error().text);
  transfer_ = std::make_unique<Transfer>(*fd);
  transfer_read_ = 0;
  state_ = State::kTransfer;
  log::notice("Full resync from the primary {}: {}:{}", join_address(ip_, port_), new_replid_, new_offset_);
}

// ---- transfer ----

void PrimaryLink::take_transfer() {
  const Result<bool> complete = transfer_->take(in_);
  if (!complete) return disconnect(complete.error().text);
  transfer_read_ = transfer_->bytes();
  if (*complete) finish_transfer();
}

void PrimaryLink::finish_transfer() {
  Node& node = replication_.node_;
  log::notice("Transfer complete ({} bytes): checking and loading", transfer_read_);
  const auto between = [this] { say_alive(); };
  if (Status s = check_rdb(transfer_->fd(), between); !s) {
    return disconnect("the transfer is damaged: " + s.error().text);
  }
  applier_.wait_until_applied();
  Status loaded;
  const auto begin_stream = [&] { node.log().restart(new_offset_); };
  if (transfer_read_ <= kLoadedAtOnce) {
    node.run_exclusively([&] {
      loaded = replace_data_at_once(node, transfer_->fd());
      begin_stream();
    });
  } else {
    node.set_loading(true);
    loaded = replace_data(node, transfer_->fd(), between);
    node.run_exclusively(begin_stream);
  }
  transfer_.reset();
  replication_.fed_ = new_offset_;
  applier_.restart(new_offset_);
  if (!loaded) {
    // What we had is gone and what came is not whole: hold nothing rather than half.
    node.set_loading(true);
    node.run_exclusively([&] {
      node.flush_everything();
      node.log().deactivate();
    });
    return disconnect("cannot load the transfer: " + loaded.error().text);
  }
  node.set_loading(false);
  replication_.replid_ = new_replid_;
  replication_.replid2_ = std::string(40, '0');
  replication_.second_offset_ = -1;
  acknowledged_ = -1;
  state_ = State::kOnline;
  last_io_ = monotonic_now();  // nobody listened meanwhile: it is not the primary that was silent
  begin_client();
  down_since_.reset();
  replication_.link_up_.store(true);
  node.control().post(cluster::SyncedFrom{primary_});
  replication_.drop_feeds("our data set was replaced");
  replication_.publish_status();
  log::notice("Synchronisation with the primary {} finished", join_address(ip_, port_));
}

// ---- as a client ----

void PrimaryLink::begin_client() {
  client_id_ = replication_.node_.next_client_id();
  client_since_ = wall_now();
  applier_.reset_last_command();
}

commands::Session PrimaryLink::describe() const {
  commands::Session s;
  s.id = client_id_;
  s.kind = commands::SessionKind::kPrimary;
  s.address = join_address(ip_, port_);
  s.local_address = local_address(stream_.fd());
  s.fd = stream_.fd();
  s.tls = tls_;
  s.created = client_since_;
  s.last_interaction = wall_now() - std::chrono::duration_cast<Millis>(monotonic_now() - last_io_);
  s.last_command = applier_.last_command();
  s.query_buffer_used = in_.size();
  s.query_buffer_free = in_.capacity() - in_.size();
  s.output_buffer_used = out_.size();
  return s;
}

void PrimaryLink::end_session(uint64_t client_id) {
  if (state_ == State::kOnline && client_id == client_id_) disconnect("killed by CLIENT KILL");
}

// ---- stream ----

void PrimaryLink::take_stream() {
  resp::ParserLimits limits;
  limits.max_bulk_length = UINT32_MAX;  // what a batch's lengths can say
  size_t boundary = 0;
  resp::ParseStatus status;
  while ((status = parser_.next(in_.view().substr(scanned_), limits)) == resp::ParseStatus::kCommand) {
    scanned_ += parser_.consumed();
    if (!parser_.args().empty()) applier_.take(parser_.args());
    if (!applier_.in_transaction()) boundary = scanned_;
  }
  if (boundary != 0) {
    replication_.append_received(in_.view().substr(0, boundary));
    in_.consume(boundary);
    scanned_ -= boundary;
    in_.shrink(1 << 20);
    applier_.advance(static_cast<int64_t>(boundary));
    replication_.feed_all();
  }
  // Commands before the mistake count: they are applied, and are not to be asked for again.
  if (status == resp::ParseStatus::kError) disconnect("the stream is malformed: " + parser_.error());
}

void PrimaryLink::finish() {
  drain();
  applier_.settle();
  if (state_ != State::kIdle) disconnect("following ends");
}

void PrimaryLink::acknowledge(Instant now) {
  const int64_t applied = applier_.applied_offset();
  const bool requested = applier_.acknowledgement_requested();
  const bool due =
      now - last_ack_ >= Millis(1000) || requested || (applied != acknowledged_ && now - last_ack_ >= kAckPeriod);
  if (!due) return;
  // An explicit request is answered for everything before it.
  if (requested && applied != applier_.read_offset()) return;
  applier_.acknowledged();
  acknowledged_ = applied;
  last_ack_ = now;
  resp::Buffer b;
  const std::string offset = std::to_string(applied);
  const std::string_view request[] = {"REPLCONF", "ACK", offset};
  resp::append_request(b, request);
  send(b.view());
}

void PrimaryLink::turn(Instant now) {
  applier_.push();
  if (!reading_ && applier_.unapplied_bytes() <= kMostUnapplied / 2) {
    reading_ = true;
    read();  // TLS may hold bytes of which no event tells
  }
  if (state_ == State::kIdle && now >= next_attempt_) {
    refresh_address();
    connect();
  }
  if (state_ == State::kOnline) acknowledge(now);
  const auto silent = [&] { return monotonic_now() - last_io_ > replication_.node_.config()->repl_timeout; };
  if (state_ == State::kIdle || !reading_ || !silent()) return;
  // This thread may have waited for workers for long: what came meanwhile says that the primary is there.
  if (state_ != State::kConnecting) read();
  if (state_ != State::kIdle && reading_ && silent()) disconnect("timeout");
}

}  // namespace guccho::runtime
