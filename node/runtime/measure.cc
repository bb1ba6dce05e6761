// Collecting everything that INFO, the metrics port and the admin service show.
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "node/config/edit.h"
#include "node/runtime/clock.h"
#include "node/runtime/control.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

uint64_t micros(const timeval& t) {
  return uint64_t(t.tv_sec) * 1'000'000 + uint64_t(t.tv_usec);
}

uint64_t resident_bytes() {
  unsigned long size = 0;
  unsigned long resident = 0;
  if (FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%lu %lu", &size, &resident) != 2) resident = 0;
    std::fclose(f);
  }
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

const std::vector<std::string>& command_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (size_t i = 0; i < commands::command_id_count(); ++i) {
      out.emplace_back(commands::command_by_id(static_cast<uint16_t>(i)).full_name);
    }
    return out;
  }();
  return names;
}

void measure_cluster(const cluster::View& view, metrics::ClusterPart& out) {
  out.state_ok = view.cluster_ok;
  out.slots_assigned = view.slots->assigned;
  out.slots_pfail = view.slots_pfail;
  out.slots_fail = view.slots_fail;
  out.slots_ok = out.slots_assigned - view.slots_pfail - view.slots_fail;
  out.known_nodes = view.nodes.size();
  out.size = view.size;
  out.current_epoch = view.current_epoch.value;
  out.my_epoch = view.self().config_epoch.value;
  for (size_t i = 0; i < view.stats.sent.size(); ++i) {
    if (view.stats.sent[i] == 0 && view.stats.received[i] == 0) continue;
    out.messages.push_back({.type = bus::name(static_cast<bus::MessageType>(i)),
                            .sent = view.stats.sent[i],
                            .received = view.stats.received[i]});
  }
  out.electorate_size = view.electorate.primaries ? view.size : view.electorate.voters.voters.size();
  out.data_generation = view.self().generation.generation.value;
}

}  // namespace

metrics::Snapshot Node::measure() const {
  metrics::Snapshot s;
  const auto config = config_.load();
  utsname os{};
  uname(&os);
  const UnixMillis now = wall_now();
  s.server.version = GUCCHO_VERSION;
  s.server.redis_version = "7.2.0";
  s.server.build_id = "guccho-" GUCCHO_VERSION;
  s.server.os = std::string(os.sysname) + " " + os.release + " " + os.machine;
  s.server.gcc_version = __VERSION__;
  s.server.run_id = run_id_;
  s.server.executable = options_.executable;
  s.server.config_file = options_.config_file;
  s.server.process_id = static_cast<uint64_t>(getpid());
  s.server.tcp_port = config->port;
  s.server.server_time_usec = static_cast<uint64_t>(now.time_since_epoch().count()) * 1000;
  s.server.uptime_seconds = static_cast<uint64_t>((now - started_).count() / 1000);
  s.server.hz = config->hz;
  s.server.worker_threads = workers_.size();
  s.server.slowest_worker_turn_age_millis = static_cast<uint64_t>(slowest_worker_turn_age().count());
  for (const auto& [name, port] :
       {std::pair{"tcp", config->port}, std::pair{"tls", config->tls_port}, std::pair{"router", config->router_port}}) {
    if (port != 0)
      s.server.listeners.push_back("name=" + std::string(name) + ",bind=" + config->bind.front() +
                                   ",port=" + std::to_string(port));
  }
  s.maxclients = config->maxclients;
  s.latency_tracking = config->latency_tracking;
  s.latency_percentiles = config->latency_tracking_info_percentiles;

  for (const auto& w : workers_) metrics::add_worker(s, w->stats(), command_names());
  s.memory.rss = resident_bytes();
  s.memory.maxmemory = config->maxmemory;
  constexpr std::string_view kPolicy[] = {"maxmemory-policy"};
  s.memory.maxmemory_policy = config::get(*config, kPolicy).front().second;
  s.memory.total_system = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  s.memory.allocator = "guccho-slab";
  uint64_t held = 0;
  for (const store::Keyspace* k : keyspaces_) held += k->held_bytes();
  s.memory.allocator_allocated = used_memory();
  s.memory.allocator_active = held;
  s.memory.allocator_resident = held;
  // The workers' own figures are of their last timer.
  s.workers.keys = key_count();
  s.workers.keys_with_expiry = 0;
  s.workers.timed_hashes = 0;
  for (const store::Keyspace* k : keyspaces_) {
    s.workers.keys_with_expiry += k->keys_with_expiry();
    s.workers.timed_hashes += k->timed_hashes();
  }
  s.persistence.loading = loading();
  s.pubsub = directory_.measure();
  for (const auto& w : workers_) {
    const TrackingState& t = w->tracking();
    s.tracking.clients += t.client_count.value();
    s.tracking.keys += t.key_count.value();
    s.tracking.items += t.item_count.value();
    s.tracking.prefixes = t.prefix_count.value();  // the same everywhere
  }

  replication_->measure(s);
  s.memory.replication_backlog = s.replication.backlog_length;
  rusage self{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  s.cpu = {.sys = micros(self.ru_stime),
           .user = micros(self.ru_utime),
           .sys_children = micros(children.ru_stime),
           .user_children = micros(children.ru_utime),
           .sys_main_thread = micros(thread.ru_stime),
           .user_main_thread = micros(thread.ru_utime)};

  measure_cluster(*view_.load(), s.cluster);
  s.cluster.links = control_->link_count();
  for (size_t i = 0; i < bus::kRejectCount; ++i)
    s.cluster.packets_dropped += control_->rejected(static_cast<bus::Reject>(i));
  return s;
}

}  // namespace guccho::runtime
