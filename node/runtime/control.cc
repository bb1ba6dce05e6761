// The control thread's loop and the performance of the core's effects.
#include "node/runtime/control.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "node/base/log.h"
#include "node/runtime/clock.h"
#include "node/runtime/cluster_config.h"
#include "node/runtime/net.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

constexpr Millis kTickPeriod(100);
// While writes are paused for a manual failover, the replica must learn the final offset soon.
constexpr Millis kFailoverPeriod(2);
// A peer that does not take this much is cut off: gossip is periodic, so nothing is lost by starting over.
constexpr size_t kMaxLinkBacklog = size_t{16} << 20;

}  // namespace

// One bus connection, either direction.
class Control::Link final : public EventHandler {
 public:
  Link(Control& control, cluster::LinkId id, Stream stream, bool connecting)
      : control_(control), id_(id), stream_(std::move(stream)), connecting_(connecting) {
    if (!connecting_) remember_addresses();
    control_.poller_.add(stream_.fd(), EPOLLIN | (connecting_ ? EPOLLOUT : 0u), *this);
  }
  ~Link() override { control_.poller_.remove(stream_.fd()); }

  void on_events(uint32_t events) override {
    if (dead_) return;
    if (connecting_ && !finish_connect()) return;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
    if (!dead_ && (events & EPOLLOUT) != 0) flush();
  }

  void send(std::string_view bytes) {
    if (dead_) return;
    out_.append(bytes);
    if (out_.size() > kMaxLinkBacklog) return lose(false);
    if (!connecting_) flush();
  }
  void mark_dead() { dead_ = true; }
  commands::ClusterLink describe() const {
    return {.inbound = id_.inbound(),
            .node = peer_,
            .created = created_,
            .writing = !out_.empty(),
            .send_buffer_allocated = out_.capacity(),
            .send_buffer_used = out_.size()};
  }

 private:
  bool finish_connect() {
    const int error = connect_error(stream_.fd());
    if (error != 0) {
      control_.lose(id_, cluster::LinkFailed{.link = id_, .refused = error == ECONNREFUSED});
      return false;
    }
    connecting_ = false;
    remember_addresses();
    update_interest();
    control_.step(cluster::LinkEstablished{.link = id_});
    return !dead_;
  }

  void remember_addresses() {
    remote_ip_ = remote_ip(stream_.fd());
    local_ip_ = local_ip(stream_.fd());
  }

  void read() {
    char chunk[65536];
    do {
      const IoResult r = stream_.read(chunk, sizeof chunk);
      if (r.status == IoStatus::kWouldBlock) break;
      if (r.status != IoStatus::kDone) return lose(true);
      framer_.append({chunk, r.bytes});
      while (!dead_) {
        const auto bytes = framer_.next();
        if (!bytes) return reject(bytes.error());
        if (bytes->empty()) break;
        auto message = bus::decode(*bytes);
        if (!message) {
          reject(message.error());
          break;
        }
        peer_ = message->header.sender;
        control_.step(cluster::MessageReceived{.link = id_,
                                               .message = std::make_shared<bus::Message>(std::move(*message)),
                                               .remote_ip = remote_ip_,
                                               .local_ip = local_ip_});
      }
    } while (!dead_ && stream_.has_buffered_input());
  }

  // A malformed packet: counted, and the link is given up, since what follows cannot be trusted either.
  void reject(bus::Reject reason) {
    control_.rejected_[static_cast<size_t>(reason)].add();
    log::warning("Bad message on the cluster bus from {}: {}. Closing the link.", remote_ip_, bus::name(reason));
    lose(false);
  }

  void flush() {
    while (!out_.empty()) {
      const IoResult r = stream_.write(out_.view());
      if (r.status == IoStatus::kWouldBlock) break;
      if (r.status != IoStatus::kDone) return lose(true);
      out_.consume(r.bytes);
    }
    out_.shrink(65536);
    update_interest();
  }

  void update_interest() {
    const bool want = !out_.empty() || stream_.wants_write();
    if (want == watching_writes_) return;
    watching_writes_ = want;
    control_.poller_.modify(stream_.fd(), EPOLLIN | (want ? EPOLLOUT : 0u), *this);
  }

  void lose(bool reset) { control_.lose(id_, cluster::LinkLost{.link = id_, .reset = reset}); }

  Control& control_;
  const cluster::LinkId id_;
  Stream stream_;
  bool connecting_;
  bool watching_writes_ = true;
  bool dead_ = false;
  NodeId peer_;  // of the last message
  const UnixMillis created_ = wall_now();
  std::string remote_ip_;
  std::string local_ip_;
  bus::Framer framer_;
  resp::Buffer out_;
};

class Control::Acceptor final : public EventHandler {
 public:
  Acceptor(Control& control, int fd) : control_(control), fd_(fd) { control_.poller_.add(fd_, EPOLLIN, *this); }
  ~Acceptor() override {
    control_.poller_.remove(fd_);
    close(fd_);
  }
  void on_events(uint32_t) override {
    for (;;) {
      const Accepted peer = accept_one(fd_);
      if (peer.fd < 0) return;
      set_no_delay(peer.fd);
      const bool tls = control_.node_.config()->tls_cluster;
      Stream stream = tls ? Stream::tls_server(peer.fd, *control_.node_.tls(), kBusAuth) : Stream::plain(peer.fd);
      const cluster::LinkId id(control_.next_inbound_++ | cluster::LinkId::kInbound);
      control_.links_[id.value] = std::make_unique<Link>(control_, id, std::move(stream), false);
      control_.step(cluster::LinkAccepted{.link = id, .remote_ip = peer.ip});
    }
  }

 private:
  // Members of a cluster authenticate each other.
  static constexpr config::TlsAuthClients kBusAuth = config::TlsAuthClients::kYes;

  Control& control_;
  int fd_;
};

Control::Control(Node& node, const cluster::PersistedState& persisted)
    : node_(node), member_(cluster_config_of(*node.config(), node.bus_port()), persisted, Rng(random_seed())) {
  poller_.add(wakeup_.fd(), EPOLLIN, wakeup_);
}

Control::~Control() {
  stop();
}

Status Control::listen() {
  const auto config = node_.config();
  Result<std::vector<int>> fds = listen_tcp(*config, node_.bus_port());
  if (!fds) return fail("cluster bus: " + fds.error().text);
  for (const int fd : *fds) acceptors_.push_back(std::make_unique<Acceptor>(*this, fd));
  return {};
}

Status Control::begin() {
  last_tick_ = monotonic_now();
  step(cluster::Tick{});
  return {};
}

void Control::start() {
  thread_ = std::thread([this] { run(); });
}

void Control::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wakeup_.notify();
  thread_.join();
  for (auto& [id, done] : waiting_) done(fail("ERR The node is shutting down"), false);
  waiting_.clear();
}

void Control::run() {
  while (!stopping_.load()) {
    const Instant now = monotonic_now();
    Instant due = last_tick_ + (now < watch_until_ ? kFailoverPeriod : kTickPeriod);
    if (wake_at_) due = std::min(due, *wake_at_);
    const auto wait = std::clamp(std::chrono::ceil<Millis>(due - now), Millis(0), kTickPeriod);
    node_.control_sleeps_until(now + wait);
    poller_.wait_then(wait, [this] {
      node_.notice_absence();
      node_.control_sleeps_until(monotonic_now());
    });
    if (awaited_) go_on();
    take_posted();
    const Instant after = monotonic_now();
    if (after >= due) {
      last_tick_ = after;
      wake_at_.reset();
      report_node_state();
      step(cluster::Tick{});
      publish_links();
      node_.tidy_after_clients();
    }
    closed_.clear();
  }
}

void Control::submit(cluster::Request request, Done done) {
  {
    std::lock_guard lock(mutex_);
    requests_.push_back({std::move(request), std::move(done)});
  }
  wakeup_.notify();
}

void Control::post(cluster::Event event) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wakeup_.notify();
}

void Control::take_posted() {
  std::vector<Request> requests;
  std::vector<cluster::Event> events;
  {
    std::lock_guard lock(mutex_);
    requests.swap(requests_);
    events.swap(events_);
  }
  for (const cluster::Event& e : events) step(e);
  for (Request& r : requests) {
    // Answers may depend on whether slots are empty.
    reported_non_empty_ = node_.non_empty_slots();
    step(cluster::DatasetStatus{reported_non_empty_});
    if (std::holds_alternative<cluster::request::Failover>(r.request)) {
      watch_until_ = monotonic_now() + member_.config().manual_failover_timeout;
    }
    const cluster::RequestId id(next_request_++);
    waiting_[id.value] = std::move(r.done);
    step(cluster::ClientRequest{.id = id, .request = std::move(r.request)});
  }
}

void Control::report_node_state() {
  const SlotSet non_empty = node_.non_empty_slots();
  if (non_empty != reported_non_empty_) {
    reported_non_empty_ = non_empty;
    step(cluster::DatasetStatus{non_empty});
  }
  cluster::ReplicationStatus status = node_.replication().status_event();
  status.writes_stopped = writes_stopped_;
  step(std::move(status));
}

// Carrying out effects may cause events (a link breaks while it is written to); they wait until the step is done, since
// effects of one step must all be carried out before those of the next.
void Control::step(cluster::Event event) {
  due_.push_back(std::move(event));
  if (!stepping_) run_due();
}

void Control::run_due() {
  stepping_ = true;
  while (!due_.empty()) {
    const cluster::Event next = std::move(due_.front());
    due_.pop_front();
    carry_out(member_.step(monotonic_now(), wall_now(), next));
  }
  stepping_ = false;
}

void Control::carry_out(cluster::Effects effects) {
  if (effects.wake_at && (!wake_at_ || *effects.wake_at < *wake_at_)) wake_at_ = effects.wake_at;
  carry_out(effects.immediate);
  const auto config = node_.config();
  Result<cluster::Persisted> receipt = effects.persist.write([&](const cluster::PersistFile& file) {
    const bool own = file.kind == cluster::PersistFile::Kind::kOwn;
    const std::string& name = config->cluster_config_file;
    return node_.data_dir().replace(own ? own_file(name) : name, file.text);
  });
  // Nothing of what the write was to cover may become visible.
  if (!receipt) return stop_node(receipt.error().text);
  carry_out(std::move(effects.after_persist).redeem(*receipt));
}

void Control::stop_node(const std::string& why) {
  log::warning("Fatal: the cluster state cannot be saved: {}. Stopping, since nothing may be promised without it.",
               why);
  _exit(1);
}

// One overload for each effect.
struct Control::Performer {
  Control& c;

  void operator()(const cluster::SendMessage& e) {
    const auto it = c.links_.find(e.link.value);
    if (it != c.links_.end()) it->second->send(bus::encode(*e.message));
  }
  void operator()(const cluster::OpenLink& e) { c.open_link(e); }
  void operator()(const cluster::CloseLink& e) { c.close_link(e.link); }
  void operator()(const cluster::Reply& e) {
    const auto it = c.waiting_.find(e.request.value);
    if (it == c.waiting_.end()) return;
    const Done done = std::move(it->second);
    c.waiting_.erase(it);
    done(e.result, e.integer);
  }
  void operator()(const cluster::PublishView& e) {
    const auto publish = [this_ = &c, view = e.view] { this_->publish(view); };
    // The data must be whole before the first write is taken.
    e.view->self().is_primary() ? c.promote(publish) : publish();
  }
  void operator()(const cluster::SetReplicaOf& e) {
    c.following_ = e.primary;
    c.node_.replication().follow(e.primary);
  }
  void operator()(const cluster::PromoteSelf& e) {
    log::notice("Becoming a primary: {}", e.reason);
    c.following_ = NodeId();
    c.promote([] {});
  }
  void operator()(const cluster::FlushData&) {
    c.promote([this_ = &c] { this_->in_section([this_] { this_->node_.flush_everything(); }, [] {}); });
  }
  void operator()(const cluster::DropKeysInSlots& e) {
    Node& node = c.node_;
    c.in_section([&node, slots = e.slots] { node.drop_keys(slots); }, [&node] { node.log_grew(); });
  }
  void operator()(const cluster::PauseWrites& e) {
    const auto pause = [&node = c.node_, until = e.until] {
      node.pause_for_failover(wall_now() + std::chrono::ceil<Millis>(until - monotonic_now()));
    };
    // Inside the exclusive section no write is under way, so the offset reported next is final.
    c.in_section(pause, [this_ = &c, until = e.until] {
      this_->writes_stopped_ = true;
      this_->watch_until_ = until;
      cluster::ReplicationStatus status = this_->node_.replication().status_event();
      status.writes_stopped = true;
      this_->step(std::move(status));
    });
  }
  void operator()(const cluster::ResumeWrites&) {
    c.node_.pause_for_failover(UnixMillis());
    c.writes_stopped_ = false;
    c.watch_until_ = Instant();
  }
  void operator()(const cluster::PresenceConfirmed& e) { c.node_.presence_confirmed(e.number); }
  void operator()(const cluster::DeliverPublish& e) { c.node_.deliver_from_cluster(e.sharded, e.channel, e.message); }
  void operator()(const cluster::LogLine& e) {
    switch (e.level) {
      case cluster::LogLevel::kDebug:
        return log::debug("{}", e.text);
      case cluster::LogLevel::kVerbose:
        return log::verbose("{}", e.text);
      case cluster::LogLevel::kNotice:
        return log::notice("{}", e.text);
      case cluster::LogLevel::kWarning:
        return log::warning("{}", e.text);
    }
  }
  void operator()(const cluster::Count& e) {
    std::lock_guard lock(c.counters_mutex_);
    c.counters_[e.name] += e.by;
  }
};

void Control::carry_out(const std::vector<cluster::Effect>& effects) {
  for (const cluster::Effect& e : effects) awaited_ ? put_off(e) : carry_out(e);
}

void Control::carry_out(const cluster::Effect& effect) {
  std::visit(Performer{*this}, effect);
}

uint64_t Control::counter(const std::string& name) const {
  std::lock_guard lock(counters_mutex_);
  const auto it = counters_.find(name);
  return it == counters_.end() ? 0 : it->second;
}

void Control::publish_links() {
  std::vector<commands::ClusterLink> fresh;
  for (const auto& [id, link] : links_) fresh.push_back(link->describe());
  // Both directions of a peer side by side, outbound first, as redis-server lists them: clients pair them by position.
  std::ranges::sort(fresh, {},
                    [](const commands::ClusterLink& link) { return std::tuple(link.node.view(), link.inbound); });
  std::lock_guard lock(published_mutex_);
  published_links_ = std::move(fresh);
}

std::vector<commands::ClusterLink> Control::links() const {
  std::lock_guard lock(published_mutex_);
  return published_links_;
}

void Control::open_link(const cluster::OpenLink& request) {
  const auto config = node_.config();
  Result<int> fd = connect_tcp(request.ip, request.bus_port, config->bind_source_addr);
  if (!fd) {
    const bool refused = errno == ECONNREFUSED;
    post(cluster::LinkFailed{.link = request.link, .refused = refused});
    return;
  }
  set_no_delay(*fd);
  Stream stream = config->tls_cluster ? Stream::tls_client(*fd, *node_.tls()) : Stream::plain(*fd);
  links_[request.link.value] = std::make_unique<Link>(*this, request.link, std::move(stream), true);
  link_count_.set(links_.size());
}

void Control::close_link(cluster::LinkId id) {
  const auto it = links_.find(id.value);
  if (it == links_.end()) return;
  it->second->mark_dead();
  closed_.push_back(std::move(it->second));
  links_.erase(it);
  link_count_.set(links_.size());
}

// The link ended by itself: forget it, then tell the core.
void Control::lose(cluster::LinkId id, cluster::Event event) {
  close_link(id);
  step(std::move(event));
}

}  // namespace guccho::runtime
