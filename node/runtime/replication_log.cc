// The log's segments, reservations and the committed prefix.
#include "node/runtime/replication_log.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "node/config/config.h"

namespace guccho::runtime {

static_assert(ReplicationLog::kMaxSegments * ReplicationLog::kSegmentBytes >= 2 * config::kMaxReplBacklog);

ReplicationLog::ReplicationLog(size_t writers, size_t segments) : in_flight_(writers), segments_(segments) {
  for (InFlight& f : in_flight_) f.from.store(kIdle, std::memory_order_relaxed);
}

ReplicationLog::~ReplicationLog() {
  drop_segments();
  delete spare_.load();
}

void ReplicationLog::drop_segments() {
  for (std::atomic<Segment*>& s : segments_) delete s.exchange(nullptr);
}

void ReplicationLog::restart(int64_t offset) {
  drop_segments();
  head_.store(offset);
  first_.store(offset);
  active_.store(true, std::memory_order_release);
}

ReplicationLog::Segment* ReplicationLog::segment_for_writing(int64_t number) {
  std::atomic<Segment*>& cell = segments_[static_cast<size_t>(number) % segments_.size()];
  for (;;) {
    Segment* s = cell.load(std::memory_order_acquire);
    if (s != nullptr && s->number == number) return s;
    if (s != nullptr) {
      std::this_thread::yield();  // as much is kept as can be: the reader has to trim first
      continue;
    }
    Segment* fresh = spare_.exchange(nullptr, std::memory_order_acq_rel);
    if (fresh == nullptr) fresh = new Segment;
    fresh->number = number;
    if (cell.compare_exchange_strong(s, fresh, std::memory_order_acq_rel)) return fresh;
    delete fresh;
  }
}

int64_t ReplicationLog::append(size_t writer, std::string_view bytes) {
  if (!active() || bytes.empty()) return head_.load(std::memory_order_seq_cst);
  std::atomic<int64_t>& mine = in_flight_[writer].from;
  // Announce a lower bound before reserving, so that committed() never passes a range that is reserved but not copied.
  mine.store(head_.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
  const int64_t start = head_.fetch_add(static_cast<int64_t>(bytes.size()), std::memory_order_seq_cst);
  int64_t at = start;
  while (!bytes.empty()) {
    Segment* s = segment_for_writing(at / static_cast<int64_t>(kSegmentBytes));
    const size_t offset = static_cast<size_t>(at % static_cast<int64_t>(kSegmentBytes));
    const size_t n = std::min(bytes.size(), kSegmentBytes - offset);
    std::memcpy(s->bytes + offset, bytes.data(), n);
    bytes.remove_prefix(n);
    at += static_cast<int64_t>(n);
    // What is there may be read and trimmed, lest a range for which there is no room waits for itself.
    if (!bytes.empty()) mine.store(at, std::memory_order_seq_cst);
  }
  mine.store(kIdle, std::memory_order_seq_cst);
  return at;
}

int64_t ReplicationLog::committed() const {
  // Read the head first: a range below it was announced before it was reserved, so it is seen below or is complete.
  int64_t until = head_.load(std::memory_order_seq_cst);
  for (const InFlight& f : in_flight_) until = std::min(until, f.from.load(std::memory_order_seq_cst));
  return until;
}

std::string_view ReplicationLog::read(int64_t from, int64_t until) const {
  if (from >= until) return {};
  const int64_t size = static_cast<int64_t>(kSegmentBytes);
  const Segment* s = segments_[static_cast<size_t>(from / size) % segments_.size()].load(std::memory_order_acquire);
  const int64_t end = std::min(until, (from / size + 1) * size);
  return {s->bytes + from % size, static_cast<size_t>(end - from)};
}

void ReplicationLog::trim(int64_t keep_from) {
  const int64_t size = static_cast<int64_t>(kSegmentBytes);
  int64_t first = first_.load(std::memory_order_relaxed);
  while ((first / size + 1) * size <= keep_from) {
    Segment* s =
        segments_[static_cast<size_t>(first / size) % segments_.size()].exchange(nullptr, std::memory_order_acq_rel);
    Segment* expected = nullptr;
    if (s != nullptr && !spare_.compare_exchange_strong(expected, s, std::memory_order_acq_rel)) delete s;
    first = (first / size + 1) * size;
  }
  first_.store(first, std::memory_order_release);
}

}  // namespace guccho::runtime
