// Handshake, transfer, stream.
#include "node/runtime/primary_link.h"

#include <algorithm>
#include <charconv>

#include "node/base/log.h"
#include "node/cluster/generation.h"
#include "node/resp/writer.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/load.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

constexpr Millis kRetryPeriod(250);
constexpr Millis kAckPeriod(100);
constexpr Millis kSignPeriod(1000);

}  // namespace

PrimaryLink::PrimaryLink(Replication& replication, NodeId primary)
    : replication_(replication),
      primary_(primary),
      applier_(replication.node_, replication.wakeup_, replication.stopping_) {
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
  watching_writes_ = true;
  replication_.poller_.add(*fd, EPOLLIN | EPOLLOUT, *this);
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
  if ((events & EPOLLOUT) != 0) flush();
  if (state_ != State::kIdle && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
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
  if (!write_out()) return disconnect(stream_.reason());
  const bool want = !out_.empty() || stream_.wants_write();
  if (want == watching_writes_) return;
  watching_writes_ = want;
  replication_.poller_.modify(stream_.fd(), EPOLLIN | (want ? EPOLLOUT : 0u), *this);
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
  if (replication_.node_.log().active()) {
    const std::string next = std::to_string(applier_.read_offset() + 1);
    const std::initializer_list<std::string_view> args{"PSYNC", replication_.replid_, next};
    resp::append_request(b, {args.begin(), args.size()});
  } else {
    const std::initializer_list<std::string_view> args{"PSYNC", "?", "-1"};
    resp::append_request(b, {args.begin(), args.size()});
  }
  send(b.view());
}

void PrimaryLink::read() {
  do {
    char* into = in_.reserve(64 * 1024);
    const IoResult r = stream_.read(into, in_.spare());
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status == IoStatus::kClosed) return disconnect("closed by the primary");
    if (r.status != IoStatus::kDone) return disconnect(stream_.reason());
    in_.commit(r.bytes);
    replication_.bytes_received_ += r.bytes;
    last_io_ = monotonic_now();
    consume();
  } while (state_ != State::kIdle && stream_.has_buffered_input());
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
  if (end == std::string_view::npos) return false;
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
  if (line.starts_with("+CONTINUE")) {
    line.remove_prefix(std::min<size_t>(line.size(), 10));
    if (line.size() == 40 && line != replication_.replid_) {
      replication_.replid2_ = replication_.replid_;
      replication_.second_offset_ = applier_.read_offset() + 1;
      replication_.replid_ = line;
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
  if (!line.starts_with("+FULLRESYNC ")) return disconnect("PSYNC was answered with " + std::string(line));
  line.remove_prefix(12);
  const size_t blank = line.find(' ');
  if (blank != 40) return disconnect("malformed FULLRESYNC");
  new_replid_ = line.substr(0, blank);
  line.remove_prefix(blank + 1);
  const auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), new_offset_);
  if (ec != std::errc() || end != line.data() + line.size()) return disconnect("malformed FULLRESYNC");
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
  if (Status s = check_rdb(transfer_->fd()); !s) return disconnect("the transfer is damaged: " + s.error().text);
  applier_.wait_until_applied();
  Status loaded;
  const auto begin_stream = [&] {
    node.log().restart(new_offset_);
    for (uint16_t i = 0; i < node.worker_count(); ++i) node.worker(i).reset_applied(new_offset_);
  };
  if (transfer_read_ <= kLoadedAtOnce) {
    node.run_exclusively([&] {
      loaded = replace_data_at_once(node, transfer_->fd());
      begin_stream();
    });
  } else {
    node.set_loading(true);
    // The primary must not take a long load for a dead replica.
    Instant last_sign = monotonic_now();
    loaded = replace_data(node, transfer_->fd(), [&] {
      if (monotonic_now() - last_sign < kSignPeriod) return;
      last_sign = monotonic_now();
      out_.append("\n");
      (void)write_out();
    });
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
  limits.max_bulk_length = size_t{1} << 32;
  size_t boundary = 0;
  for (;;) {
    const resp::ParseStatus s = parser_.next(in_.view().substr(scanned_), limits);
    if (s == resp::ParseStatus::kNeedMore) break;
    if (s == resp::ParseStatus::kError) return disconnect("the stream is malformed: " + parser_.error());
    scanned_ += parser_.consumed();
    if (!parser_.args().empty()) applier_.take(parser_.args());
    if (!applier_.in_transaction()) boundary = scanned_;
  }
  if (boundary == 0) return;
  replication_.append_received(in_.view().substr(0, boundary));
  in_.consume(boundary);
  scanned_ -= boundary;
  in_.shrink(1 << 20);
  applier_.advance(static_cast<int64_t>(boundary));
  replication_.feed_all();
}

void PrimaryLink::finish() {
  if (state_ == State::kOnline) read();  // what the kernel still holds of a dead primary was sent by it
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
  if (state_ == State::kIdle && now >= next_attempt_) {
    refresh_address();
    connect();
  }
  if (state_ == State::kOnline) acknowledge(now);
  const auto silence = now - last_io_;
  if (state_ != State::kIdle && silence > replication_.node_.config()->repl_timeout) disconnect("timeout");
}

}  // namespace guccho::runtime
