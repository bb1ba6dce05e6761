// WATCH: which keys of one worker are observed by whom. Breaking is one store to the watcher's shared flag, so a
// watcher may live on any worker.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/base/time.h"
#include "node/commands/session.h"

namespace guccho::runtime {

class WatchTable {
 public:
  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }

  // `expires`: when the key expires as it is now; nothing when it does not, or does not exist.
  void add(std::string_view key, const commands::WatchFlag& flag, UnixMillis expires, bool has_expiry);
  // The key changed.
  void touch(std::string_view key);
  // All keys are about to go (FLUSHALL): breaks the watches on those that exist, as `exists` tells.
  void touch_existing(const std::function<bool(std::string_view key)>& exists);
  // Breaks watches on keys that have expired since, and forgets watchers that are gone. Amortised by the caller:
  // O(all).
  void sweep(UnixMillis now);

 private:
  struct Watcher {
    std::weak_ptr<std::atomic<bool>> flag;
    UnixMillis expires{};
    bool has_expiry = false;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::unordered_map<std::string, std::vector<Watcher>, Hash, std::equal_to<>> keys_;
};

}  // namespace guccho::runtime
