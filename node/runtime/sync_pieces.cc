// The order of a full sync's pieces, and how much of them may wait.
#include "node/runtime/sync_pieces.h"

#include <iterator>
#include <utility>

namespace guccho::runtime {
namespace {

size_t bytes_of(const rdb::Chunks& chunks) {
  size_t bytes = 0;
  for (const std::string& chunk : chunks) bytes += chunk.size();
  return bytes;
}

void append(rdb::Chunks& to, rdb::Chunks from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

SyncPieces::State SyncPieces::state(size_t worker) const {
  std::lock_guard lock(mutex_);
  if (cancelled_ || over_) return State::kOver;
  if (ready_bytes_ > limits_.pause) return State::kWait;
  // The open value's worker goes on, or what waits behind that value would wait for ever.
  if (open_ && *open_ != worker && held_bytes_ > limits_.pause) return State::kWait;
  return State::kGo;
}

void SyncPieces::add(rdb::Chunks records) {
  const size_t bytes = bytes_of(records);
  std::lock_guard lock(mutex_);
  // Without what is added, as it may be a single value of any size.
  if (ready_bytes_ + held_bytes_ > limits_.abort) over_ = true;
  append(open_ ? held_ : ready_, std::move(records));
  (open_ ? held_bytes_ : ready_bytes_) += bytes;
}

bool SyncPieces::open(size_t worker) {
  std::lock_guard lock(mutex_);
  if (!open_) open_ = worker;
  return *open_ == worker;
}

void SyncPieces::add_part(rdb::Chunks part, bool last) {
  const size_t bytes = bytes_of(part);
  std::lock_guard lock(mutex_);
  if (ready_bytes_ + held_bytes_ > limits_.abort) over_ = true;
  append(ready_, std::move(part));
  ready_bytes_ += bytes;
  if (!last) return;
  open_.reset();
  append(ready_, std::exchange(held_, {}));
  ready_bytes_ += std::exchange(held_bytes_, 0);
}

void SyncPieces::finished() {
  std::lock_guard lock(mutex_);
  --workers_left_;
}

void SyncPieces::give_up() {
  std::lock_guard lock(mutex_);
  over_ = true;
}

std::optional<SyncPieces::Taken> SyncPieces::take() {
  std::lock_guard lock(mutex_);
  if (over_) return std::nullopt;
  ready_bytes_ = 0;
  return Taken{.pieces = std::exchange(ready_, {}), .last = workers_left_ == 0};
}

void SyncPieces::cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
}

size_t SyncPieces::bytes() const {
  std::lock_guard lock(mutex_);
  return ready_bytes_ + held_bytes_;
}

}  // namespace guccho::runtime
