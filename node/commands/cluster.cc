// CLUSTER: membership, roles and epochs, which are the member core's to decide. Slots are in cluster_slots.cc, the
// views of the cluster in cluster_views.cc.
#include "node/commands/cluster_request.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

namespace request = cluster::request;

bool is_port(int64_t number) {
  return number > 0 && number <= 65535;
}

}  // namespace

void ask_core(Context& c, cluster::Request request) {
  if (c.caller.in_exec) {
    return c.reply.error("ERR CLUSTER " + std::string(c.spec.name) + " is not allowed in a transaction");
  }
  c.host.cluster_request(std::move(request), c.defer());
}

void unknown_node(Context& c, std::string_view id) {
  c.reply.error("ERR Unknown node " + std::string(id));
}

std::optional<NodeId> read_node_id(Context& c, std::string_view text) {
  const auto id = NodeId::parse(text);
  if (!id) unknown_node(c, text);
  return id;
}

namespace handlers {

void cluster_meet(Context& c) {
  if (c.argc() > 5) return subcommand_syntax_error(c);
  const auto port = parse_integer(c.arg(3));
  if (!port) return c.reply.error("ERR Invalid TCP base port specified: " + std::string(c.arg(3)));
  int64_t bus_port = *port + 10000;
  if (c.argc() == 5) {
    const auto given = parse_integer(c.arg(4));
    if (!given) return c.reply.error("ERR Invalid TCP bus port specified: " + std::string(c.arg(4)));
    bus_port = *given;
  }
  if (!is_port(*port) || !is_port(bus_port)) {
    return c.reply.error("ERR Invalid node address specified: " + std::string(c.arg(2)) + ":" + std::string(c.arg(3)));
  }
  ask_core(c, request::Meet{std::string(c.arg(2)), static_cast<uint16_t>(*port), static_cast<uint16_t>(bus_port)});
}

void cluster_forget(Context& c) {
  if (const auto id = read_node_id(c, c.arg(2))) ask_core(c, request::Forget{*id});
}

void cluster_replicate(Context& c) {
  if (const auto id = read_node_id(c, c.arg(2))) ask_core(c, request::Replicate{*id});
}

void cluster_count_failure_reports(Context& c) {
  if (const auto id = read_node_id(c, c.arg(2))) ask_core(c, request::CountFailureReports{*id});
}

void cluster_failover(Context& c) {
  using Mode = request::Failover::Mode;
  if (c.argc() > 3) return subcommand_syntax_error(c);
  Mode mode = Mode::kDefault;
  if (c.argc() == 3) {
    if (equals_ignore_case("force", c.arg(2))) {
      mode = Mode::kForce;
    } else if (equals_ignore_case("takeover", c.arg(2))) {
      mode = Mode::kTakeover;
    } else {
      return c.syntax_error();
    }
  }
  ask_core(c, request::Failover{mode});
}

void cluster_reset(Context& c) {
  if (c.argc() > 3) return subcommand_syntax_error(c);
  const bool hard = c.argc() == 3 && equals_ignore_case("hard", c.arg(2));
  if (c.argc() == 3 && !hard && !equals_ignore_case("soft", c.arg(2))) return c.syntax_error();
  ask_core(c, request::Reset{hard});
}

void cluster_set_config_epoch(Context& c) {
  const auto epoch = parse_integer(c.arg(2));
  if (!epoch) return c.not_an_integer();
  if (*epoch < 0) return c.reply.error("ERR Invalid config epoch specified: " + std::string(c.arg(2)));
  ask_core(c, request::SetConfigEpoch{ConfigEpoch(static_cast<uint64_t>(*epoch))});
}

void cluster_bumpepoch(Context& c) {
  ask_core(c, request::BumpEpoch{});
}
void cluster_saveconfig(Context& c) {
  ask_core(c, request::SaveConfig{});
}

void readonly(Context& c) {
  c.session->readonly = true;
  c.reply.ok();
}

void readwrite(Context& c) {
  c.session->readonly = false;
  c.reply.ok();
}

void asking(Context& c) {
  c.session->asking = true;
  c.reply.ok();
}

void cluster_help(Context& c) {
  reply_help(c, {"ADDSLOTS <slot> [<slot> ...]",
                 "    Assign slots to current node.",
                 "ADDSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
                 "    Assign slots which are between <start-slot> and <end-slot> to current node.",
                 "BUMPEPOCH",
                 "    Advance the cluster config epoch.",
                 "COUNT-FAILURE-REPORTS <node-id>",
                 "    Return number of failure reports for <node-id>.",
                 "COUNTKEYSINSLOT <slot>",
                 "    Return the number of keys in <slot>.",
                 "DELSLOTS <slot> [<slot> ...]",
                 "    Delete slots information from current node.",
                 "DELSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
                 "    Delete slots information which are between <start-slot> and <end-slot> from current node.",
                 "FAILOVER [FORCE|TAKEOVER]",
                 "    Promote current replica node to being a master.",
                 "FORGET <node-id>",
                 "    Remove a node from the cluster.",
                 "GETKEYSINSLOT <slot> <count>",
                 "    Return key names stored by current node in a slot.",
                 "FLUSHSLOTS",
                 "    Delete current node own slots information.",
                 "INFO",
                 "    Return information about the cluster.",
                 "KEYSLOT <key>",
                 "    Return the hash slot for <key>.",
                 "MEET <ip> <port> [<bus-port>]",
                 "    Connect nodes into a working cluster.",
                 "MYID",
                 "    Return the node id.",
                 "MYSHARDID",
                 "    Return the node's shard id.",
                 "NODES",
                 "    Return cluster configuration seen by node. Output format:",
                 "    <id> <ip:port> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...",
                 "REPLICATE <node-id>",
                 "    Configure current node as replica to <node-id>.",
                 "RESET [HARD|SOFT]",
                 "    Reset current node (default: soft).",
                 "SET-CONFIG-EPOCH <epoch>",
                 "    Set config epoch of current node.",
                 "SETSLOT <slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)",
                 "    Set slot state.",
                 "REPLICAS <node-id>",
                 "    Return <node-id> replicas.",
                 "SAVECONFIG",
                 "    Force saving cluster configuration on disk.",
                 "SLOTS",
                 "    Return information about slots range mappings. Each range is made of:",
                 "    start, end, master and replicas IP addresses, ports and ids",
                 "SHARDS",
                 "    Return information about slot range mappings and the nodes associated with them.",
                 "LINKS",
                 "    Return information about all network links between this node and its peers.",
                 "    Output format is an array where each array element is a map containing attributes of a link"});
}

}  // namespace handlers
}  // namespace guccho::commands
