// Scripts that have run for longer than busy-reply-threshold: what SCRIPT KILL and FUNCTION KILL can end, what makes
// others be answered -BUSY, and what FUNCTION STATS shows. Shorter ones are nobody's business and leave no trace here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::scripting {

inline constexpr std::string_view kBusyWithScript =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
inline constexpr std::string_view kBusyWithFunction =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";

// Known to its own worker and to those who ask for its end. Whether it wrote or was killed is one decision: the first
// of both holds.
class BusyScript {
 public:
  bool is_function = false;
  bool from_primary = false;         // of the replication stream
  std::string name;                  // of the function
  std::vector<std::string> command;  // as it was called
  std::chrono::steady_clock::time_point started;

  // Before each of its writes; from the first on it cannot be killed any more. False: it was killed and must not write.
  bool begin_write() { return move_to(State::kWritten); }
  // False: it has written.
  bool kill() { return move_to(State::kKilled); }
  bool written() const { return state_.load() == State::kWritten; }
  bool killed() const { return state_.load() == State::kKilled; }

  // What others are answered.
  std::string_view refusal() const { return is_function ? kBusyWithFunction : kBusyWithScript; }
  // By which it ends once it was killed.
  std::string_view kill_text() const {
    return is_function ? "Script killed by user with FUNCTION KILL." : "Script killed by user with SCRIPT KILL.";
  }

 private:
  enum class State : uint8_t { kRunning, kWritten, kKilled };
  bool move_to(State wanted) {
    State now = State::kRunning;
    return state_.compare_exchange_strong(now, wanted) || now == wanted;
  }
  std::atomic<State> state_{State::kRunning};
};
using BusyScriptPtr = std::shared_ptr<BusyScript>;

// Any thread.
class BusyScripts {
 public:
  void add(BusyScriptPtr script);
  void remove(const BusyScriptPtr& script);
  bool any() const { return count_.load(std::memory_order_acquire) != 0; }
  // One of them, or null.
  BusyScriptPtr one() const;
  // Marks every one that may be killed by this command; the error when there was none. With several workers several
  // scripts may run: those that may not be killed are an error only when there is no other.
  std::string_view kill(bool functions);

 private:
  mutable std::mutex mutex_;
  std::vector<BusyScriptPtr> scripts_;
  std::atomic<size_t> count_{0};
};

}  // namespace guccho::scripting
