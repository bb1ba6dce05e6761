// The listeners: file modes of the socket, mutual TLS on the port, everything without credentials refused.
#include "node/admin/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "guccho/admin/v1/admin.grpc.pb.h"
#include "tests/unit/admin/fake_host.h"

namespace guccho::admin {
namespace {

using testing::HasSubstr;

unsigned mode_of(const std::string& path) {
  struct stat s {};
  EXPECT_EQ(::stat(path.c_str(), &s), 0) << path;
  return s.st_mode & 0777;
}

std::string contents(const std::string& path) {
  std::stringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
  socklen_t size = sizeof a;
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size), 0);
  close(fd);
  return ntohs(a.sin_port);
}

grpc::Status ask(const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  const auto stub = v1::NodeAdmin::NewStub(grpc::CreateChannel(target, credentials));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  v1::NodeStatus response;
  return stub->Status(&context, {}, &response);
}

Listen on_socket(const TemporaryDirectory& directory) {
  Listen listen;
  listen.socket_path = directory / "admin/admin.sock";
  listen.term_file = directory / "term";
  return listen;
}

TEST(AdminSocket, OnlyTheOwnerReachesIt) {
  const TemporaryDirectory directory;
  FakeHost host;
  const Listen listen = on_socket(directory);
  {
    const auto server = AdminServer::start(host, listen);
    ASSERT_TRUE(server) << server.error().text;
    EXPECT_EQ(mode_of(directory / "admin"), 0700u);
    EXPECT_EQ(mode_of(listen.socket_path), 0600u);
    EXPECT_TRUE(ask("unix:" + listen.socket_path, grpc::InsecureChannelCredentials()).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(listen.socket_path));
  // A socket that a killed process left behind is no obstacle.
  const int left_behind = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  listen.socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(left_behind, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(left_behind);
  ASSERT_TRUE(std::filesystem::exists(listen.socket_path));
  EXPECT_TRUE(AdminServer::start(host, listen));
}

TEST(AdminSocket, IsNotTakenFromANodeThatListensOnIt) {
  const TemporaryDirectory directory;
  FakeHost host;
  const Listen listen = on_socket(directory);
  auto first = AdminServer::start(host, listen);
  ASSERT_TRUE(first) << first.error().text;
  {
    FakeHost other;
    const auto second = AdminServer::start(other, listen);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text, HasSubstr(listen.socket_path + " is in use by another node process"));
  }
  EXPECT_TRUE(ask("unix:" + listen.socket_path, grpc::InsecureChannelCredentials()).ok());
  first->reset();
  EXPECT_TRUE(AdminServer::start(host, listen));
}

TEST(AdminSocket, PlacesThatCannotBe) {
  const TemporaryDirectory directory;
  FakeHost host;
  Listen listen = on_socket(directory);
  std::filesystem::create_directory(directory / "admin");
  ::chmod((directory / "admin").c_str(), 0755);
  auto open_to_others = AdminServer::start(host, listen);
  ASSERT_FALSE(open_to_others);
  EXPECT_THAT(open_to_others.error().text, HasSubstr("others may enter " + directory / "admin"));
  listen.socket_path = directory / std::string(120, 'x');
  auto too_long = AdminServer::start(host, listen);
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().text, HasSubstr("is longer than 107 bytes"));
  std::ofstream(directory / "term") << "?";
  auto corrupt = AdminServer::start(host, on_socket(directory));
  ASSERT_FALSE(corrupt);
  EXPECT_THAT(corrupt.error().text, HasSubstr("holds no fencing term"));
}

// An authority, a certificate of the node and one of a caller that it signed, and a stranger's that another one signed.
class Certificates {
 public:
  explicit Certificates(const TemporaryDirectory& directory) : directory_(directory) {
    make_ca("ca");
    make_ca("strange-ca");
    sign("node", "ca");
    sign("caller", "ca");
    sign("stranger", "strange-ca");
  }
  std::string cert(const std::string& name) const { return directory_ / (name + ".crt"); }
  std::string key(const std::string& name) const { return directory_ / (name + ".key"); }
  std::shared_ptr<grpc::ChannelCredentials> credentials(const std::string& who) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = contents(cert("ca"));
    if (!who.empty()) {
      options.pem_cert_chain = contents(cert(who));
      options.pem_private_key = contents(key(who));
    }
    return grpc::SslCredentials(options);
  }

 private:
  void run(const std::string& command) {
    ASSERT_EQ(std::system(("cd " + directory_.path() + " && " + command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  void make_ca(const std::string& name) {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name +
        " -keyout " + name + ".key -out " + name + ".crt");
  }
  void sign(const std::string& name, const std::string& ca) {
    std::ofstream(directory_ / "san") << "subjectAltName=IP:127.0.0.1\n";
    run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name + " -keyout " +
        name + ".key -out " + name + ".csr && openssl x509 -req -in " + name + ".csr -CA " + ca + ".crt -CAkey " + ca +
        ".key -CAcreateserial -days 2 -extfile san -out " + name + ".crt");
  }
  const TemporaryDirectory& directory_;
};

TEST(AdminPort, MutualTlsOnly) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "openssl is not installed";
  const TemporaryDirectory directory;
  const Certificates certificates(directory);
  FakeHost host;
  Listen listen;
  listen.port = free_port();
  listen.bind = {"127.0.0.1", "-192.0.2.1"};
  listen.cert_file = certificates.cert("node");
  listen.key_file = certificates.key("node");
  listen.ca_file = certificates.cert("ca");
  listen.term_file = directory / "term";
  const auto server = AdminServer::start(host, listen);
  ASSERT_TRUE(server) << server.error().text;
  const std::string target = "127.0.0.1:" + std::to_string(listen.port);
  EXPECT_TRUE(ask(target, certificates.credentials("caller")).ok());
  EXPECT_FALSE(ask(target, certificates.credentials("")).ok());
  EXPECT_FALSE(ask(target, certificates.credentials("stranger")).ok());
  EXPECT_FALSE(ask(target, grpc::InsecureChannelCredentials()).ok());

  FakeHost second_host;
  const auto second = AdminServer::start(second_host, listen);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("admin-port " + std::to_string(listen.port) + ": cannot listen"));
}

TEST(AdminPort, MissingFilesAreNamed) {
  const TemporaryDirectory directory;
  FakeHost host;
  Listen listen;
  listen.port = free_port();
  listen.bind = {"127.0.0.1"};
  listen.cert_file = directory / "none.crt";
  listen.term_file = directory / "term";
  const auto server = AdminServer::start(host, listen);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().text,
            "admin-tls-cert-file: cannot read " + listen.cert_file + ": No such file or directory");
}

}  // namespace
}  // namespace guccho::admin
