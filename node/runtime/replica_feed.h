// One attached replica, as its primary sees it: a socket that is sent the data set and then the log, and that sends
// acknowledgements back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/resp/buffer.h"
#include "node/resp/parser.h"
#include "node/runtime/poller.h"
#include "node/runtime/replica_hello.h"
#include "node/runtime/stream.h"

namespace guccho::runtime {

class Replication;

class ReplicaFeed final : public EventHandler {
 public:
  enum class State : uint8_t {
    kAsked,     // its request was not looked at yet
    kWaiting,   // for the cut of a full sync
    kTransfer,  // the data set is being sent
    kSent,      // all of it was sent; the log follows when the replica says that it has it, since a transfer of unknown
                // length is recognised by the mark being the last thing in it
    kOnline     // the log is being sent
  };

  ReplicaFeed(Replication& replication, Stream stream, std::string unread, ReplicaHello hello, SyncRequest request);
  ~ReplicaFeed() override;

  void on_events(uint32_t events) override;

  // Queues bytes that are not of the log (the answer to PSYNC, the transfer).
  void send(std::string_view bytes);
  size_t queued() const { return out_.size(); }
  // The whole data set was queued, as of this position of the log.
  void transfer_sent(int64_t position);
  // From here on the log is sent, behind what is queued.
  void go_online(int64_t position);
  // Writes what can be written.
  void feed(int64_t committed);
  void fail(const std::string& why);

  State state = State::kAsked;
  const ReplicaHello hello;
  const SyncRequest request;
  std::string ip;
  int64_t position = 0;      // next byte of the log to be sent
  int64_t acknowledged = 0;  // the log's position that the replica has applied
  Instant last_acknowledged{};
  bool dead = false;

 private:
  void read();
  void take_requests();
  void update_interest(bool more);

  Replication& replication_;
  Stream stream_;
  resp::Buffer in_;
  resp::Buffer out_;
  resp::CommandParser parser_;
  bool watching_writes_ = false;
};

}  // namespace guccho::runtime
