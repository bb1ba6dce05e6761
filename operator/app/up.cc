// `guccho up` and guccho-operator: the engine over the local world, until a signal or `guccho down` ends it.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <mutex>
#include <thread>

#include "node/base/log.h"
#include "operator/app/look.h"
#include "operator/app/run.h"
#include "operator/app/screen.h"
#include "operator/app/state_path.h"
#include "operator/backend/local/local_backend.h"
#include "operator/backend/local/local_store.h"
#include "operator/backend/nodes/grpc_node_admin.h"
#include "operator/engine/engine.h"

namespace guccho::ops::app {
namespace {

constexpr Millis kTick{200};  // signals and events are noticed at once or with the next tick
constexpr int kTicksBetweenLooks = 5;
constexpr Millis kLookTimeout{500};
constexpr size_t kMaxWaitingEvents = 1000;  // the oldest are dropped; events.log has them all

// What the engine's thread has to say, for the thread that shows it.
class News {
 public:
  void add(const Event& event) {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= kMaxWaitingEvents) events_.pop_front();
    events_.push_back(event);
  }
  std::deque<Event> take_events() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }
  // Of the last round: newer than what is stored, which is written less often.
  void set_status(const RedisClusterStatus& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  std::optional<RedisClusterStatus> status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  std::mutex mutex_;
  std::deque<Event> events_;
  std::optional<RedisClusterStatus> status_;
};

class LogLines final : public Screen {
 public:
  void show(const RedisCluster& cluster, const std::vector<Row>& rows) override {
    for (const std::string& line : changes(rows_, rows)) log::notice("{}", line);
    rows_ = rows;
    auto summary = summary_lines(cluster);
    if (summary == summary_) return;
    summary_ = std::move(summary);
    for (const std::string& line : summary_) log::notice("{}", line);
  }
  void event(const Event& event) override {
    const bool bad = event.severity == Event::Severity::kWarning;
    log::write(bad ? log::Level::kWarning : log::Level::kNotice, fmt::format("{}: {}", event.reason, event.message));
  }

 private:
  std::vector<Row> rows_;
  std::vector<std::string> summary_;
};

// The guccho-node that supervisors are started with from now on: kept, for `guccho down`, which may find none itself.
Result<std::string> choose_node_program(const local::StateDir& state, const std::string& given) {
  auto program = find_node_program(given, state.node_program());
  if (!program) return program;
  if (auto kept = state.write_node_program(*program); !kept) return std::unexpected(kept.error());
  return program;
}

sigset_t block_ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// Shows what happens until a signal or `guccho down`. Returns why it ended.
std::string watch(const local::StateDir& state, const sigset_t& signals, News& news, Screen& screen) {
  const auto nodes = make_grpc_node_admin();
  const timespec tick{0, std::chrono::nanoseconds(kTick).count()};
  for (int ticks = 0;; ++ticks) {
    for (const Event& event : news.take_events()) screen.event(event);
    if (state.down_asked()) return "`guccho down` was called";
    auto cluster = ticks % kTicksBetweenLooks == 0 ? state.resource() : Result<std::optional<RedisCluster>>();
    if (cluster && *cluster) {
      if (auto status = news.status()) (*cluster)->status = std::move(*status);
      const auto observed = look(state, *nodes, kLookTimeout);
      if (observed) screen.show(**cluster, rows_of(*observed, (*cluster)->status));
    }
    if (const int number = ::sigtimedwait(&signals, nullptr, &tick); number > 0) {
      return fmt::format("signal {}", number);
    }
  }
}

int operate(const Up& command, Screen& screen) {
  std::optional<RedisCluster> from_file;
  if (!command.file.empty()) {
    auto cluster = local_resource_of_file(command.file);
    if (!cluster) return complain(cluster.error().text, kBadUsage);
    if (auto meant = check_name(command.where, cluster->key.name); !meant) {
      return complain(meant.error().text, kBadUsage);
    }
    from_file = std::move(*cluster);
  }
  const auto state = from_file ? make_state(command.where, from_file->key.name) : find_state(command.where);
  if (!state) return complain(state.error().text);
  auto leader = state->lead();
  if (!leader) return complain(leader.error().text + ": another operator keeps this cluster");
  const auto program = choose_node_program(*state, command.node_program);
  if (!program) return complain(program.error().text);
  if (from_file) {
    if (auto applied = local::apply(*state, *from_file); !applied) return complain(applied.error().text);
  }

  const sigset_t signals = block_ending_signals();  // inherited by the engine's threads, not by the nodes
  News news;
  local::LocalStore store(*state);
  local::LocalBackend backend(*state, *program, [&](const Event& event) { news.add(event); });
  local::LocalLeadership leadership(std::move(*leader));
  const auto nodes = make_grpc_node_admin();
  const SystemClock clock;
  if (auto resumed = state->take_down_back(); !resumed) return complain(resumed.error().text);
  if (auto resumed = backend.resume_all(); !resumed) return complain(resumed.error().text);
  // Here a status is a small file, and people look at it: twice a second is cheap.
  Engine engine({store, backend, *nodes, leadership, clock}, {.status_interval = Millis(500)},
                [&](const ObjectKey&, const Outcome& outcome) {
                  if (outcome.plan) news.set_status(outcome.plan->status);
                });
  std::string why;
  {
    // One cluster, one thread.
    std::jthread worker([&](std::stop_token stop) { engine.run(1, stop); });
    why = watch(*state, signals, news, screen);
  }
  std::fputs(fmt::format("guccho: {}: the operator ends, the nodes stay as they are\n", why).c_str(), stderr);
  return 0;
}

}  // namespace

int run(const Up& command) {
  return operate(command, *Screen::make());
}

int run(const OperatorOptions& options) {
  log::set_role('O');
  LogLines lines;
  return operate(options.up, lines);
}

}  // namespace guccho::ops::app
