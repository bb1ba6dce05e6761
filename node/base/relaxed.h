// A number that one thread writes and any thread reads, without order to anything else: counters of a worker.
#pragma once

#include <atomic>

namespace guccho {

template <class T>
class Relaxed {
 public:
  constexpr Relaxed() = default;
  T get() const { return value_.load(std::memory_order_relaxed); }
  // The writer's alone: a plain load and store, no locked instruction.
  void set(T value) { value_.store(value, std::memory_order_relaxed); }
  void add(T delta) { set(static_cast<T>(get() + delta)); }
  void subtract(T delta) { set(static_cast<T>(get() - delta)); }

 private:
  std::atomic<T> value_{};
};

}  // namespace guccho
