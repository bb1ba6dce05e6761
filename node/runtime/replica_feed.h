// One attached replica, as its primary sees it: a socket that is sent the data set and then the log, and that sends
// acknowledgements back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/commands/session.h"
#include "node/resp/buffer.h"
#include "node/resp/parser.h"
#include "node/runtime/output_limit.h"
#include "node/runtime/poller.h"
#include "node/runtime/replica_hello.h"
#include "node/runtime/stream.h"

namespace guccho::runtime {

class Replication;
class Spool;

class ReplicaFeed final : public EventHandler {
 public:
  enum class State : uint8_t {
    kAsked,     // its request was not looked at yet
    kWaiting,   // for the cut of a full sync
    kTransfer,  // the data set is being made, and sent meanwhile to those that take one of unknown length
    kFile,      // the spooled data set is being sent; the log follows at once
    kSent,      // all of it was sent; the log follows when the replica says that it has it, since a transfer of unknown
                // length is recognised by the mark being the last thing in it
    kOnline     // the log is being sent
  };

  // `session` is what the connection was before it became a replica's, for CLIENT LIST.
  ReplicaFeed(Replication& replication, Stream stream, std::string unread, ReplicaHello hello, SyncRequest request,
              commands::Session session);
  ~ReplicaFeed() override;

  void on_events(uint32_t events) override;

  // Queues bytes that are not of the log (the answer to PSYNC, the transfer).
  void send(std::string_view bytes);
  size_t queued() const { return out_.size(); }
  // The whole data set is queued.
  void transfer_sent();
  // Sends the spooled data set, then the log from `position` on.
  void send_file(std::shared_ptr<const Spool> file);
  // From here on the log is sent, behind what is queued: the replica has all that is before.
  void go_online(int64_t position);
  // Takes neither of the two forms of a transfer but this one: "$<length>" in front.
  bool needs_length() const { return !hello.can_eof; }
  // What is in the log from `position` on is still to be sent.
  bool needs_log() const { return state != State::kAsked && state != State::kWaiting; }
  // Whether it has said that it applied all that is before; one that never says so (SYNC): whether it was sent.
  bool has_all_before(int64_t end) const;
  // Sends what can be sent at once, and nothing more from then on.
  void say_goodbye(int64_t committed);
  // What CLIENT LIST shows; `committed` is the end of the log.
  commands::Session describe(int64_t committed) const;
  // Writes what can be written.
  void feed(int64_t committed);
  // As feed(), if only a little of the log is left to be sent, and only as much as the socket takes at once. False:
  // more is left, or there is something else to do.
  bool feed_little(int64_t committed);
  void fail(const std::string& why);

  State state = State::kAsked;
  const ReplicaHello hello;
  const SyncRequest request;
  std::string ip;
  int64_t position = 0;      // next byte of the log to be sent
  int64_t acknowledged = 0;  // the log's position that the replica has applied
  int64_t in_file = 0;       // ... that is in its append-only file; 0 when it has none
  Instant last_acknowledged{};
  Instant last_written{};  // when the socket last took bytes
  OutputLimit<Instant> output_limit;
  bool dead = false;
  const uint64_t client_id;

 private:
  void read();
  void take_requests();
  bool write_queued();
  bool write_file();
  bool write_log(int64_t committed);
  void update_interest(bool more);

  Replication& replication_;
  Stream stream_;
  resp::Buffer in_;
  resp::Buffer out_;
  resp::CommandParser parser_;
  bool watching_writes_ = false;
  std::shared_ptr<const Spool> file_;
  uint64_t file_read_ = 0;  // bytes of it that were queued
  commands::Session session_;
};

}  // namespace guccho::runtime
