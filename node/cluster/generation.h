// Data generations: which data a start of a node holds, so that a primary that was restarted without
// its data neither serves emptiness nor feeds it to the replicas that still have the data.
//
// Each start of a primary that does not hold everything it held before begins a new generation whose `base` is itself;
// a start that lost nothing begins one that keeps the old base. Data of generation g is contained in an offer
// {generation, base} of the same node exactly if base <= g <= generation.
#pragma once

#include "node/base/types.h"
#include "node/bus/message.h"

namespace guccho::cluster {

using bus::GenerationInfo;

// Whose data a node holds, and which generation of it. A primary holds its own.
struct HeldData {
  NodeId source;  // null: nothing is held
  DataGeneration generation;
  friend bool operator==(const HeldData&, const HeldData&) = default;
};

enum class SyncDecision {
  kAccept,
  kRefuseEmptier,  // the same node offers a generation that does not contain what we hold
  kRefuseAwaiting  // the primary itself says that it must not feed anybody
};

// May a replica that holds `mine` replace it by a full sync from `primary`, which announced `theirs`? A primary whose
// generation is not known (a Redis node: all zero) is accepted, as Redis does. Another node's data is accepted: which
// node is the primary was decided by epochs.
SyncDecision decide_full_sync(const HeldData& mine, const NodeId& primary, const GenerationInfo& theirs);

}  // namespace guccho::cluster
