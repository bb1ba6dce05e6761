// A bounded queue from one producer thread to one consumer thread, without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace guccho::runtime {

// Capacity is a power of two. push() says false when full and leaves the value with the caller.
template <class T, size_t kCapacity>
class SpscQueue {
  static_assert((kCapacity & (kCapacity - 1)) == 0);

 public:
  bool push(T& value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    cells_[tail & (kCapacity - 1)] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  bool pop(T& out) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    out = std::move(cells_[head & (kCapacity - 1)]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }
  // The consumer: what pop() takes next; null when there is nothing.
  const T* front() const {
    const size_t head = head_.load(std::memory_order_relaxed);
    return head == tail_.load(std::memory_order_acquire) ? nullptr : &cells_[head & (kCapacity - 1)];
  }
  // Either side; exact only for what the caller itself did.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

 private:
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
  alignas(64) std::array<T, kCapacity> cells_{};
};

}  // namespace guccho::runtime
