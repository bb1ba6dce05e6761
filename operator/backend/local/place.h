// One place of a local cluster: what the operator has decided about it, and what its files say runs there. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/supervise/records.h"
#include "operator/model/instance.h"

namespace guccho::ops::local {

// The operator's own record of a place, kept so that a node keeps its addresses for as long as they can be had.
struct Place {
  std::string host;
  uint16_t port = 0;
  uint16_t bus_port = 0;
  uint16_t router_port = 0;
  // spec.local's first ports when these were chosen: a node moves only when the wish for them changes.
  uint16_t first_port = 0;
  uint16_t first_router_port = 0;
  // Its process is ended, and the place exists no more once it is gone; its storage stays until released.
  bool removed = false;
  friend bool operator==(const Place&, const Place&) = default;
};
std::string to_text(const Place& place);
Result<Place> parse_place(std::string_view text);

// All that the disk and /proc say about a place.
struct PlaceFacts {
  InstanceId id;
  Place place;
  std::optional<supervise::Desired> desired;
  std::optional<supervise::Record> record;  // nothing before the first supervisor wrote one
  // Of the record; gone too where it names none.
  supervise::Presence supervisor = supervise::Presence::kGone;
  supervise::Presence process = supervise::Presence::kGone;
  std::string last_words;  // the last line of the node's log, when it ended
};

// True when neither node nor supervisor runs for certain: its files may be changed and deleted.
bool is_down(const PlaceFacts& facts);

// Of the process that runs, or of the last one; empty before the first.
Incarnation incarnation_of(const PlaceFacts& facts);

// Gone only by positive knowledge: a supervisor's record, or /proc; Unknown while /proc cannot be read.
Life life_of(const PlaceFacts& facts);

}  // namespace guccho::ops::local
