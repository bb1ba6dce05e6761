// OpenSSL contexts.
#include "node/runtime/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sstream>
#include <string>

namespace guccho::runtime {
namespace {

std::string openssl_error() {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

// The password of a key file, as OpenSSL asks for it.
int key_password(char* buffer, int size, int, void* user_data) {
  const auto& password = *static_cast<const std::string*>(user_data);
  if (password.size() > static_cast<size_t>(size)) return -1;
  password.copy(buffer, password.size());
  return static_cast<int>(password.size());
}

Status set_protocols(SSL_CTX* context, const std::string& protocols) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (protocols.empty()) return {};
  std::istringstream words(protocols);
  bool v12 = false;
  bool v13 = false;
  for (std::string word; words >> word;) {
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (word == "tlsv1.2") {
      v12 = true;
    } else if (word == "tlsv1.3") {
      v13 = true;
    } else {
      return fail("tls-protocols: '" + word + "' is not supported, use TLSv1.2 and TLSv1.3");
    }
  }
  SSL_CTX_set_min_proto_version(context, v12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, v13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  return {};
}

struct CertificateFiles {
  const std::string& cert;
  const std::string& key;
  const std::string& password;
  const char* directive_prefix;
};

Status load_certificate(SSL_CTX* context, const CertificateFiles& files) {
  SSL_CTX_set_default_passwd_cb(context, key_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<std::string*>(&files.password));
  const std::string prefix = files.directive_prefix;
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1) {
    return fail(prefix + "cert-file: cannot load '" + files.cert + "': " + openssl_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(prefix + "key-file: cannot load '" + files.key + "': " + openssl_error());
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail(prefix + "key-file: '" + files.key + "' does not belong to the certificate '" + files.cert + "'");
  }
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);  // the password string does not outlive this call
  return {};
}

Status load_authorities(SSL_CTX* context, const config::Config& c) {
  if (c.tls_ca_cert_file.empty() && c.tls_ca_cert_dir.empty()) {
    if (c.tls_auth_clients == config::TlsAuthClients::kNo) return {};
    return fail("tls-ca-cert-file or tls-ca-cert-dir must be given unless tls-auth-clients is 'no'");
  }
  const char* file = c.tls_ca_cert_file.empty() ? nullptr : c.tls_ca_cert_file.c_str();
  const char* dir = c.tls_ca_cert_dir.empty() ? nullptr : c.tls_ca_cert_dir.c_str();
  if (SSL_CTX_load_verify_locations(context, file, dir) != 1) {
    return fail("tls-ca-cert-file: cannot load '" + c.tls_ca_cert_file + c.tls_ca_cert_dir + "': " + openssl_error());
  }
  return {};
}

Result<SslContext> make_context(const config::Config& c, bool server) {
  SslContext context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (!context) return fail("TLS: " + openssl_error());
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (Status s = set_protocols(context.get(), c.tls_protocols); !s) return fail(s.error().text);
  const bool own_client_cert = !server && !c.tls_client_cert_file.empty();
  const CertificateFiles files =
      own_client_cert
          ? CertificateFiles{c.tls_client_cert_file, c.tls_client_key_file, c.tls_client_key_file_pass, "tls-client-"}
          : CertificateFiles{c.tls_cert_file, c.tls_key_file, c.tls_key_file_pass, "tls-"};
  if (Status s = load_certificate(context.get(), files); !s) return fail(s.error().text);
  if (Status s = load_authorities(context.get(), c); !s) return fail(s.error().text);
  if (!c.tls_ciphers.empty() && SSL_CTX_set_cipher_list(context.get(), c.tls_ciphers.c_str()) != 1) {
    return fail("tls-ciphers: no usable cipher in '" + c.tls_ciphers + "'");
  }
  if (!c.tls_ciphersuites.empty() && SSL_CTX_set_ciphersuites(context.get(), c.tls_ciphersuites.c_str()) != 1) {
    return fail("tls-ciphersuites: no usable suite in '" + c.tls_ciphersuites + "'");
  }
  if (c.tls_prefer_server_ciphers) SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Peers of the cluster authenticate each other; plain clients as tls-auth-clients says (set per connection).
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (c.tls_session_caching && server) {
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context.get(), static_cast<long>(c.tls_session_cache_size));
    SSL_CTX_set_timeout(context.get(), static_cast<long>(c.tls_session_cache_timeout.count()));
    constexpr unsigned char kSessionId[] = "guccho";
    SSL_CTX_set_session_id_context(context.get(), kSessionId, sizeof kSessionId - 1);
  } else {
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  }
  return context;
}

}  // namespace

void SslContextDeleter::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

bool wants_tls(const config::Config& c) {
  return c.tls_port != 0 || c.tls_cluster || c.tls_replication || c.router_tls;
}

Result<std::shared_ptr<const TlsContexts>> load_tls(const config::Config& c) {
  if (c.tls_cert_file.empty()) return fail("tls-cert-file must be given when TLS is on");
  if (c.tls_key_file.empty()) return fail("tls-key-file must be given when TLS is on");
  auto contexts = std::make_shared<TlsContexts>();
  Result<SslContext> server = make_context(c, true);
  if (!server) return fail(server.error().text);
  Result<SslContext> client = make_context(c, false);
  if (!client) return fail(client.error().text);
  contexts->server = std::move(*server);
  contexts->client = std::move(*client);
  return contexts;
}

}  // namespace guccho::runtime
