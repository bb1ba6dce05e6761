// The two files between an operator and a supervisor, each written whole by one side: `desired` says what shall run,
// `record` says what runs and how the last process ended. Text, one "name value" a line, so that people can read them.
// Values end with the line; a newline in one is written as a blank.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/time.h"
#include "node/supervise/identity.h"

namespace guccho::supervise {

inline constexpr std::string_view kDesiredFile = "desired";
inline constexpr std::string_view kRecordFile = "record";
inline constexpr std::string_view kLockFile = "supervisor.lock";
inline constexpr std::string_view kNodeLogFile = "node.log";
inline constexpr std::string_view kSupervisorLogFile = "supervisor.log";

// Written by the operator.
struct Desired {
  enum class Goal {
    kRun,
    kStop,  // end the node in an orderly way, then the supervisor
  };
  Goal goal = Goal::kRun;
  std::string revision;  // opaque; copied into the record with each start
  // The incarnation that shall run no more: it is ended in an orderly way and a new one started. Any other incarnation
  // is left alone, so that a restart asked for twice happens once.
  std::string restart;
  Millis grace{30000};  // from SIGTERM to SIGKILL
  std::vector<std::string> arguments;
  friend bool operator==(const Desired&, const Desired&) = default;
};
std::string to_text(const Desired& desired);
Result<Desired> parse_desired(std::string_view text);

// How a process ended. That it exists is the proof that the process is dead.
struct ExitRecord {
  ProcessIdentity process;
  std::string how;  // "exited with status 1", "killed by signal 9"
  UnixMillis at{};
  friend bool operator==(const ExitRecord&, const ExitRecord&) = default;
};

// Written by the supervisor, on disk before what it describes has consequences: a process is recorded before it
// executes the node, an exit before the next start.
struct Record {
  enum class State {
    kRunning,
    kStopping,  // told to end
    kWaiting,   // between two processes, until retry_at
    kEnded,     // the supervisor has ended as it was told
  };
  ProcessIdentity supervisor;
  State state = State::kWaiting;
  std::optional<ProcessIdentity> process;  // while running or stopping
  std::string revision;                    // what that process, or the last one, was started with
  UnixMillis since{};                      // of the state
  std::optional<ExitRecord> last_exit;
  uint32_t failures = 0;  // ends in a row that nobody asked for
  UnixMillis retry_at{};
  friend bool operator==(const Record&, const Record&) = default;
};
std::string to_text(const Record& record);
Result<Record> parse_record(std::string_view text);

}  // namespace guccho::supervise
