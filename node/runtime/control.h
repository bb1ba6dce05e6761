// The control thread: drives the member core with time, bus messages and requests, and carries out its effects. It owns
// the bus port and all bus links, and writes nodes.conf. Workers never wait for it, nor it for them for long.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "node/base/result.h"
#include "node/bus/codec.h"
#include "node/cluster/member.h"
#include "node/commands/host.h"
#include "node/metrics/counter.h"
#include "node/resp/buffer.h"
#include "node/runtime/poller.h"
#include "node/runtime/stream.h"

namespace guccho::runtime {

class Node;

class Control {
 public:
  // The name of our own file beside nodes.conf.
  static std::string own_file(const std::string& cluster_config_file) { return cluster_config_file + ".guccho"; }

  Control(Node& node, const cluster::PersistedState& persisted);
  ~Control();

  Status listen();
  // Takes the first step on the caller's thread, so that identity and view exist before the node serves.
  Status begin();
  void start();
  void stop();

  // `done` runs on the control thread, exactly once (with an error when the node stops first).
  using Done = std::function<void(const Result<std::string>& result, bool integer)>;
  void submit(cluster::Request request, Done done);
  // Any thread.
  void post(cluster::Event event);

  // Messages refused by the decoder, by bus::Reject. Any thread.
  uint64_t rejected(bus::Reject reason) const { return rejected_[static_cast<size_t>(reason)].value(); }
  uint64_t link_count() const { return link_count_.value(); }
  uint64_t counter(const std::string& name) const;
  // The bus connections as of the last tick.
  std::vector<commands::ClusterLink> links() const;

 private:
  class Link;
  class Acceptor;
  friend class Link;

  void run();
  void step(cluster::Event event);
  void run_due();
  void carry_out(cluster::Effects effects);
  void carry_out(const std::vector<cluster::Effect>& effects);
  void carry_out(const cluster::Effect& effect);
  struct Performer;
  // control_wait.cc
  using Work = std::function<void()>;
  void await(const std::function<void(Work done)>& begin, Work then, const Work& late = {});
  void in_section(Work work, Work then, const Work& late = {});
  void promote(Work then);
  void publish(std::shared_ptr<const cluster::View> view);
  void put_off(const cluster::Effect& effect);
  bool supersede(const std::shared_ptr<const cluster::View>& view);
  // Whether this node has less by it than by the one that is in force.
  bool takes_away(const std::shared_ptr<const cluster::View>& view) const;
  void update_loss();
  void go_on();
  void open_link(const cluster::OpenLink& request);
  void close_link(cluster::LinkId id);
  void take_posted();
  void report_node_state();
  void publish_links();
  void lose(cluster::LinkId id, cluster::Event event);
  void stop_node(const std::string& why);

  Node& node_;
  cluster::Member member_;
  Poller poller_;
  Wakeup wakeup_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::unordered_map<uint64_t, std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Link>> closed_;  // destroyed after the events of the turn
  uint64_t next_inbound_ = 1;
  Instant last_tick_{};
  std::optional<Instant> wake_at_;
  SlotSet reported_non_empty_;
  std::deque<cluster::Event> due_;
  bool stepping_ = false;
  // A view that is put in force once the section comes; null from then on.
  using PendingView = std::atomic<std::shared_ptr<const cluster::View>>;
  struct Awaited {
    std::future<void> end;
    Work then;
    std::shared_ptr<PendingView> view;  // what is awaited, if that is a view
  };
  std::optional<Awaited> awaited_;
  std::deque<cluster::Effect> put_off_;  // effects that come after what is awaited
  bool writes_stopped_ = false;          // by PauseWrites
  Instant watch_until_{};                // a manual failover is under way: report the offset often
  NodeId following_;

  std::mutex mutex_;
  struct Request {
    cluster::Request request;
    Done done;
  };
  std::vector<Request> requests_;
  std::vector<cluster::Event> events_;
  std::unordered_map<uint64_t, Done> waiting_;
  uint64_t next_request_ = 1;

  std::array<metrics::Counter, bus::kRejectCount> rejected_;
  metrics::Counter link_count_;
  mutable std::mutex published_mutex_;
  std::vector<commands::ClusterLink> published_links_;
  mutable std::mutex counters_mutex_;
  std::unordered_map<std::string, uint64_t> counters_;
};

}  // namespace guccho::runtime
