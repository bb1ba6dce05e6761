// Between the admin service's messages and the operator's own types. Includes protobuf: for this folder's sources only.
#pragma once

#include "guccho/admin/v1/admin.pb.h"
#include "node/base/result.h"
#include "operator/backend/node_admin.h"

namespace guccho::ops {

// Fails on a node id that is none and on slot ranges out of bounds: a node that says so is not to be believed.
Result<NodeStatus> from_proto(const admin::v1::NodeStatus& message);

admin::v1::FailoverMode to_proto(FailoverMode mode);
admin::v1::ProofOfDeath to_proto(const ProofOfDeath& proof);
void to_proto(std::span<const SlotRange> slots, google::protobuf::RepeatedPtrField<admin::v1::SlotRange>* out);

}  // namespace guccho::ops
