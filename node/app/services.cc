// The bridge between the node and its service endpoints.
#include "node/app/services.h"

#include <utility>

#include "node/admin/host.h"
#include "node/admin/server.h"
#include "node/metrics/health.h"
#include "node/metrics/prometheus.h"
#include "node/runtime/control.h"
#include "node/runtime/replication.h"
#include "node/supervise/identity.h"

namespace guccho::app {
namespace {

class AdminBridge final : public admin::AdminHost {
 public:
  explicit AdminBridge(runtime::Node& node) : node_(node) {}

  admin::StatusFacts status() override {
    admin::StatusFacts facts;
    facts.view = node_.view();
    facts.version = GUCCHO_VERSION;
    facts.incarnation = incarnation_;
    facts.shard_id = facts.view->self().shard_id.str();
    facts.loading = node_.loading();
    facts.keys = node_.key_count();
    for (const store::Keyspace* k : node_.keyspaces()) facts.expiring_keys += k->keys_with_expiry();
    facts.used_memory = node_.used_memory();
    const commands::ReplicationStatus replication = node_.replication_status();
    facts.offset = replication.offset;
    facts.link = link_of(replication);
    facts.in_sync = replication.is_primary || facts.link == admin::ReplicationLink::kUp;
    if (replication.is_primary) facts.in_sync_replicas = node_.synced_replicas();
    return facts;
  }

  void submit(cluster::Request request, Done done) override {
    node_.control().submit(std::move(request), [done](const Result<std::string>& result, bool) { done(result); });
  }

  std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) override {
    return node_.config_get(patterns);
  }

  void config_set(std::vector<std::pair<std::string, std::string>> pairs, bool rewrite, Done done) override {
    node_.exclusive().request([this, pairs = std::move(pairs), rewrite, done] {
      Status status = node_.config_set(pairs);
      if (status && rewrite) status = node_.config_rewrite();
      done(status ? Result<std::string>("OK") : Result<std::string>(fail(status.error().text)));
    });
  }

  void reload_certificates(Done done) override {
    // In the section that CONFIG SET runs in: else certificates could be put in force that it has just replaced.
    node_.exclusive().request([this, done] {
      const Status status = node_.reload_tls();
      done(status ? Result<std::string>("OK") : Result<std::string>(fail("ERR " + status.error().text)));
    });
  }

  void drain(Done done) override { node_.hand_over(std::move(done)); }
  void shutdown(bool hand_over) override { node_.begin_shutdown(hand_over); }

 private:
  static admin::ReplicationLink link_of(const commands::ReplicationStatus& r) {
    if (r.is_primary) return admin::ReplicationLink::kNone;
    if (r.link_state == "connected") return admin::ReplicationLink::kUp;
    return r.link_state == "sync" ? admin::ReplicationLink::kSyncing : admin::ReplicationLink::kConnecting;
  }

  // Empty only where /proc is not mounted: then no supervisor can mean this process either.
  static std::string own_incarnation() {
    const Result<supervise::ProcessIdentity> identity = supervise::own_identity();
    return identity ? identity->str() : std::string();
  }

  runtime::Node& node_;
  const std::string incarnation_ = own_incarnation();
};

class RunningServices final : public Services {
 public:
  explicit RunningServices(runtime::Node& node) : bridge_(node) {}

  Status open(runtime::Node& node) {
    const auto config = node.config();
    if (Status s = open_admin(*config); !s) return s;
    if (config->metrics_port != 0) {
      auto endpoint =
          metrics::PrometheusEndpoint::start(config->bind, config->metrics_port, [&node] { return node.measure(); });
      if (!endpoint) return fail("metrics-port: " + endpoint.error().text);
      prometheus_ = std::move(*endpoint);
    }
    if (config->health_port != 0) {
      auto endpoint =
          metrics::HealthEndpoint::start(config->bind, config->health_port, [&node] { return health_of(node); });
      if (!endpoint) return fail("health-port: " + endpoint.error().text);
      health_ = std::move(*endpoint);
    }
    return {};
  }

 private:
  Status open_admin(const config::Config& config) {
    if (config.admin_socket.empty() && config.admin_port == 0) return {};
    // Socket paths are limited to 107 bytes, so this one stays relative to the data directory, which main() has
    // entered.
    auto server = admin::AdminServer::start(bridge_, {.socket_path = config.admin_socket,
                                                      .port = config.admin_port,
                                                      .bind = config.bind,
                                                      .cert_file = config.admin_tls_cert_file,
                                                      .key_file = config.admin_tls_key_file,
                                                      .ca_file = config.admin_tls_ca_cert_file,
                                                      .term_file = config.admin_term_file()});
    if (!server) return fail(server.error().text);
    admin_ = std::move(*server);
    return {};
  }

  static metrics::HealthFacts health_of(const runtime::Node& node) {
    const auto view = node.view();
    const commands::ReplicationStatus replication = node.replication_status();
    return {.loaded = !node.loading(),
            .slowest_turn_age = node.slowest_worker_turn_age(),
            .in_cluster = view->nodes.size() > 1 || view->self().slot_count > 0,
            .is_replica = !view->self().is_primary(),
            .synced = replication.link_state == "connected",
            .awaiting_data = view->down_reason == cluster::DownReason::kAwaitingTakeover,
            .stopping = node.stop_requested()};
  }

  AdminBridge bridge_;
  std::unique_ptr<admin::AdminServer> admin_;
  std::unique_ptr<metrics::PrometheusEndpoint> prometheus_;
  std::unique_ptr<metrics::HealthEndpoint> health_;
};

}  // namespace

Result<std::unique_ptr<Services>> Services::start(runtime::Node& node) {
  auto services = std::make_unique<RunningServices>(node);
  if (Status s = services->open(node); !s) return fail(s.error().text);
  return services;
}

}  // namespace guccho::app
