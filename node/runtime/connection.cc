// Reading, the order of replies, writing.
#include "node/runtime/connection.h"

#include <algorithm>

#include "node/commands/client_text.h"
#include "node/runtime/clock.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {

Connection::Connection(Worker& home, Stream stream) : home_(home), stream_(std::move(stream)) {
  fd = stream_.fd();
  tls = stream_.is_tls();
  interest_ = EPOLLIN;
  home_.poller().add(fd, interest_, *this);
}

Connection::~Connection() {
  if (stream_.is_open()) home_.poller().remove(stream_.fd());
}

void Connection::on_events(uint32_t events) {
  if (closing_ || processing_) return;  // the latter: a script of ours runs, and this is a turn within its turn
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return close_soon();
  if ((events & EPOLLOUT) != 0) {
    if (stream_.wants_write() && out_.empty()) read_input();
    home_.schedule_flush(*this);
  }
  if ((events & EPOLLIN) != 0) {
    // Held: leave the bytes to the kernel, whose window then holds the client back.
    if (hold_ != Hold::kNone && query_.size() > kReadChunk) return update_interest();
    read_input();
  }
}

void Connection::read_input() {
  ahead_ = nullptr;  // the buffer may move
  do {
    const bool big = parser_.wanted() > query_.size() + kBigArgument;
    const size_t room = big ? parser_.wanted() - query_.size() : kReadChunk;
    char* into = query_.reserve(room);
    // The buffer of a big argument may have room for a great many commands behind it.
    const IoResult r = stream_.read(into, big ? room : std::min(query_.spare(), kMostRead));
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status != IoStatus::kDone) return close_soon();
    query_.commit(r.bytes);
    last_interaction = home_.now();
    home_.stats().reads.add();
    home_.stats().net_input_bytes.add(r.bytes);
    if (over_query_limit()) {
      home_.stats().query_limit_disconnections.add();
      return close_soon();
    }
  } while (stream_.has_buffered_input());
  if (!home_.gather(*this)) process();
}

bool Connection::over_query_limit() const {
  return query_.size() > home_.config().client_query_buffer_limit;
}

resp::ParserLimits Connection::limits() const {
  resp::ParserLimits limits;
  limits.max_bulk_length = home_.config().proto_max_bulk_len;
  limits.authenticated = authenticated;
  return limits;
}

bool Connection::look_ahead(Ahead& ahead) {
  if (hold_ != Hold::kNone || closing_ || processing_ || parser_.inside_command()) return false;
  ahead.next = 0;
  ahead.commands.parse(query_.view(), limits());
  if (ahead.commands.size() == 0) return false;
  ahead_ = &ahead;
  return true;
}

void Connection::process() {
  if (processing_) return;
  processing_ = true;
  if (Ahead* const found_before = std::exchange(ahead_, nullptr); found_before != nullptr) {
    dispatch_all(*found_before);
  } else {
    Ahead ahead;
    dispatch_all(ahead);
  }
  processing_ = false;
  home_.deliver_what_waited();
  home_.schedule_flush(*this);
}

void Connection::dispatch_all(Ahead& ahead) {
  resp::ParserLimits limits = this->limits();
  while (hold_ == Hold::kNone && !closing_ && !close_after_reply && stream_.is_open()) {
    if (pending_.size() >= kMaxOutstanding) {
      hold_ = Hold::kDrain;
      break;
    }
    limits.authenticated = authenticated;
    if (ahead.next == ahead.commands.size() && !parser_.inside_command()) {
      ahead.next = 0;
      ahead.commands.parse(query_.view(), limits);
      home_.prefetch(ahead);
    }
    if (ahead.next < ahead.commands.size()) {
      const size_t i = ahead.next++;
      const size_t bytes = ahead.commands.bytes(i);
      if (!home_.dispatch(*this, ahead.commands.args(i), ahead.known[i])) break;
      query_.consume(bytes);
      if (authenticated != limits.authenticated) ahead.commands.clear();
      continue;
    }
    const resp::ParseStatus status = parser_.next(query_.view(), limits);
    if (status == resp::ParseStatus::kNeedMore) break;
    if (status == resp::ParseStatus::kError) {
      home_.stats().protocol_errors.add();
      resp::ReplyWriter(reply_target(), resp).error("ERR " + parser_.error());
      close_after_reply = true;
      break;
    }
    const size_t consumed = parser_.consumed();
    if (!parser_.args().empty() && !home_.dispatch(*this, parser_.args())) break;
    query_.consume(consumed);
  }
}

void Connection::fill_reply(uint64_t sequence, std::string_view bytes) {
  if (!pending_.fill(sequence, bytes, out_)) return;
  if (pending_.empty() && hold_ == Hold::kDrain) release();
  home_.schedule_flush(*this);
}

resp::Buffer& Connection::muted_target() {
  if (!unsent_) unsent_ = std::make_unique<resp::Buffer>();
  return *unsent_;
}

void Connection::end_muted() {
  if (!unsent_) return;
  if (!muted() || sent_anyhow) (pending_.empty() ? out_ : pending_.behind()).append(unsent_->view());
  unsent_->clear();
  unsent_->shrink(kReadChunk);
}

void Connection::push_output(std::string_view bytes) {
  if (muted()) return;
  reply_target().append(bytes);
  home_.schedule_flush(*this);
}

void Connection::push_message(std::string_view bytes) {
  if (processing_ && home_.serves_busy()) return home_.put_off_message(*this, bytes);
  out_.append(bytes);
  home_.schedule_flush(*this);
}

void Connection::release() {
  hold_ = Hold::kNone;
  // That of the one command without a reply, if it was held, is over with it.
  if (reply_mode == commands::ReplyMode::kSkipThis) reply_mode = commands::ReplyMode::kOn;
  process();
  update_interest();
}

void Connection::update_interest() {
  if (!stream_.is_open()) return;
  uint32_t want = 0;
  if (hold_ == Hold::kNone || query_.size() <= kReadChunk) want |= EPOLLIN;
  if (!out_.empty() || stream_.wants_write()) want |= EPOLLOUT;
  if (want == interest_) return;
  interest_ = want;
  home_.poller().modify(stream_.fd(), interest_, *this);
}

bool Connection::flush(size_t most) {
  while (!out_.empty() && most > 0) {
    const IoResult r = stream_.write(out_.view().substr(0, most));
    if (r.status == IoStatus::kWouldBlock) break;
    if (r.status != IoStatus::kDone) return false;
    home_.stats().writes.add();
    home_.stats().net_output_bytes.add(r.bytes);
    out_.consume(r.bytes);
    most -= r.bytes;
  }
  if (out_.empty() && close_after_reply && pending_.empty()) return false;
  update_interest();
  return true;
}

void Connection::close_soon() {
  if (closing_) return;
  closing_ = true;
  home_.close_later(*this);
}

Stream Connection::take_stream(std::string& unsent, std::string& unread) {
  home_.poller().remove(stream_.fd());
  unsent.assign(out_.view());
  unread.assign(query_.view());
  out_.clear();
  query_.clear();
  return std::move(stream_);
}

void Connection::update_usage() {
  query_buffer_used = query_.size();
  query_buffer_free = query_.capacity() - query_.size() + parser_.argument_bytes();
  output_buffer_used = out_.size();
  output_queue_length = pending_.size();
  output_queue_bytes = pending_.bytes();
}

// Beside what CLIENT LIST shows of it, room in the output buffer.
size_t Connection::memory() {
  update_usage();
  return commands::memory_of(*this) + out_.capacity() - out_.size();
}

void Connection::shrink_buffers() {
  query_.shrink(kReadChunk);
  if (!processing_) parser_.shrink();  // a script that runs now has its arguments there
  out_.shrink(kReadChunk);
  pending_.shrink();
}

}  // namespace guccho::runtime
