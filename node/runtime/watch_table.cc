// Watched keys.
#include "node/runtime/watch_table.h"

namespace guccho::runtime {
namespace {

void break_watch(const std::weak_ptr<std::atomic<bool>>& weak) {
  if (auto flag = weak.lock()) flag->store(true, std::memory_order_release);
}

}  // namespace

void WatchTable::add(std::string_view key, const commands::WatchFlag& flag, UnixMillis expires, bool has_expiry) {
  auto it = keys_.find(key);
  if (it == keys_.end()) it = keys_.emplace(std::string(key), std::vector<Watcher>()).first;
  it->second.push_back({flag, expires, has_expiry});
}

void WatchTable::touch(std::string_view key) {
  const auto it = keys_.find(key);
  if (it == keys_.end()) return;
  for (const Watcher& w : it->second) break_watch(w.flag);
  keys_.erase(it);
}

void WatchTable::touch_existing(const std::function<bool(std::string_view key)>& exists) {
  std::erase_if(keys_, [&](const auto& entry) {
    if (!exists(entry.first)) return false;
    for (const Watcher& w : entry.second) break_watch(w.flag);
    return true;
  });
}

void WatchTable::sweep(UnixMillis now) {
  for (auto it = keys_.begin(); it != keys_.end();) {
    std::erase_if(it->second, [now](const Watcher& w) {
      if (w.has_expiry && now > w.expires) break_watch(w.flag);
      return w.flag.expired() || (w.has_expiry && now > w.expires);
    });
    it = it->second.empty() ? keys_.erase(it) : std::next(it);
  }
}

}  // namespace guccho::runtime
