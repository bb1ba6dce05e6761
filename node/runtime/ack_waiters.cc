// Who waits for what, and who need not any longer.
#include "node/runtime/ack_waiters.h"

#include <algorithm>

namespace guccho::runtime {
namespace {

// Of WAITAOF the first number is that of our own append-only files.
std::string wait_reply(commands::Acknowledged what, int64_t replicas) {
  return (what == commands::Acknowledged::kInFile ? "*2\r\n:0\r\n:" : ":") + std::to_string(replicas) + "\r\n";
}

}  // namespace

int64_t AckWaiters::replicas_that_reached(const Waiter& waiter) const {
  return std::ranges::count_if(replicas_, [&](const Position& p) {
    return (waiter.what == commands::Acknowledged::kInFile ? p.in_file : p.applied) >= waiter.position;
  });
}

std::optional<AckWaiters::Answer> AckWaiters::add(const Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  const int64_t reached = replicas_that_reached(waiter);
  if (reached >= waiter.replicas) return Answer{waiter.reply_to, wait_reply(waiter.what, reached)};
  const uint64_t client = waiter.reply_to.client_id;
  waiters_.emplace(Place(waiter.position, client), waiter);
  positions_.emplace(client, waiter.position);
  if (waiter.deadline) deadlines_.emplace(*waiter.deadline, client);
  return std::nullopt;
}

void AckWaiters::erase(std::map<Place, Waiter>::iterator at) {
  const Waiter& waiter = at->second;
  const uint64_t client = waiter.reply_to.client_id;
  if (waiter.deadline) deadlines_.erase({*waiter.deadline, client});
  positions_.erase(client);
  waiters_.erase(at);
}

AckWaiters::Answer AckWaiters::take(std::map<Place, Waiter>::iterator at) {
  const Waiter& waiter = at->second;
  Answer answer{waiter.reply_to, wait_reply(waiter.what, replicas_that_reached(waiter))};
  erase(at);
  return answer;
}

std::vector<AckWaiters::Answer> AckWaiters::update(std::vector<Position> replicas, Instant now) {
  std::vector<Answer> answers;
  const std::lock_guard lock(mutex_);
  replicas_ = std::move(replicas);
  int64_t furthest = -1;
  for (const Position& p : replicas_) furthest = std::max({furthest, p.applied, p.in_file});
  // Who waits for what no replica has waits on.
  for (auto at = waiters_.begin(); at != waiters_.end() && at->second.position <= furthest;) {
    const auto here = at++;
    if (replicas_that_reached(here->second) >= here->second.replicas) answers.push_back(take(here));
  }
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const uint64_t client = deadlines_.begin()->second;
    answers.push_back(take(waiters_.find({positions_.at(client), client})));
  }
  return answers;
}

std::optional<AckWaiters::Answer> AckWaiters::unblock(uint64_t client, bool with_error) {
  const std::lock_guard lock(mutex_);
  const auto position = positions_.find(client);
  if (position == positions_.end()) return std::nullopt;
  Answer answer = take(waiters_.find({position->second, client}));
  if (with_error) answer.reply = "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n";
  return answer;
}

void AckWaiters::forget(uint64_t client) {
  const std::lock_guard lock(mutex_);
  const auto position = positions_.find(client);
  if (position != positions_.end()) erase(waiters_.find({position->second, client}));
}

std::vector<commands::Deferred> AckWaiters::take_all() {
  std::vector<commands::Deferred> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [place, waiter] : waiters_) all.push_back(waiter.reply_to);
  waiters_.clear();
  positions_.clear();
  deadlines_.clear();
  return all;
}

std::optional<Instant> AckWaiters::next_deadline() const {
  const std::lock_guard lock(mutex_);
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

size_t AckWaiters::size() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

}  // namespace guccho::runtime
