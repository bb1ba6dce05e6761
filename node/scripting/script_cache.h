// The scripts that the node knows, by their SHA-1: one cache for all workers. Interpreters compile them for themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "node/scripting/sha1.h"
#include "node/scripting/shebang.h"

namespace guccho::scripting {

struct Script {
  Sha1 sha;
  std::string body;
  ScriptHead head;
  // It was seen to touch keys of several workers.
  std::shared_ptr<std::atomic<bool>> reaches_far = std::make_shared<std::atomic<bool>>(false);
};

// Any thread.
class ScriptCache {
 public:
  using Entry = std::shared_ptr<const Script>;
  // By a name in any letter case; null when there is none.
  Entry find(std::string_view sha) const;
  // Keeps the one that is there already.
  Entry add(Script script);
  void flush();
  // Changes with each flush: what an interpreter compiled before is forgotten.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  size_t size() const;
  size_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> scripts_;
  size_t bytes_ = 0;
  std::atomic<uint64_t> generation_{0};
};

}  // namespace guccho::scripting
