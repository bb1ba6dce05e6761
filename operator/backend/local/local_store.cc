// Reading, writing and watching the resource of a state directory.
#include "operator/backend/local/local_store.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>

#include "node/supervise/records.h"

namespace guccho::ops::local {

namespace fs = std::filesystem;

Result<RedisCluster> apply(const StateDir& state, const RedisCluster& wanted) {
  RedisCluster applied;
  const auto change = [&](std::optional<RedisCluster> present) -> Result<RedisCluster> {
    applied = wanted;
    if (!present) {
      auto uid = supervise::read_file("/proc/sys/kernel/random/uuid");
      if (!uid) return std::unexpected(uid.error());
      applied.uid = uid->substr(0, uid->find('\n'));
      applied.generation = 1;
      return applied;
    }
    if (present->key != wanted.key) {
      return fail(fmt::format("{} belongs to {}, not to {}: choose another directory with --state", state.path(),
                              present->key.str(), wanted.key.str()));
    }
    applied.uid = present->uid;
    applied.generation = present->generation + (present->spec == wanted.spec ? 0 : 1);
    applied.status = present->status;
    return applied;
  };
  if (auto edited = state.edit_resource(change); !edited) return std::unexpected(edited.error());
  return applied;
}

Result<std::vector<ObjectKey>> LocalStore::list(const CallContext&) {
  auto cluster = state_.resource();
  if (!cluster) return std::unexpected(cluster.error());
  if (!*cluster) return std::vector<ObjectKey>();
  return std::vector<ObjectKey>{(*cluster)->key};
}

Result<std::optional<RedisCluster>> LocalStore::get(const ObjectKey& key, const CallContext&) {
  auto cluster = state_.resource();
  if (cluster && *cluster && (*cluster)->key != key) return std::nullopt;
  return cluster;
}

Answer LocalStore::write_status(const ObjectKey& key, const std::string& uid, const RedisClusterStatus& status,
                                const CallContext&) {
  const auto present = state_.resource();
  if (!present) return Answer::unanswered(present.error().text);
  if (!*present || (*present)->key != key || (*present)->uid != uid) {
    return Answer::conflict(fmt::format("{} is another resource by now", key.str()));
  }
  if ((*present)->status == status) return Answer::accepted();
  if (auto written = state_.write_status(status); !written) return Answer::unanswered(written.error().text);
  return Answer::accepted();
}

namespace {

class Watch final : public Subscription {
 public:
  Watch(StateDir state, std::function<void(const ObjectKey&)> changed)
      : state_(std::move(state)),
        changed_(std::move(changed)),
        events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        thread_([this] { run(); }) {}
  ~Watch() override {
    const uint64_t one = 1;
    const ssize_t written = ::write(stop_.get(), &one, sizeof one);
    (void)written;  // cannot fail: the counter is far from its limit
    thread_.join();
  }

 private:
  void run();
  void watch_directories();
  bool take_events();
  void notify();

  StateDir state_;
  std::function<void(const ObjectKey&)> changed_;
  supervise::Fd events_;
  supervise::Fd stop_;
  std::thread thread_;
};

void Watch::run() {
  watch_directories();
  notify();
  for (;;) {
    std::array<pollfd, 2> sources = {{{events_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    ::poll(sources.data(), sources.size(), -1);
    if (sources[1].revents != 0) return;
    if (take_events()) notify();
  }
}

// Watching a directory twice is once; those that went are gone from the kernel's list by themselves.
void Watch::watch_directories() {
  ::inotify_add_watch(events_.get(), state_.path().c_str(), IN_MOVED_TO);
  ::inotify_add_watch(events_.get(), (state_.path() + "/nodes").c_str(), IN_CREATE | IN_ONLYDIR);
  // Also those that are only being made, since the next thing to happen in them is that they become places.
  std::error_code error;
  for (fs::directory_iterator it(state_.path() + "/nodes", error), end; !error && it != end; it.increment(error)) {
    ::inotify_add_watch(events_.get(), it->path().c_str(), IN_MOVED_TO | IN_ONLYDIR);
  }
}

// True when something happened that an operator should look at.
bool Watch::take_events() {
  alignas(inotify_event) std::array<char, 8192> buffer;
  bool relevant = false;
  bool new_directory = false;
  for (ssize_t n; (n = ::read(events_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < n;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string_view name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      at += static_cast<ssize_t>(sizeof event + event.len);
      relevant |= name == "resource.json" || name == supervise::kRecordFile || (event.mask & IN_Q_OVERFLOW) != 0;
      new_directory |= (event.mask & IN_CREATE) != 0;
    }
  }
  if (new_directory) watch_directories();
  return relevant || new_directory;
}

void Watch::notify() {
  const auto cluster = state_.resource();
  if (cluster && *cluster) changed_((*cluster)->key);
}

}  // namespace

std::unique_ptr<Subscription> LocalStore::watch(std::function<void(const ObjectKey&)> changed) {
  return std::make_unique<Watch>(state_, std::move(changed));
}

}  // namespace guccho::ops::local
