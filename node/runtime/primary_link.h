// The link of a replica to its primary: handshake, PSYNC, receiving the data set (transfer.h) and the stream, whose
// commands the workers apply (stream_applier.h).
//
// Received bytes are appended to our own log unchanged, so that offsets agree and our own replicas continue seamlessly;
// whatever ends the link, all that was received of the stream is applied. A primary that sends faster than the workers
// apply is not read for a while.
//
// A transfer is spooled to a file and checked whole before our own data is given up for it: a primary that dies in the
// middle leaves us what we had.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/commands/host.h"
#include "node/resp/buffer.h"
#include "node/resp/parser.h"
#include "node/runtime/poller.h"
#include "node/runtime/stream.h"
#include "node/runtime/stream_applier.h"
#include "node/runtime/transfer.h"

namespace guccho::runtime {

class Replication;

class PrimaryLink final : public EventHandler {
 public:
  enum class State : uint8_t { kIdle, kConnecting, kHandshake, kTransfer, kOnline };

  PrimaryLink(Replication& replication, NodeId primary);
  ~PrimaryLink() override;

  void on_events(uint32_t events) override;
  // Every turn of the thread: reconnects, acknowledges, notices silence, hands batches to workers that had no room.
  void turn(Instant now);
  // The newest addresses of the primary, from the view.
  void refresh_address();
  // Makes the link anew, since the handshake tells the primary our port.
  void introduce_again();
  // Applies all that was cut into commands; blocks until the workers are done, so that data and log agree.
  void settle() { applier_.settle(); }
  // As settle(), with all that was received of the primary's stream; then ends the link.
  void finish();

  const NodeId& primary() const { return primary_; }
  State state() const { return state_; }
  const std::string& ip() const { return ip_; }
  uint16_t port() const { return port_; }
  Instant last_io() const { return last_io_; }
  std::optional<Instant> down_since() const { return down_since_; }
  // Received and cut into commands; what the workers have applied of it.
  int64_t read_offset() const { return applier_.read_offset(); }
  int64_t applied_offset() const { return applier_.applied_offset(); }
  uint64_t transfer_read() const { return transfer_read_; }
  std::string_view role_state() const;
  // The link as CLIENT LIST shows it while it is online.
  commands::Session describe() const;
  // CLIENT KILL: when the link is this client, ends it; it is made again soon.
  void end_session(uint64_t client_id);
  // What is waiting for room in workers' queues.
  bool has_undelivered() const { return applier_.has_undelivered(); }

 private:
  void connect();
  void disconnect(const std::string& why);
  void send_handshake();
  void send_psync();
  bool read_some();
  void read();
  void drain();
  void consume();
  bool take_handshake_line();
  void take_psync_reply(std::string_view line);
  void take_transfer();
  void finish_transfer();
  void begin_client();
  void take_stream();
  void acknowledge(Instant now);
  void send(std::string_view bytes);
  void flush();
  bool write_out();
  void watch();
  void say_alive();

  Replication& replication_;
  const NodeId primary_;
  State state_ = State::kIdle;
  std::string ip_;
  uint16_t port_ = 0;
  bool tls_ = false;
  Stream stream_;
  resp::Buffer in_;
  resp::Buffer out_;
  resp::CommandParser parser_;
  size_t replies_expected_ = 0;  // of the handshake, before PSYNC's
  bool auth_sent_ = false;
  bool asked_to_continue_ = false;
  uint32_t watched_ = 0;  // events of the socket
  bool reading_ = true;   // false: too much is not applied yet, what comes waits in the kernel
  Instant last_sign_{};   // of life, while nothing else was said

  // Transfer.
  std::string new_replid_;
  int64_t new_offset_ = 0;
  std::unique_ptr<Transfer> transfer_;
  uint64_t transfer_read_ = 0;  // of the last one, or of that which runs

  // Stream. Bytes are taken out of in_ only at the end of a command outside MULTI, so that a transaction whose end has
  // not come is neither applied, nor acknowledged, nor in our own log.
  size_t scanned_ = 0;  // bytes of in_ that were cut into commands
  StreamApplier applier_;
  int64_t acknowledged_ = -1;
  Instant last_ack_{};

  // For CLIENT LIST; as in Redis a partial resynchronisation goes on as the same client.
  uint64_t client_id_ = 0;
  UnixMillis client_since_{};

  Instant last_io_{};
  Instant next_attempt_{};
  std::optional<Instant> down_since_;
};

}  // namespace guccho::runtime
