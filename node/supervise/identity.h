// Which process: a process id alone is reused, so the boot and the start time belong to it. Two equal identities are
// the same run of the same process, for ever.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace guccho::supervise {

struct ProcessIdentity {
  std::string boot_id;  // /proc/sys/kernel/random/boot_id
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since the boot, field 22 of /proc/PID/stat

  // "BOOT_ID/PID/START_TIME": the incarnation that the admin service and the operator speak of.
  std::string str() const;
  static std::optional<ProcessIdentity> parse(std::string_view text);
  friend auto operator<=>(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// What /proc/PID/stat says that matters here. `dead`: a zombie, which holds nothing and serves nothing any more.
struct ProcStat {
  uint64_t start_time = 0;
  bool dead = false;
};
// Nothing when the text is not that of a stat file. The second field may hold blanks and parentheses.
std::optional<ProcStat> parse_proc_stat(std::string_view text);

// Of a process that exists; an error when it does not, or is dead and waits to be reaped.
Result<ProcessIdentity> identity_of(pid_t pid);
Result<ProcessIdentity> own_identity();

// What /proc, the kernel's own word, says of a process. Assumes one PID namespace for all that share a data directory.
enum class Presence {
  kRunning,
  kGone,     // proof: no process has this number, or another one has it, or it is a zombie, or the machine booted since
  kUnknown,  // /proc could not be read (no descriptors or memory left, an I/O error): nothing is proved
};
Presence presence_of(const ProcessIdentity& process);

// True: that very process exists and is not dead. False is no proof that it is gone: for that, ask presence_of().
bool is_running(const ProcessIdentity& process);

}  // namespace guccho::supervise
