// One run of a script on a worker: what it may do, what it did, and what happens when it takes too long.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "node/commands/context.h"
#include "node/commands/scripting.h"
#include "node/runtime/worker.h"
#include "node/scripting/host.h"
#include "node/scripting/running.h"
#include "node/scripting/shebang.h"

namespace guccho::runtime {

// The worker whose thread this is; null on other threads.
extern thread_local Worker* current_worker;

class ScriptRun final : public scripting::ScriptHost {
 public:
  // `far` is the script's own mark.
  ScriptRun(Worker& worker, commands::Context& context, const commands::ScriptCall& call, uint32_t flags,
            std::atomic<bool>& far);
  ~ScriptRun() override;

  // Why it may not run at all; empty when it may.
  std::string_view refusal() const;
  // Ends what a long run began, and closes the unit of what it replicated. Call before the reply is handed out.
  void finish();
  // Something is about to be replicated: whether the script wants that.
  bool note_effect();

  // ---- ScriptHost ----
  void call(std::span<const std::string_view> args, resp::Version version, resp::Buffer& reply) override;
  scripting::Permission may_call(std::span<const std::string_view> args) override;
  void log(int level, std::string_view text) override;
  void set_replication(unsigned targets) override { targets_ = targets; }
  std::string_view interrupt() override;

 private:
  friend class Worker;
  std::string why_not(const commands::CommandSpec* spec, std::span<const std::string_view> args) const;
  bool is_stale() const;
  // Takes the node for itself. False: another script is doing so.
  bool reach();
  // The error when that fails.
  std::string_view another_reaches() const;
  void enter_busy();

  Worker& worker_;
  Node& node_;
  commands::Context& context_;
  const commands::ScriptCall& call_;
  const uint32_t flags_;
  std::atomic<bool>& far_;
  const bool compatible_;
  const bool read_only_;
  const bool from_primary_;
  const bool out_of_memory_;  // when it began
  std::optional<Slot> slot_;  // of its keys
  bool written_ = false;
  unsigned targets_ = scripting::kReplicateToLog | scripting::kReplicateToReplicas;
  const uint64_t started_;  // nanoseconds
  const uint64_t command_start_;
  const UnixMillis now_;
  bool finished_ = false;

  // Where its effects begin in the worker's batch, and how many there are.
  size_t mark_;
  size_t effects_ = 0;

  scripting::BusyScriptPtr busy_;
  bool holds_section_ = false;  // busy, and all others are parked
};

}  // namespace guccho::runtime
