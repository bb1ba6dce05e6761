// Watched keys.
#include "node/runtime/watch_table.h"

namespace guccho::runtime {
namespace {

// Watchers looked at for each that is added: more than one, so that the walk gets round.
constexpr int64_t kSweptForEach = 4;
// A table that was large is made anew when it is empty: to walk its buckets costs time.
constexpr size_t kKeptBuckets = 1024;

}  // namespace

void Watch::note_expiry(UnixMillis when) {
  const int64_t at = when.time_since_epoch().count();
  int64_t first = first_expiry_.load(std::memory_order_relaxed);
  while (at < first && !first_expiry_.compare_exchange_weak(first, at, std::memory_order_relaxed)) {
  }
}

void WatchTable::add(std::string_view key, const commands::WatchFlag& flag, bool stale) {
  sweep(kSweptForEach);
  auto it = keys_.find(key);
  if (it == keys_.end()) it = keys_.emplace(std::string(key), std::vector<Watcher>()).first;
  it->second.push_back({flag, stale});
}

void WatchTable::touch(Keys::iterator it, bool gone) {
  std::erase_if(it->second, [gone](Watcher& w) {
    if (w.stale && gone) {
      w.stale = false;
      return false;
    }
    if (const auto flag = w.flag.lock()) flag->store(true, std::memory_order_release);
    return true;
  });
  if (it->second.empty()) keys_.erase(it);
}

void WatchTable::touch_existing(const std::function<bool(std::string_view key)>& exists) {
  for (auto it = keys_.begin(); it != keys_.end();) {
    const auto next = std::next(it);
    if (exists(it->first)) touch(it, true);
    it = next;
  }
}

void WatchTable::sweep(int64_t budget) {
  if (keys_.empty()) return;
  credit_ += budget;
  while (credit_ > 0 && !keys_.empty()) sweep_bucket();
  if (!keys_.empty()) return;
  credit_ = 0;
  if (keys_.bucket_count() > kKeptBuckets) keys_ = Keys();
}

void WatchTable::sweep_bucket() {
  if (bucket_ >= keys_.bucket_count()) bucket_ = 0;
  --credit_;
  std::vector<std::string> forgotten;
  for (auto it = keys_.begin(bucket_); it != keys_.end(bucket_); ++it) {
    credit_ -= static_cast<int64_t>(it->second.size());
    std::erase_if(it->second, [](const Watcher& w) { return w.flag.expired(); });
    if (it->second.empty()) forgotten.push_back(it->first);
  }
  for (const std::string& key : forgotten) keys_.erase(key);
  ++bucket_;
}

}  // namespace guccho::runtime
