// Starting and stopping the admin service's listeners.
#include "node/admin/server.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "node/admin/service.h"
#include "node/base/log.h"

namespace guccho::admin {
namespace {

constexpr size_t kMaxSocketPath = 107;        // sun_path less its final zero
constexpr int kMaxThreads = 16;               // calls beyond that are refused, not queued
constexpr unsigned kCertificateRefresh = 10;  // seconds
constexpr int kMaxMessage = 1 << 20;          // requests are small

// gRPC would write to standard error; what it has to say (refused handshakes, mostly) belongs into the node's log.
void log_of_grpc(gpr_log_func_args* args) {
  log::verbose("admin: {}", args->message);
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

// The directory is what keeps others away: between its creation and our chmod a socket has the modes of the umask.
Status prepare_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return fail(fmt::format("admin-socket: cannot make {}: {}", path, std::strerror(errno)));
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return fail(fmt::format("admin-socket: {}: {}", path, std::strerror(errno)));
  if (!S_ISDIR(s.st_mode)) return fail(fmt::format("admin-socket: {} is not a directory", path));
  if (s.st_uid != ::geteuid()) return fail(fmt::format("admin-socket: {} belongs to another user", path));
  if ((s.st_mode & 077) != 0) {
    return fail(fmt::format("admin-socket: others may enter {}: give it mode 0700, or another directory", path));
  }
  return {};
}

Status check_readable(const char* directive, const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return {};
  return fail(fmt::format("{}: cannot read {}: {}", directive, path, std::strerror(errno)));
}

// Callers must show a certificate that the authority signed. The files are watched, so a renewal needs no restart.
std::shared_ptr<grpc::ServerCredentials> mutual_tls(const Listen& listen) {
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      listen.key_file, listen.cert_file, listen.ca_file, kCertificateRefresh);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::vector<std::string> tcp_addresses(const Listen& listen, bool with_optional) {
  std::vector<std::string> out;
  for (std::string address : listen.bind) {
    if (address.starts_with('-')) {
      if (!with_optional) continue;
      address.erase(0, 1);
    }
    if (address == "*") address = "0.0.0.0";
    if (address == "::*") address = "::";
    const bool v6 = address.find(':') != std::string::npos;
    out.push_back(fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", listen.port));
  }
  return out;
}

// Whoever listens on a socket holds the lock beside it. gRPC removes what is at the path before it binds, which would
// take the socket of a node that runs.
class SocketLock {
 public:
  SocketLock() = default;
  ~SocketLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;

  Status take(const std::string& socket_path) {
    const std::string path = socket_path + ".lock";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) return fail(fmt::format("admin-socket: {}: {}", path, std::strerror(errno)));
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    return fail(fmt::format("admin-socket: {} is in use by another node process: give this one another", socket_path));
  }

 private:
  int fd_ = -1;
};

class Server final : public AdminServer {
 public:
  Server(AdminHost& host, TermFile terms) : service_(host, std::move(terms)) {}
  ~Server() override {
    service_.stop();
    for (auto& server : servers_) server->Shutdown(std::chrono::system_clock::now());
    if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
  }

  Status listen_on_socket(const std::string& path) {
    if (path.size() > kMaxSocketPath) {
      return fail(fmt::format("admin-socket: {} is longer than {} bytes", path, kMaxSocketPath));
    }
    if (Status s = prepare_directory(directory_of(path)); !s) return s;
    if (Status s = socket_lock_.take(path); !s) return s;
    if (!build({"unix:" + path}, grpc::InsecureServerCredentials())) {
      return fail(fmt::format("admin-socket: cannot listen on {}", path));
    }
    socket_path_ = path;
    if (::chmod(path.c_str(), 0600) != 0) {
      return fail(fmt::format("admin-socket: {}: {}", path, std::strerror(errno)));
    }
    return {};
  }

  Status listen_on_port(const Listen& listen) {
    if (Status s = check_readable("admin-tls-cert-file", listen.cert_file); !s) return s;
    if (Status s = check_readable("admin-tls-key-file", listen.key_file); !s) return s;
    if (Status s = check_readable("admin-tls-ca-cert-file", listen.ca_file); !s) return s;
    const auto credentials = mutual_tls(listen);
    for (const bool with_optional : {true, false}) {
      const std::vector<std::string> addresses = tcp_addresses(listen, with_optional);
      if (!addresses.empty() && build(addresses, credentials)) return {};
    }
    return fail(fmt::format("admin-port {}: cannot listen (is the port in use?)", listen.port));
  }

 private:
  bool build(const std::vector<std::string>& addresses, const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    for (const std::string& address : addresses) builder.AddListeningPort(address, credentials);
    // Two processes on one port would share the callers between them.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMaxMessage);
    builder.SetResourceQuota(grpc::ResourceQuota("admin").SetMaxThreads(kMaxThreads));
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
    builder.RegisterService(&service_);
    auto server = builder.BuildAndStart();
    if (server == nullptr) return false;
    servers_.push_back(std::move(server));
    return true;
  }

  AdminService service_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;  // end before the service
  std::string socket_path_;
  SocketLock socket_lock_;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::start(AdminHost& host, const Listen& listen) {
  gpr_set_log_function(log_of_grpc);
  Result<TermFile> terms = TermFile::open(listen.term_file);
  if (!terms) return fail(terms.error().text);
  auto server = std::make_unique<Server>(host, std::move(*terms));
  if (!listen.socket_path.empty()) {
    if (const Status s = server->listen_on_socket(listen.socket_path); !s) return fail(s.error().text);
  }
  if (listen.port != 0) {
    if (const Status s = server->listen_on_port(listen); !s) return fail(s.error().text);
  }
  return server;
}

}  // namespace guccho::admin
