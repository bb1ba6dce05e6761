// One request to another node as a client, blocking with a timeout: for the rare moments when a node must ask a peer
// something that every Redis understands.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/time.h"
#include "node/runtime/tls.h"

namespace guccho::runtime {

struct Peer {
  std::string ip;
  uint16_t port = 0;
  std::string user;                        // empty: the default user
  std::string password;                    // empty: none
  std::shared_ptr<const TlsContexts> tls;  // null: plain
  Millis timeout{1000};                    // for the whole exchange
};

// The first line of the reply, with its type character and without the line's end.
Result<std::string> ask_peer(const Peer& peer, const std::vector<std::string_view>& request);

}  // namespace guccho::runtime
