// What is on disk of a member, as values. Internal to node/cluster; nodes_conf.cc and own_file.cc read and write it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/types.h"
#include "node/bus/message.h"
#include "node/cluster/generation.h"
#include "node/cluster/member.h"
#include "node/slots/slots.h"

namespace guccho::cluster {

// One line of nodes.conf.
struct PersistedNode {
  NodeId id;
  std::string ip;
  uint16_t port = 0;
  uint16_t bus_port = 0;
  std::string hostname;
  NodeId shard_id;  // a 7.2 file has it
  uint16_t flags = 0;
  NodeId primary;  // null: none
  ConfigEpoch config_epoch;
  SlotSet slots;
  struct Moving {
    Slot slot;
    NodeId peer;
  };
  std::vector<Moving> migrating;  // only of our own line
  std::vector<Moving> importing;
};

struct NodesConf {
  std::vector<PersistedNode> nodes;  // exactly one has kFlagMyself
  CurrentEpoch current_epoch;
  CurrentEpoch last_vote_epoch;
  const PersistedNode& self() const;
};

// Redis 7's format: one line a node, then "vars currentEpoch N lastVoteEpoch M". Also reads 7.2's additions. Errors
// name the line and the field.
Result<NodesConf> parse_nodes_conf(std::string_view text);
std::string print_nodes_conf(const NodesConf& conf);

// The parts of such a file, appended to `out`. A line is printed without its moving slots and its end.
struct NodesConfLine {
  NodeId id;
  std::string_view ip;
  uint16_t port = 0;
  uint16_t bus_port = 0;
  std::string_view hostname;
  uint16_t flags = 0;
  NodeId primary;  // null: none
  ConfigEpoch config_epoch;
  std::string_view slots;  // as print_ranges() prints them
};
void print_nodes_conf_line(std::string& out, const NodesConfLine& line);
void print_moving(std::string& out, Slot slot, std::string_view arrow, const NodeId& peer);
void print_nodes_conf_vars(std::string& out, CurrentEpoch current, CurrentEpoch last_vote);

// The state of the agreement on one version of the voter list (electorate.cc).
struct ElectorateState {
  bus::VoterList list;          // the newest decided one we know
  uint64_t promised_round = 0;  // of the version after `list`
  NodeId promised_node;
  uint64_t accepted_round = 0;
  NodeId accepted_node;
  bus::VoterList accepted;  // version 0: none
};

// Our own file: what Redis' format has no place for.
struct OwnState {
  DataGeneration generation;  // of the data we hold as a primary; 0: none ever
  DataGeneration base;
  bool loss_accepted = false;
  HeldData held;
  NodeId shard_id;
  ElectorateState electorate;
};

// Lines "name value ..."; an empty text is an empty state. Errors name the line.
Result<OwnState> parse_own_file(std::string_view text);
std::string print_own_file(const OwnState& own);

struct PersistedData {
  NodesConf conf;
  OwnState own;
  bool fresh = false;  // nothing was on disk
};

}  // namespace guccho::cluster
