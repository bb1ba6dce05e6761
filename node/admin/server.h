// The admin service's listeners: a Unix socket that only the owner can reach, and TCP with mutual TLS. Never anything
// else: there is no setting that opens it without credentials.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "node/admin/host.h"
#include "node/base/result.h"

namespace guccho::admin {

struct Listen {
  // Empty: none. Its directory is made (mode 0700) when missing, and refused when others may enter it or it is not
  // ours; the socket gets mode 0600, and a lock file beside it keeps a second process away. At most 107 bytes, the
  // limit of Unix socket addresses: give it relative to the working directory where that is long.
  std::string socket_path;
  uint16_t port = 0;              // 0: none
  std::vector<std::string> bind;  // of the port, as the directive
  std::string cert_file;          // PEM; read again within 10 s after they change
  std::string key_file;
  std::string ca_file;    // who signs the callers' certificates
  std::string term_file;  // where the greatest fencing term is kept
};

class AdminServer {
 public:
  virtual ~AdminServer() = default;  // cancels calls under way, waits for their end

  // `host` outlives the server. Fails with one line that names what could not be had.
  static Result<std::unique_ptr<AdminServer>> start(AdminHost& host, const Listen& listen);
};

}  // namespace guccho::admin
