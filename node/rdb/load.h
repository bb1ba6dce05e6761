// From a record of an RDB stream to a key of a Keyspace.
#pragma once

#include "node/base/result.h"
#include "node/rdb/reader.h"
#include "node/store/keyspace.h"

namespace guccho::rdb {

// Makes the key in the keyspace that owns its slot, or replaces it. Errors: a hash with a field twice, a set or a sorted
// set with a member twice. Takes the value out of the record.
Status load(store::Keyspace& keyspace, Record&& record);

}  // namespace guccho::rdb
