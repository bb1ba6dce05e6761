// epoll and eventfd.
#include "node/runtime/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace guccho::runtime {
namespace {

// These calls fail only when the process is out of descriptors or memory, or the program is wrong: there is no way on.
void must(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Poller::Poller(size_t events) : fd_(epoll_create1(EPOLL_CLOEXEC)), count_(std::min(events, kMostEvents)) {
  must(fd_, "epoll_create1");
}
Poller::~Poller() {
  close(fd_);
}

void Poller::add(int fd, uint32_t events, EventHandler& handler) {
  epoll_event e{.events = events, .data = {.ptr = &handler}};
  must(epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &e), "epoll_ctl add");
}

void Poller::modify(int fd, uint32_t events, EventHandler& handler) {
  epoll_event e{.events = events, .data = {.ptr = &handler}};
  must(epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &e), "epoll_ctl modify");
}

void Poller::remove(int fd) {
  epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr);
}

int Poller::sleep(Millis timeout, std::span<epoll_event> events) {
  const int n = epoll_wait(fd_, events.data(), static_cast<int>(events.size()), static_cast<int>(timeout.count()));
  return n < 0 ? 0 : n;
}

void Poller::deliver(int count) {
  for (int i = 0; i < count; ++i) static_cast<EventHandler*>(events_[i].data.ptr)->on_events(events_[i].events);
}

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  must(fd_, "eventfd");
}
Wakeup::~Wakeup() {
  close(fd_);
}

void Wakeup::notify() {
  const uint64_t one = 1;
  // A full counter (EAGAIN) means that a wake-up is pending anyway.
  (void)!write(fd_, &one, sizeof one);
}

void Wakeup::on_events(uint32_t) {
  uint64_t count;
  (void)!read(fd_, &count, sizeof count);
}

}  // namespace guccho::runtime
