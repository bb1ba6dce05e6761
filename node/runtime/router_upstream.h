// One internal connection of a worker's router to another node: requests leave pipelined, replies are matched to them
// in order. It lives as long as the node is known; the socket behind it comes and goes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/base/types.h"
#include "node/cluster/view.h"
#include "node/commands/command.h"
#include "node/resp/buffer.h"
#include "node/resp/reply_framer.h"
#include "node/resp/writer.h"
#include "node/runtime/handoff.h"
#include "node/runtime/poller.h"
#include "node/runtime/stream.h"
#include "node/slots/slots.h"

namespace guccho::runtime {

class Upstream;
class Worker;

// A client's command, or whole transaction, in the router's custody until its reply is known.
struct Forward {
  uint64_t client = 0;
  uint64_t sequence = 0;  // place in the client's reply order
  uint64_t order = 0;     // grows with each command of this worker's router
  Slot slot;
  const commands::CommandSpec* spec = nullptr;
  resp::Version resp = resp::Version::kResp2;
  bool writes = false;
  bool script = false;            // may write, and goes as a transaction of its own
  std::unique_ptr<ExecJob> exec;  // of a transaction
  std::string request;            // the bytes to send; a transaction's from MULTI to EXEC
  Instant deadline{};             // of waiting

  // Where the last node that was asked sent us.
  NodeId hint;       // null: nowhere
  bool ask = false;  // after ASKING
  uint8_t hops = 0;
  bool probe = false;   // its success ends the waiting of the slot's other commands
  bool rests = false;   // refused: not again before the next tick
  bool waited = false;  // counted as such
  std::string refusal;  // text of the last refusal

  // While it is under way: replies that come before the one that counts (of ASKING, MULTI and what EXEC runs).
  size_t replies_before = 0;
  std::string queueing_error;  // the first error among those, whole
};

// Who gave the commands.
class UpstreamUser {
 public:
  virtual ~UpstreamUser() = default;
  // flush() is to be called before the turn ends.
  virtual void flush_later(Upstream& upstream) = 0;
  virtual void replied(Forward forward, std::string_view reply, const NodeId& from) = 0;
  // The connection broke before the reply. `sent`: it may have been executed.
  virtual void lost(Forward forward, bool sent) = 0;
};

class Upstream final : public EventHandler {
 public:
  // `number` names the node in the router's books.
  Upstream(Worker& worker, UpstreamUser& user, NodeId node, uint32_t number, resp::Version version);
  ~Upstream() override;

  const NodeId& node() const { return node_; }
  uint32_t number() const { return number_; }
  bool idle() const { return under_way_.empty(); }
  resp::Version version() const { return version_; }
  // What the other node calls this connection (CLIENT ID); 0 before it has answered the greeting.
  uint64_t remote_client() const { return remote_client_; }
  // Connects if necessary; false: not now, the last attempt failed a moment ago.
  bool ready(Instant now, const cluster::NodeView& node);
  // ready() was true. The bytes leave with flush().
  void send(Forward forward);
  void flush();
  // Gives up on a node that the cluster agreed to have failed (null: that is no longer known), that does not let us
  // connect, or that is suspected and silent.
  void check(Instant now, const cluster::NodeView* node);

  void on_events(uint32_t events) override;

 private:
  enum class State : uint8_t { kClosed, kConnecting, kOpen };
  struct UnderWay {
    Forward forward;
    uint64_t end;  // position in the stream of sent bytes after its last byte
  };
  void read();
  void drain();
  bool write_from(resp::Buffer& bytes, uint64_t& written);
  void take_replies();
  void take_reply(std::string_view reply);
  void greet();
  void lose(Millis pause);
  void watch(bool writes);

  Worker& worker_;
  UpstreamUser& user_;
  const NodeId node_;
  const uint32_t number_;
  const resp::Version version_;
  State state_ = State::kClosed;
  Stream stream_;
  bool watching_writes_ = false;
  bool in_dirty_list_ = false;
  Instant not_before_{};           // of the next attempt to connect
  Instant connect_deadline_{};     // of the one under way, greeting included
  resp::Buffer greeting_;          // AUTH and HELLO; nothing else is sent before they were answered
  uint32_t greeting_replies_ = 0;  // still to come
  uint64_t remote_client_ = 0;
  resp::Buffer out_;
  resp::Buffer in_;
  resp::ReplyFramer framer_;
  uint64_t queued_ = 0;  // bytes ever put into out_ on this connection
  uint64_t sent_ = 0;    // of these, given to the socket
  std::deque<UnderWay> under_way_;
};

}  // namespace guccho::runtime
