// A directory's lock, and holders that died.
#include "node/supervise/directory_lock.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace guccho::supervise {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class DirectoryLockTest : public testing::Test {
 protected:
  DirectoryLockTest() {
    std::string name = testing::TempDir() + "guccho-lock-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~DirectoryLockTest() override {
    end_child();
    std::filesystem::remove_all(directory_);
  }

  // A process takes the lock, forks, and ends. Its child has the lock still.
  pid_t holder_dies() {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
      const auto lock = DirectoryLock::take(directory_, "lock");
      if (!lock) ::_exit(1);
      const pid_t child = ::fork();
      if (child == 0) {
        for (;;) ::pause();
      }
      (void)!::write(pipe[1], &child, sizeof child);
      ::_exit(0);
    }
    EXPECT_EQ(::read(pipe[0], &child_, sizeof child_), static_cast<ssize_t>(sizeof child_));
    ::close(pipe[0]);
    ::close(pipe[1]);
    int status = -1;
    EXPECT_EQ(::waitpid(holder, &status, 0), holder);
    EXPECT_EQ(status, 0);
    return holder;
  }

  void end_child() {
    if (child_ > 0) ::kill(child_, SIGKILL);
    child_ = 0;
  }

  std::string directory_;
  pid_t child_ = 0;
};

TEST_F(DirectoryLockTest, IsOneProcesssAtATime) {
  const auto begin = steady_clock::now();
  {
    const auto first = DirectoryLock::take(directory_, "lock");
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::take(directory_, "lock");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text, fmt::format("{} is in use by process {}", directory_, ::getpid()));
    EXPECT_LT(steady_clock::now() - begin, 900ms) << "nothing to wait for";
  }
  EXPECT_TRUE(DirectoryLock::take(directory_, "lock"));
}

TEST_F(DirectoryLockTest, WhatADeadHolderStartedIsWaitedFor) {
  holder_dies();
  std::jthread later([this] {
    std::this_thread::sleep_for(100ms);
    end_child();
  });
  const auto lock = DirectoryLock::take(directory_, "lock");
  ASSERT_TRUE(lock) << lock.error().text;
}

TEST_F(DirectoryLockTest, ButNotForLong) {
  const pid_t holder = holder_dies();
  const auto lock = DirectoryLock::take(directory_, "lock");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().text, fmt::format("{} is in use by process {}", directory_, holder));
}

}  // namespace
}  // namespace guccho::supervise
