// The event queue of a simulated world: virtual time jumps from event to event; the seed decides ties.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "node/base/random.h"
#include "node/base/time.h"

namespace guccho::sim {

// Payload is whatever the world wants to be told. Push and pop are O(log n).
template <class Payload>
class Scheduler {
 public:
  explicit Scheduler(uint64_t seed) : rng_(seed) {}

  Instant now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  Instant next_at() const { return heap_.front().at; }

  // An instant in the past means now. Events of one instant come in an order that the seed chose.
  void push(Instant at, Payload payload) {
    heap_.push_back(Item{std::max(at, now_), rng_.next(), std::move(payload)});
    std::push_heap(heap_.begin(), heap_.end(), Later());
  }

  // Advances the time to the next event. The queue must not be empty.
  Payload pop() {
    std::pop_heap(heap_.begin(), heap_.end(), Later());
    now_ = heap_.back().at;
    Payload payload = std::move(heap_.back().payload);
    heap_.pop_back();
    return payload;
  }

 private:
  struct Item {
    Instant at;
    uint64_t tie;
    Payload payload;
  };
  struct Later {
    bool operator()(const Item& a, const Item& b) const { return a.at != b.at ? a.at > b.at : a.tie > b.tie; }
  };

  std::vector<Item> heap_;
  Instant now_{};
  Rng rng_;
};

}  // namespace guccho::sim
