// TLS contexts from the tls-* directives, for servers and for outgoing connections, replaced as a whole on reload.
#pragma once

#include <memory>

#include "node/base/result.h"
#include "node/config/config.h"

using SSL_CTX = struct ssl_ctx_st;

namespace guccho::runtime {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const;
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// Connections keep the context that they were made with, so a reload does not disturb them.
struct TlsContexts {
  SslContext server;
  SslContext client;
};

// Whether any directive asks for TLS.
bool wants_tls(const config::Config& config);

// Loads certificates and keys. The error names the directive and the file.
Result<std::shared_ptr<const TlsContexts>> load_tls(const config::Config& config);

}  // namespace guccho::runtime
