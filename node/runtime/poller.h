// A thin epoll wrapper (level-triggered): one per event loop thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "node/base/time.h"

namespace guccho::runtime {

// Something that waits for events of a file descriptor. Must outlive its registration.
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  // `events` is a set of EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. May destroy the handler itself, never another one:
  // events of one wait() are delivered without looking whether their handlers still live (see Worker::close_later).
  virtual void on_events(uint32_t events) = 0;
  // Whether its events are also taken by Poller::wait_for_clients().
  virtual bool serves_clients() const { return false; }
};

class Poller {
 public:
  static constexpr size_t kMostEvents = 256;

  // `events`: how many handlers one wait() calls at most, 1 to kMostEvents; the others' turn comes with the next ones.
  explicit Poller(size_t events = kMostEvents);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int fd, uint32_t events, EventHandler& handler);
  void modify(int fd, uint32_t events, EventHandler& handler);
  void remove(int fd);
  // Waits at most `timeout` (negative: for ever), then calls the handlers. Returns how many there were.
  int wait(Millis timeout) {
    return wait_then(timeout, [] {});
  }
  // As wait(), calling `awake` between the sleep and the first handler.
  template <class Awake>
  int wait_then(Millis timeout, Awake awake) {
    const int n = sleep(timeout, std::span(events_).first(count_));
    awake();
    deliver(n);
    return n;
  }
  // As wait_then(), for a turn within a turn, from inside a handler: takes only events of connections to clients, and
  // leaves those of the outer wait() alone.
  template <class Awake>
  void wait_for_clients(Millis timeout, Awake awake) {
    std::array<epoll_event, kMostNested> events;
    const int n = sleep(timeout, events);
    awake();
    for (int i = 0; i < n; ++i) {
      auto* handler = static_cast<EventHandler*>(events[static_cast<size_t>(i)].data.ptr);
      if (handler->serves_clients()) handler->on_events(events[static_cast<size_t>(i)].events);
    }
  }

 private:
  static constexpr size_t kMostNested = 64;
  int sleep(Millis timeout, std::span<epoll_event> events);
  void deliver(int count);

  int fd_;
  const size_t count_;
  std::array<epoll_event, kMostEvents> events_;
};

// Wakes a loop from another thread.
class Wakeup : public EventHandler {
 public:
  Wakeup();
  ~Wakeup() override;
  int fd() const { return fd_; }
  void notify();
  void on_events(uint32_t events) override;  // empties the event
  bool serves_clients() const override { return true; }

 private:
  int fd_;
};

}  // namespace guccho::runtime
