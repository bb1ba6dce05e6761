// The keys of one worker that MIGRATE has sent, or is sending, and that are still here. While the slot is on its way to
// another node, commands on them are treated otherwise than on other keys (Worker::route_by_keys):
//
// - One that is deleted here meanwhile may be there already. A client that was sent there for it (ASK) would find what
//   it deleted, or write what the clean-up then deletes. It is asked to try again until that is settled.
// - One that changes again and again would never arrive: in the end writes to it are put off, too.
//
// Touched by the worker's thread only. Of a node at most one batch of keys is under way, so there is no more to it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace guccho::runtime {

class LeavingKeys {
 public:
  bool empty() const { return keys_.empty(); }
  void add(std::string_view key) { keys_.emplace(key); }
  void remove(std::string_view key) {
    if (const auto it = keys_.find(key); it != keys_.end()) keys_.erase(it);
    if (keys_.empty()) writes_wait_ = false;
  }
  // From now on until all are gone.
  void put_writes_off() { writes_wait_ = true; }

  // Whether a command on this key must be tried again later. `here`: it exists.
  bool holds_back(std::string_view key, bool here, bool writes) const {
    return keys_.contains(key) && (!here || (writes && writes_wait_));
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> keys_;
  bool writes_wait_ = false;
};

}  // namespace guccho::runtime
