// Client-side caching on one worker: which clients have read which of its keys, which prefixes are asked for, and which
// of its own connections are told. Sending the invalidations is the worker's business.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "node/base/random.h"
#include "node/metrics/counter.h"
#include "node/runtime/handoff.h"
#include "node/runtime/pubsub.h"

namespace guccho::runtime {

class Connection;

// Who has read which key. A client that ended or switched caching off is forgotten with the next change of each key.
class TrackingTable {
 public:
  struct Reader {
    uint64_t client = 0;
    uint16_t home = 0;  // its worker
  };
  using Readers = std::vector<Reader>;

  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }
  size_t items() const { return items_; }
  void add(std::string_view key, Reader reader);
  // The readers of a key that changed; they are forgotten.
  Readers take(std::string_view key);
  // A key of those remembered, by chance; must not be empty.
  std::string any_key();
  void clear();

 private:
  struct Entry {
    Readers readers;
    size_t at = 0;  // place in order_
  };
  using Map = StringMap<Entry>;
  void erase(Map::iterator it);

  Map keys_;
  std::vector<Map::value_type*> order_;
  size_t items_ = 0;
  Rng random_{1};
};

struct TrackingState {
  TrackingTable table;
  // The same on every worker: how many connections of which worker ask for a prefix.
  std::map<std::string, std::vector<uint32_t>, std::less<>> prefixes;
  bool wanted = false;  // a key that changes is of interest: table or prefixes are not empty

  std::unordered_set<Connection*> clients;  // own connections with caching on

  // Of the running unit, for own connections; sent after it.
  bool pending = false;
  std::vector<Invalidation> own;
  bool flushed = false;  // all keys went
  // Of this turn, by prefix.
  std::map<std::string, std::shared_ptr<BroadcastKeys>, std::less<>> changed;

  // For INFO.
  metrics::Counter client_count;
  metrics::Counter key_count;
  metrics::Counter item_count;
  metrics::Counter prefix_count;

  void count();
};

}  // namespace guccho::runtime
