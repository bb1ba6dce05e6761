// The two HTTP endpoints over real sockets; the exposition is judged by promtool where it is installed.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "node/metrics/health.h"
#include "node/metrics/http_address.h"
#include "node/metrics/prometheus.h"

namespace guccho::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kLoopback = {"127.0.0.1"};

// A socket bound to a port that the system chose; closing it frees the port.
class BoundPort {
 public:
  BoundPort() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    socklen_t size = sizeof a;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size), 0);
    port_ = ntohs(a.sin_port);
  }
  ~BoundPort() { close(fd_); }
  uint16_t port() const { return port_; }
  int fd() const { return fd_; }

 private:
  int fd_;
  uint16_t port_ = 0;
};

uint16_t free_port() {
  return BoundPort().port();
}

std::string http_get(uint16_t port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(n));
  close(fd);
  return out;
}

Snapshot busy_snapshot() {
  Snapshot s;
  s.server.redis_version = "7.2.4";
  s.server.os = "quote \" and \\";
  WorkerStats w(2);
  w.commands[0].record(2000);
  w.commands[1].record(700);
  w.errors.record("WRONGTYPE");
  w.loop_latency.record(20'000);
  w.loop_latency.record(2'000'000'000);
  w.keys.set(7);
  add_worker(s, w, {"get", "config|get"});
  s.replication.replicas = {{.ip = "127.0.0.1", .port = 7001, .state = "online", .offset = 14, .lag_seconds = 1}};
  s.cluster.state_ok = true;
  return s;
}

TEST(HttpAddress, BindAsCivetwebWantsIt) {
  const std::vector<std::string> bind = {"*", "-::*", "10.0.0.1", "::1", "-1.2.3.4"};
  EXPECT_EQ(listening_ports(bind, 9121, true), "0.0.0.0:9121,[::]:9121,10.0.0.1:9121,[::1]:9121,1.2.3.4:9121");
  EXPECT_EQ(listening_ports(bind, 9121, false), "0.0.0.0:9121,10.0.0.1:9121");
}

TEST(Prometheus, Exposition) {
  const std::string text = exposition(busy_snapshot());
  EXPECT_THAT(text, HasSubstr("\nredis_up 1\n"));
  EXPECT_THAT(text, HasSubstr("\n# TYPE redis_commands_total counter\nredis_commands_total{cmd=\"get\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("redis_commands_total{cmd=\"config|get\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nredis_errors_total{err=\"WRONGTYPE\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nredis_db_keys{db=\"db0\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("\nredis_connected_slaves 1\n"));
  EXPECT_THAT(text, HasSubstr("redis_connected_slave_offset_bytes{slave_ip=\"127.0.0.1\",slave_port=\"7001\","
                              "slave_state=\"online\"} 14\n"));
  EXPECT_THAT(text, HasSubstr("\nredis_cluster_state 1\n"));
  EXPECT_THAT(text, HasSubstr("redis_latency_percentiles_usec{cmd=\"get\",quantile=\"0.5\"} 2.047\n"));
  EXPECT_THAT(text, HasSubstr("guccho_loop_turn_seconds_bucket{le=\"6.5536e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("guccho_loop_turn_seconds_bucket{le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("os=\"quote \\\" and \\\\\""));
  EXPECT_THAT(text, Not(HasSubstr("redis_master_link_up")));  // a primary has none
}

TEST(Prometheus, PromtoolFindsTheExpositionWellFormed) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  const std::string path = testing::TempDir() + "/guccho_exposition." + std::to_string(getpid());
  std::ofstream(path) << exposition(busy_snapshot());
  // What redis_exporter named against promtool's advice keeps its name.
  FILE* out = popen(("promtool check metrics <" + path + " 2>&1").c_str(), "r");
  ASSERT_NE(out, nullptr);
  std::string said;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, out)) > 0;) said.append(buffer, n);
  pclose(out);
  unlink(path.c_str());
  EXPECT_THAT(said, Not(HasSubstr("error while linting"))) << said;
  EXPECT_THAT(said, Not(HasSubstr("guccho_"))) << said;  // our own names follow the advice
}

TEST(Prometheus, Endpoint) {
  const uint16_t port = free_port();
  int taken = 0;
  const auto endpoint = PrometheusEndpoint::start(kLoopback, port, [&] {
    ++taken;
    return busy_snapshot();
  });
  ASSERT_TRUE(endpoint) << endpoint.error().text;
  const std::string page = http_get(port, "/metrics");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(page, HasSubstr("redis_db_keys{db=\"db0\"} 7"));
  EXPECT_EQ(taken, 1);
}

TEST(Prometheus, PortInUseIsNamed) {
  const BoundPort taken;
  ASSERT_EQ(listen(taken.fd(), 1), 0);
  const auto endpoint = PrometheusEndpoint::start(kLoopback, taken.port(), [] { return Snapshot(); });
  ASSERT_FALSE(endpoint);
  EXPECT_THAT(endpoint.error().text, StartsWith("metrics-port " + std::to_string(taken.port()) +
                                                ": cannot listen on 127.0.0.1:" + std::to_string(taken.port())));
  const auto health = HealthEndpoint::start(kLoopback, taken.port(), [] { return HealthFacts(); });
  ASSERT_FALSE(health);
  EXPECT_THAT(health.error().text, StartsWith("health-port "));
}

TEST(Health, Endpoint) {
  const uint16_t port = free_port();
  HealthFacts facts;
  // An address that this machine does not have is left out when it is optional, IPv6 where the library has none.
  const std::vector<std::string> bind = {"127.0.0.1", "-192.0.2.1", "::1"};
  const auto endpoint = HealthEndpoint::start(bind, port, [&] { return facts; });
  ASSERT_TRUE(endpoint) << endpoint.error().text;
  EXPECT_THAT(http_get(port, "/startup"), StartsWith("HTTP/1.1 503 Service Unavailable"));
  EXPECT_THAT(http_get(port, "/live"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(http_get(port, "/ready"), HasSubstr("\r\n\r\nloading\n"));
  facts.loaded = facts.in_cluster = true;
  EXPECT_THAT(http_get(port, "/startup"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(http_get(port, "/ready"), HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(http_get(port, "/"), HasSubstr(" 404 Not Found"));
}

}  // namespace
}  // namespace guccho::metrics
