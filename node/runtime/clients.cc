// A worker's connections: what they may take of the node, and their end.
//
// maxmemory-clients is the node's, connections are a worker's. As in redis-server the largest client goes first. Each
// worker publishes what its clients take and how large the largest is that may be closed, at least; whoever finds the
// limit reached closes its own largest, or wakes the worker that has a larger one, which looks how large it is now and
// does the same.
#include <algorithm>
#include <vector>

#include "node/base/log.h"
#include "node/commands/client_text.h"
#include "node/runtime/client_memory.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"

namespace guccho::runtime {
namespace {

// Unsent replies of a client that has yet to authenticate; redis-server's reply buffer, and the 1024 bytes behind it
// that it allows.
constexpr size_t kMostUnauthenticated = 16 * 1024 + 1024;
// For how long nobody looks again when all clients that may be closed are gone.
constexpr uint64_t kEvictionPause = 100'000'000;

bool may_be_evicted(const Connection& c) {
  return !c.no_evict && !c.closing();
}

}  // namespace

uint64_t client_memory_limit(const config::Config& config) {
  constexpr uint64_t kLeast = 128 * 1024;
  const config::MemoryOrPercent& given = config.maxmemory_clients;
  const auto share = static_cast<double>(config.maxmemory) * given.percent / 100;
  const uint64_t limit = given.percent != 0 ? static_cast<uint64_t>(share) : given.bytes;
  return limit == 0 ? 0 : std::max(limit, kLeast);
}

// ---- limits of one ----

bool Worker::over_output_limit(Connection& c) const {
  if (!c.authenticated && node_.password_required() && c.output_bytes() > kMostUnauthenticated) return true;
  const bool subscriber = c.kind == commands::SessionKind::kPubsub;
  const config::BufferLimit& limit = subscriber ? config_->client_output_pubsub : config_->client_output_normal;
  return c.output_limit.exceeded(limit, c.output_bytes(), now_);
}

void Worker::close_if_over_limit(Connection& c) {
  if (c.closing() || !over_output_limit(c)) return;
  log::warning("Client id={} addr={} closed for overcoming of output buffer limits.", c.id, c.address);
  stats_.output_limit_disconnections.add();
  c.close_soon();
}

// ---- the limit of all ----

void Worker::count_memory(Connection& c) {
  const size_t now = c.closing() ? 0 : c.memory();
  // Before the sum, so that who finds the limit reached knows of the client that reached it.
  if (may_be_evicted(c)) largest_client_.raise_to(now);
  const uint64_t others = client_memory_.load(std::memory_order_relaxed) - c.counted_memory;
  client_memory_.store(others + now, std::memory_order_release);
  c.counted_memory = now;
}

uint64_t Worker::memory_of_all_clients() const {
  uint64_t sum = 0;
  for (uint16_t i = 0; i < count_; ++i) sum += node_.worker(i).client_memory_.load(std::memory_order_acquire);
  return sum;
}

void Worker::evict_clients() {
  const uint64_t limit = client_memory_limit(*config_);
  if (limit == 0 || memory_of_all_clients() < limit || nanos_now() < evict_clients_not_before_) return;
  std::vector<Connection*> heap;
  for (const auto& [id, c] : connections_) {
    count_memory(*c);
    if (may_be_evicted(*c)) heap.push_back(c.get());
  }
  std::ranges::make_heap(heap, {}, &Connection::counted_memory);
  while (memory_of_all_clients() >= limit) {
    largest_client_.set(heap.empty() ? 0 : heap.front()->counted_memory);
    Worker* larger = nullptr;
    uint64_t largest = largest_client_.value();
    for (uint16_t i = 0; i < count_; ++i) {
      Worker& w = node_.worker(i);
      if (w.largest_client_.value() <= largest) continue;
      larger = &w;
      largest = w.largest_client_.value();
    }
    if (larger != nullptr) return larger->wake();
    if (heap.empty()) {
      evict_clients_not_before_ = nanos_now() + kEvictionPause;
      return;
    }
    std::ranges::pop_heap(heap, {}, &Connection::counted_memory);
    Connection& c = *heap.back();
    heap.pop_back();
    log::notice("Evicting client: {}", commands::describe_client(c, now_));
    stats_.evicted_clients.add();
    c.close_soon();
    count_memory(c);
    if (c.in_flush_list) std::erase(flush_list_, &c);  // put off to the next turn, which it does not see
  }
  largest_client_.set(heap.empty() ? 0 : heap.front()->counted_memory);
}

// ---- the timer's part ----

void Worker::look_after_clients() {
  size_t input = 0;
  size_t output = 0;
  size_t buffers = 0;
  size_t subscribers = 0;
  size_t largest = 0;
  deferred_ = 0;
  const bool once_a_second = periodic_count_ % config_->hz == 0;
  for (const auto& [id, c] : connections_) {
    count_memory(*c);
    if (may_be_evicted(*c)) largest = std::max(largest, c->counted_memory);
    // CLUSTER commands, answered when they are on disk, do not wait for anything in redis-server.
    if (c->held() == Hold::kDeferred && c->last_command->group != "cluster") ++deferred_;
    if (c->kind == commands::SessionKind::kPubsub) ++subscribers;
    input = std::max(input, c->query_buffer_used);
    output = std::max(output, c->output_bytes());
    buffers += c->query_buffer_used + c->query_buffer_free + c->output_bytes();
    if (!once_a_second) continue;
    c->shrink_buffers();
    close_if_over_limit(*c);
    const bool idle_limit = config_->timeout.count() != 0 && c->kind == commands::SessionKind::kNormal;
    if (idle_limit && c->held() == Hold::kNone && now_ - c->last_interaction > config_->timeout) c->close_soon();
  }
  largest_client_.set(largest);
  count_blocked();
  stats_.pubsub_clients.set(subscribers);
  stats_.max_input_buffer.set(input);
  stats_.max_output_buffer.set(output);
  stats_.client_buffer_bytes.set(buffers);
}

// ---- the end ----

void Worker::reap_connections() {
  for (const uint64_t id : dead_) {
    const auto it = connections_.find(id);
    if (it == connections_.end()) continue;
    if (it->second->kind == commands::SessionKind::kMonitor) node_.stop_monitor(*it->second);
    if (it->second->subscriptions) leave_channels(*it->second);
    if (it->second->tracking) leave_tracking(*it->second);
    leave_blocked(*it->second);
    count_memory(*it->second);
    connections_.erase(it);
    node_.client_left();
  }
  if (!dead_.empty()) stats_.connected_clients.set(connections_.size());
  dead_.clear();
  dead_told_ = 0;
}

}  // namespace guccho::runtime
