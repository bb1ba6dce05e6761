// The HTTP side of the probes.
#include "node/metrics/health.h"

#include <CivetServer.h>

#include "node/metrics/http_address.h"

namespace guccho::metrics {
namespace {

class ProbeHandler : public CivetHandler {
 public:
  ProbeHandler(Probe probe, const std::function<HealthFacts()>& facts) : probe_(probe), facts_(facts) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const HealthAnswer a = answer(probe_, facts_());
    const std::string body = a.reason + "\n";
    mg_printf(connection,
              "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
              a.ok ? "200 OK" : "503 Service Unavailable", body.size(), body.c_str());
    return true;
  }

 private:
  Probe probe_;
  const std::function<HealthFacts()>& facts_;
};

class Endpoint : public HealthEndpoint {
 public:
  explicit Endpoint(std::function<HealthFacts()> facts) : facts_(std::move(facts)) {}

  void listen(const std::string& addresses) {
    // A client that sends nothing for a second is dropped, so that two of them cannot keep both threads.
    server_ = std::make_unique<CivetServer>(
        std::vector<std::string>{"listening_ports", addresses, "num_threads", "2", "request_timeout_ms", "1000"});
    server_->addHandler("/startup$", startup_);
    server_->addHandler("/live$", live_);
    server_->addHandler("/ready$", ready_);
  }

 private:
  std::function<HealthFacts()> facts_;
  ProbeHandler startup_{Probe::kStartup, facts_};
  ProbeHandler live_{Probe::kLive, facts_};
  ProbeHandler ready_{Probe::kReady, facts_};
  std::unique_ptr<CivetServer> server_;  // ends before its handlers
};

}  // namespace

Result<std::unique_ptr<HealthEndpoint>> HealthEndpoint::start(std::span<const std::string> bind, uint16_t port,
                                                              std::function<HealthFacts()> facts) {
  auto endpoint = std::make_unique<Endpoint>(std::move(facts));
  const Status listening =
      listen_on(bind, port, "health-port", [&](const std::string& addresses) { endpoint->listen(addresses); });
  if (!listening) return fail(listening.error().text);
  return endpoint;
}

}  // namespace guccho::metrics
