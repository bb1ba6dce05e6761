// What another node's error reply means for a command that the router port forwarded, and which commands the router
// port refuses. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/cluster/view.h"
#include "node/commands/command.h"

namespace guccho::runtime {

enum class Refusal : uint8_t {
  kNone,    // it was executed, or failed in a way that is the client's to know
  kMoved,   // not executed: another node serves the slot
  kAsk,     // not executed: another node has the keys, and serves this command after ASKING
  kNotNow,  // not executed: may succeed later (CLUSTERDOWN, LOADING, MASTERDOWN, READONLY, TRYAGAIN)
};

struct RefusalReply {
  Refusal kind = Refusal::kNone;
  std::string_view host;  // of MOVED and ASK; empty: the host that was asked
  uint16_t port = 0;
};

// Reads a whole reply, line end included. A MOVED or ASK that cannot be understood counts as kNotNow.
RefusalReply read_refusal(std::string_view reply);

// Why a transaction was not executed, as a whole error reply: the first error that came before EXEC's reply
// (`queueing_error`, whole; empty: none), or what an EXECABORT names. Empty: the reply is no EXECABORT, or tells
// nothing.
std::string abort_reason(std::string_view exec_reply, std::string_view queueing_error);

// The node that a MOVED or ASK of `asked` names, by any of its addresses; null when the view has none such.
const cluster::NodeView* named_node(const cluster::View& view, const RefusalReply& refusal,
                                    const cluster::NodeView* asked);

// The client id in a reply to HELLO; 0 when there is none.
uint64_t client_id_in(std::string_view hello_reply);

// Commands about the data of the whole node, of which a client that takes the cluster for one server must not get one
// node's part: the error, or nothing for all other commands.
std::string_view router_refusal(const commands::CommandSpec& spec);

}  // namespace guccho::runtime
