// A client connection: reads, parses, keeps the order of replies, and hands commands to its worker.
//
// Order (rule 3 of the design): commands of one slot take effect in the order sent, replies leave in the order sent;
// commands about the connection, transactions, and node-wide commands are barriers. Commands of different slots may
// run on different workers at the same time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "node/commands/command.h"
#include "node/commands/session.h"
#include "node/resp/batch.h"
#include "node/resp/buffer.h"
#include "node/resp/parser.h"
#include "node/runtime/output_limit.h"
#include "node/runtime/poller.h"
#include "node/runtime/replica_hello.h"
#include "node/runtime/reply_order.h"
#include "node/runtime/stream.h"
#include "node/slots/slots.h"
#include "node/store/key.h"
#include "node/store/table.h"

namespace guccho::runtime {

class Worker;

// Why a connection takes no further commands at the moment.
enum class Hold : uint8_t {
  kNone,
  kDrain,      // a barrier, or too many commands under way: until all outstanding replies are there
  kDeferred,   // a command's reply comes later (WAIT, CLUSTER ..., SHUTDOWN)
  kExclusive,  // waits for the exclusive section
  kPaused,     // CLIENT PAUSE or a manual failover
};

// Commands that were parsed together and are dispatched one by one.
struct Ahead {
  struct Command {
    const commands::CommandSpec* spec = nullptr;  // null: there is none of that name
    std::optional<store::KeyRef> key;             // the first argument, which most often is one
    bool here = false;                            // the slot of that is this worker's
    // What is being fetched for it (prefetch.cc).
    std::string_view element;
    const store::TableCore* elements = nullptr;
    uint64_t element_hash = 0;
  };
  resp::CommandBatch commands;
  std::array<Command, resp::CommandBatch::kMaxCommands> known;
  size_t next = 0;  // the command to be dispatched
};

class Connection final : public EventHandler, public commands::Session {
 public:
  // Commands of one connection that may be under way on other workers; above it the connection is not read.
  static constexpr size_t kMaxOutstanding = 4096;
  static constexpr size_t kReadChunk = 16 * 1024;
  // A larger argument is read straight to its full size.
  static constexpr size_t kBigArgument = 32 * 1024;
  // Read in one turn of the loop otherwise: commands that run in one go. And written in one: a fast reader would hold
  // the worker until it has all of a large reply.
  static constexpr size_t kMostRead = 32 * 1024;
  static constexpr size_t kMostWritten = 256 * 1024;

  Connection(Worker& home, Stream stream);
  ~Connection() override;

  void on_events(uint32_t events) override;
  bool serves_clients() const override { return true; }
  // The reply of the command that runs is not sent (CLIENT REPLY).
  bool muted() const { return reply_mode == commands::ReplyMode::kOff || reply_mode == commands::ReplyMode::kSkipThis; }
  // Nothing that was said before matters for the next command.
  bool is_plain() const {
    return authenticated && !transaction.active && kind == commands::SessionKind::kNormal &&
           reply_mode == commands::ReplyMode::kOn && !asking && !no_touch && !router && tracking == nullptr;
  }
  // A command of this connection runs: its buffers must be left alone.
  bool processing() const { return processing_; }
  // Dispatches what has been read, as far as it may.
  void process();
  // Parses the head of what has been read for a process() later in this turn. False: there is nothing to parse, or
  // process() would not run it now.
  bool look_ahead(Ahead& ahead);

  // ---- replies ----
  // Where the reply of the command that runs now goes: behind everything that is outstanding, or nowhere while replies
  // are off (CLIENT REPLY).
  resp::Buffer& reply_target() {
    if (muted()) [[unlikely]]
      return muted_target();
    return pending_.empty() ? out_ : pending_.behind();
  }
  // Reserves the next place in the reply order for a reply that comes from elsewhere.
  uint64_t reserve_reply() { return pending_.reserve(muted()); }
  // Around a command that runs while replies are off: one that turns them on is answered, and one that (un)subscribes.
  void begin_muted() {
    sent_anyhow = false;
    if (unsent_) unsent_->clear();
  }
  void end_muted();
  // The reply for a reserved place.
  void fill_reply(uint64_t sequence, std::string_view bytes);
  bool has_outstanding() const { return !pending_.empty(); }
  // The place that reserve_reply() would reserve now.
  uint64_t next_sequence() const { return pending_.next(); }
  // Bytes outside of the reply order (MONITOR lines).
  void push_output(std::string_view bytes);
  // A message of pub/sub or of client-side caching: goes ahead of replies that are outstanding. Between commands only;
  // within the turn of a script that takes long it may wait for the end of its command.
  void push_message(std::string_view bytes);

  // ---- holding ----
  void hold(Hold reason) { hold_ = reason; }
  Hold held() const { return hold_; }
  // Ends a hold and goes on with what is in the query buffer.
  void release();

  // Writes what can be written, about `most` bytes; the rest when the socket is reported ready again. False when the
  // connection is to be closed.
  bool flush(size_t most = kMostWritten);
  bool wants_flush() const { return !out_.empty(); }
  void close_soon();
  bool closing() const { return closing_; }

  // The connection becomes a replica's: its stream leaves, with output that was not yet sent and input not yet read.
  Stream take_stream(std::string& unsent, std::string& unread);

  size_t output_bytes() const { return out_.size() + pending_.bytes(); }
  void update_usage();
  // What it takes of maxmemory-clients.
  size_t memory();
  void shrink_buffers();

  // Bookkeeping of the worker.
  bool in_flush_list = false;
  bool handed_over = false;  // commands to other workers since the last flush
  // By which routes the last of these were sent, or the last command of the router port that had to leave.
  uint64_t routes_version = 0;
  bool flush_put_off = false;
  OutputLimit<UnixMillis> output_limit;
  size_t counted_memory = 0;  // of memory(), in the worker's sum
  ReplicaHello replica_hello;
  // The worker where its last blocking command waits, or waited.
  static constexpr uint16_t kNowhere = 0xffff;
  uint16_t blocked_at = kNowhere;
  Worker& home() { return home_; }

 private:
  void read_input();
  // What was found already, then the rest of the buffer.
  void dispatch_all(Ahead& ahead);
  void update_interest();
  resp::Buffer& muted_target();
  bool over_query_limit() const;
  resp::ParserLimits limits() const;

  Worker& home_;
  Stream stream_;
  resp::Buffer query_;
  resp::Buffer out_;
  resp::CommandParser parser_;
  ReplyOrder pending_;
  std::unique_ptr<resp::Buffer> unsent_;  // replies of commands while replies are off, to be forgotten
  Hold hold_ = Hold::kNone;
  uint32_t interest_ = 0;
  bool closing_ = false;
  bool processing_ = false;
  Ahead* ahead_ = nullptr;  // what look_ahead() found, until the next look at the buffer
};

}  // namespace guccho::runtime
