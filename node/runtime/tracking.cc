// Which clients have read which keys.
#include "node/runtime/tracking.h"

#include <algorithm>

namespace guccho::runtime {

void TrackingTable::add(std::string_view key, Reader reader) {
  auto it = keys_.find(key);
  if (it == keys_.end()) {
    it = keys_.emplace(std::string(key), Entry()).first;
    it->second.at = order_.size();
    order_.push_back(&*it);
  }
  Readers& readers = it->second.readers;
  if (std::ranges::any_of(readers, [&](const Reader& r) { return r.client == reader.client; })) return;
  readers.push_back(reader);
  ++items_;
}

TrackingTable::Readers TrackingTable::take(std::string_view key) {
  const auto it = keys_.find(key);
  if (it == keys_.end()) return {};
  Readers readers = std::move(it->second.readers);
  items_ -= readers.size();
  erase(it);
  return readers;
}

std::string TrackingTable::any_key() {
  return order_[random_.next() % order_.size()]->first;
}

void TrackingTable::clear() {
  keys_.clear();
  order_.clear();
  items_ = 0;
}

void TrackingTable::erase(Map::iterator it) {
  const size_t at = it->second.at;
  order_[at] = order_.back();
  order_[at]->second.at = at;
  order_.pop_back();
  keys_.erase(it);
}

void TrackingState::count() {
  wanted = !table.empty() || !prefixes.empty();
  client_count.set(clients.size());
  key_count.set(table.size());
  item_count.set(table.items());
  prefix_count.set(prefixes.size());
}

}  // namespace guccho::runtime
