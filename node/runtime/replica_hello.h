// What a replica says of itself before it asks for the stream.
#pragma once

#include <cstdint>
#include <string>

namespace guccho::runtime {

// From REPLCONF listening-port, ip-address, capa, rdb-only.
struct ReplicaHello {
  uint16_t listening_port = 0;
  std::string ip;           // empty: the socket's
  bool can_eof = false;     // understands a transfer of unknown length
  bool can_psync2 = false;  // understands +CONTINUE with a new replication id
  bool rdb_only = false;    // wants the data set and not what follows (redis-cli --rdb)
};

// PSYNC's arguments; SYNC is a request for everything.
struct SyncRequest {
  std::string replication_id = "?";
  int64_t offset = -1;  // the first byte wanted, counted from 1 as in Redis
  bool old_sync = false;
};

}  // namespace guccho::runtime
