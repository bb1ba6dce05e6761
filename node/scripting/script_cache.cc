// Keeping scripts.
#include "node/scripting/script_cache.h"

namespace guccho::scripting {

ScriptCache::Entry ScriptCache::find(std::string_view sha) const {
  std::string name(sha);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const std::lock_guard lock(mutex_);
  const auto it = scripts_.find(name);
  return it == scripts_.end() ? nullptr : it->second;
}

ScriptCache::Entry ScriptCache::add(Script script) {
  std::string name(view(script.sha));
  const std::lock_guard lock(mutex_);
  Entry& entry = scripts_[std::move(name)];
  if (!entry) {
    bytes_ += script.body.size();
    entry = std::make_shared<const Script>(std::move(script));
  }
  return entry;
}

void ScriptCache::flush() {
  const std::lock_guard lock(mutex_);
  scripts_.clear();
  bytes_ = 0;
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

size_t ScriptCache::size() const {
  const std::lock_guard lock(mutex_);
  return scripts_.size();
}

size_t ScriptCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace guccho::scripting
