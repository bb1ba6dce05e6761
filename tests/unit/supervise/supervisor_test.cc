// The supervisor with real processes. A shell stands in for the node.
#include "node/supervise/supervisor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <thread>

#include "node/supervise/files.h"
#include "node/supervise/records.h"

namespace guccho::supervise {
namespace {

constexpr int kWaitMillis = 20000;

bool until(const std::function<bool()>& condition) {
  for (int waited = 0; waited < kWaitMillis; waited += 5) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// For this process and those that it starts: as a kernel or a sandbox without that call has it.
bool refuse_pidfd_open() {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{program.size(), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 &&
         ::syscall(SYS_pidfd_open, ::getpid(), 0) == -1 && errno == ENOSYS;
}

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    std::string name = testing::TempDir() + "guccho-supervisor-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~SupervisorTest() override {
    if (supervisor_ > 0) {
      ::kill(supervisor_, SIGKILL);
      ::waitpid(supervisor_, nullptr, 0);
    }
    if (const auto last = record(); last && last->process && is_running(*last->process)) {
      ::kill(last->process->pid, SIGKILL);
    }
    std::filesystem::remove_all(directory_);
  }

  // Runs as the node.
  void want(const std::string& script, Desired::Goal goal = Desired::Goal::kRun, const std::string& restart = {}) {
    Desired desired;
    desired.goal = goal;
    desired.revision = "r1";
    desired.restart = restart;
    desired.grace = Millis(100);
    desired.arguments = {"-c", script};
    ASSERT_TRUE(write_atomically(path(kDesiredFile), to_text(desired)));
  }
  void start(bool with_pidfd = true) {
    supervisor_ = ::fork();
    if (supervisor_ == 0) {
      if (!with_pidfd && !refuse_pidfd_open()) ::_exit(4);
      const auto done = supervise({directory_, "/bin/sh"});
      if (!done) ::dprintf(2, "%s\n", done.error().text.c_str());
      ::_exit(done ? 0 : 3);
    }
  }
  int supervisor_status() {
    int status = 0;
    ::waitpid(supervisor_, &status, 0);
    supervisor_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string path(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }
  std::optional<Record> record() const {
    const auto text = read_file(path(kRecordFile));
    if (!text) return std::nullopt;
    auto parsed = parse_record(*text);
    EXPECT_TRUE(parsed) << *text;
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  // The node that runs, once it is another one than `before`.
  std::optional<ProcessIdentity> node_after(const std::optional<ProcessIdentity>& before = {}) {
    std::optional<ProcessIdentity> found;
    until([&] {
      const auto now = record();
      if (now && now->state == Record::State::kRunning && now->process && now->process != before) found = now->process;
      return found.has_value();
    });
    return found;
  }
  std::string node_log() const { return read_file(path(kNodeLogFile)).value_or(""); }

  std::string directory_;
  pid_t supervisor_ = -1;
};

constexpr const char* kRuns = "trap 'exit 0' TERM; while :; do sleep 0.02; done";

TEST_F(SupervisorTest, RestartsAKilledNodeAndRecordsHowItEnded) {
  want(kRuns);
  start();
  const auto first = node_after();
  ASSERT_TRUE(first);
  EXPECT_TRUE(is_running(*first));
  ::kill(first->pid, SIGKILL);
  const auto second = node_after(first);
  ASSERT_TRUE(second);
  const auto after = record();
  ASSERT_TRUE(after->last_exit);
  EXPECT_EQ(after->last_exit->process, *first);
  EXPECT_EQ(after->last_exit->how, "killed by signal 9");
  EXPECT_EQ(after->failures, 1u);
  EXPECT_EQ(after->revision, "r1");
}

TEST_F(SupervisorTest, StopEndsNodeAndSupervisor) {
  want(kRuns);
  start();
  const auto node = node_after();
  ASSERT_TRUE(node);
  want(kRuns, Desired::Goal::kStop);
  EXPECT_EQ(supervisor_status(), 0);
  EXPECT_FALSE(is_running(*node));
  EXPECT_EQ(record()->state, Record::State::kEnded);
  EXPECT_EQ(record()->process, std::nullopt);
}

TEST_F(SupervisorTest, ANodeThatIgnoresTheEndIsKilledAfterTheGrace) {
  want("trap '' TERM; echo ready; while :; do sleep 0.02; done");
  start();
  ASSERT_TRUE(until([&] { return node_log() == "ready\n"; }));
  ::kill(supervisor_, SIGTERM);
  EXPECT_EQ(supervisor_status(), 0);
  EXPECT_EQ(record()->last_exit->how, "killed by signal 9");
}

TEST_F(SupervisorTest, AFrozenNodeEndsInAnOrderlyWay) {
  want(kRuns);
  start();
  const auto node = node_after();
  ASSERT_TRUE(node);
  ASSERT_EQ(::kill(node->pid, SIGSTOP), 0);
  want("exit 0", Desired::Goal::kStop);
  EXPECT_EQ(supervisor_status(), 0);
}

TEST_F(SupervisorTest, RestartByIncarnationTakesTheNewArguments) {
  want("echo one; " + std::string(kRuns));
  start();
  const auto first = node_after();
  ASSERT_TRUE(first);
  want("echo two; " + std::string(kRuns), Desired::Goal::kRun, first->str());
  const auto second = node_after(first);
  ASSERT_TRUE(second);
  EXPECT_TRUE(until([&] { return node_log().ends_with("two\n"); }));
  EXPECT_EQ(record()->failures, 0u);
}

TEST_F(SupervisorTest, ANewSupervisorAdoptsTheNodeOfAKilledOne) {
  want("echo ready; " + std::string(kRuns));
  start();
  const auto node = node_after();
  ASSERT_TRUE(node);
  // Recorded comes before running: killed in between, the supervisor takes the process with it.
  ASSERT_TRUE(until([&] { return node_log() == "ready\n"; }));
  const auto old = record()->supervisor;
  ::kill(supervisor_, SIGKILL);
  supervisor_status();
  EXPECT_TRUE(is_running(*node)) << "a node outlives its supervisor";
  start();
  ASSERT_TRUE(until([&] { return record()->supervisor != old; }));
  EXPECT_EQ(record()->process, node);
  ::kill(node->pid, SIGKILL);
  const auto next = node_after(node);
  ASSERT_TRUE(next);
  EXPECT_EQ(record()->last_exit->process, *node);
}

TEST_F(SupervisorTest, AdoptsWithoutADescriptorOfTheProcessToo) {
  want("trap '' TERM; echo ready; while :; do sleep 0.02; done");
  start();
  const auto node = node_after();
  ASSERT_TRUE(node);
  ASSERT_TRUE(until([&] { return node_log() == "ready\n"; }));
  const auto old = record()->supervisor;
  ::kill(supervisor_, SIGKILL);
  supervisor_status();
  start(/*with_pidfd=*/false);
  ASSERT_TRUE(until([&] { return record()->supervisor != old; }));
  EXPECT_EQ(record()->process, node) << "that the kernel gives no descriptor is no death";
  EXPECT_TRUE(is_running(*node));
  // Its end is seen, and another one started.
  want(kRuns);
  ::kill(node->pid, SIGKILL);
  const auto next = node_after(node);
  ASSERT_TRUE(next);
  EXPECT_EQ(record()->last_exit->process, *node);
}

TEST_F(SupervisorTest, EndsWhatItAdoptedWithoutADescriptor) {
  for (const char* script : {"trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done",
                             "trap '' TERM; echo ready; while :; do sleep 0.02; done"}) {
    want(script);
    ::unlink(path(kNodeLogFile).c_str());
    start();
    const auto node = node_after(record() ? record()->process : std::nullopt);
    ASSERT_TRUE(node);
    ASSERT_TRUE(until([&] { return node_log() == "ready\n"; }));
    const auto old = record()->supervisor;
    ::kill(supervisor_, SIGKILL);
    supervisor_status();
    start(/*with_pidfd=*/false);
    ASSERT_TRUE(until([&] { return record()->supervisor != old; }));
    ::kill(supervisor_, SIGTERM);
    EXPECT_EQ(supervisor_status(), 0) << script;
    EXPECT_FALSE(is_running(*node)) << script;
    EXPECT_EQ(record()->state, Record::State::kEnded);
  }
}

TEST_F(SupervisorTest, ARecordThatCannotBeReadLetsNoSecondNodeStart) {
  want(kRuns);
  // There is something, and it cannot be read.
  std::filesystem::create_symlink(kRecordFile, path(kRecordFile));
  start();
  int status = 0;
  ASSERT_TRUE(until([&] { return ::waitpid(supervisor_, &status, WNOHANG) == supervisor_; }));
  supervisor_ = -1;
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(node_log(), "");
}

TEST_F(SupervisorTest, TwoOnOneDirectoryAreRefused) {
  want(kRuns);
  start();
  ASSERT_TRUE(node_after());
  const auto second = supervise({directory_, "/bin/sh"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text, fmt::format("{} is in use by process {}", directory_, supervisor_));
}

TEST_F(SupervisorTest, ABadDesiredStateChangesNothing) {
  want(kRuns);
  start();
  const auto node = node_after();
  ASSERT_TRUE(node);
  ASSERT_TRUE(write_atomically(path(kDesiredFile), "nonsense\n"));
  want(kRuns, Desired::Goal::kRun, "other/1/1");
  ::kill(supervisor_, SIGTERM);
  EXPECT_EQ(supervisor_status(), 0);
  EXPECT_EQ(record()->last_exit->process, *node);
}

TEST_F(SupervisorTest, RefusesToBeginWithoutADesiredState) {
  start();
  EXPECT_EQ(supervisor_status(), 3);
  EXPECT_FALSE(record());
}

}  // namespace
}  // namespace guccho::supervise
