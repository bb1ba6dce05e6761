// Process identities: their text, /proc/PID/stat with hostile names, and who counts as running.
#include "node/supervise/identity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "node/supervise/files.h"

namespace guccho::supervise {
namespace {

TEST(ProcessIdentity, TextGoesThereAndBack) {
  const ProcessIdentity identity{"5e0c1b2a-0000-4000-8000-000000000001", 4711, 123456};
  EXPECT_EQ(identity.str(), "5e0c1b2a-0000-4000-8000-000000000001/4711/123456");
  EXPECT_EQ(ProcessIdentity::parse(identity.str()), identity);
}

TEST(ProcessIdentity, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "//", "boot", "boot/1", "/1/2", "boot/0/2", "boot/-1/2", "boot/1/", "boot/1/x",
                           "boot/1/2/3", "boot/99999999999/2"}) {
    EXPECT_EQ(ProcessIdentity::parse(text), std::nullopt) << text;
  }
}

TEST(ProcStat, ReadsStartTimeAndState) {
  const std::string tail = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 19";
  EXPECT_EQ(parse_proc_stat("42 (node) S" + tail)->start_time, 777u);
  EXPECT_FALSE(parse_proc_stat("42 (node) S" + tail)->dead);
  EXPECT_TRUE(parse_proc_stat("42 (node) Z" + tail)->dead);
  EXPECT_FALSE(parse_proc_stat("42 (a) Z (b) T" + tail)->dead) << "the last parenthesis ends the name";
  EXPECT_EQ(parse_proc_stat("42 (node) S 1 2"), std::nullopt);
  EXPECT_EQ(parse_proc_stat("nonsense"), std::nullopt);
}

TEST(IsRunning, KnowsALivingAZombieAndAReusedNumber) {
  const auto self = own_identity();
  ASSERT_TRUE(self);
  EXPECT_TRUE(is_running(*self));
  ProcessIdentity earlier = *self;
  earlier.start_time -= 1;
  EXPECT_FALSE(is_running(earlier)) << "another process that had this number";
  ProcessIdentity before_boot = *self;
  before_boot.boot_id = "other";
  EXPECT_FALSE(is_running(before_boot));

  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(gate[1]);
    char byte = 0;
    ::_exit(::read(gate[0], &byte, 1) == 0 ? 0 : 1);
  }
  const auto identity = identity_of(child);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(is_running(*identity));
  ::close(gate[1]);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_running(*identity)) << "a zombie is dead";
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_running(*identity));
  ::close(gate[0]);
}

// Leaves this process no file descriptor to open while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(PresenceOf, AProbeThatFailsProvesNothing) {
  const auto self = own_identity();
  ASSERT_TRUE(self);
  EXPECT_EQ(presence_of(*self), Presence::kRunning);
  {
    const NoDescriptors none;
    EXPECT_EQ(presence_of(*self), Presence::kUnknown);
    EXPECT_FALSE(is_running(*self));
  }
  EXPECT_EQ(presence_of(*self), Presence::kRunning);

  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto identity = identity_of(child);
  ASSERT_TRUE(identity);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(presence_of(*identity), Presence::kGone) << "no such process";
  ProcessIdentity another = *self;
  another.start_time -= 1;
  EXPECT_EQ(presence_of(another), Presence::kGone) << "another has its number";
}

TEST(ReadFileIfThere, IsNothingOnlyWhereThereIsCertainlyNone) {
  EXPECT_EQ(*read_file_if_there("/no/such/file"), std::nullopt);
  EXPECT_TRUE(read_file_if_there("/proc/self/stat")->has_value());
  const NoDescriptors none;
  EXPECT_FALSE(read_file_if_there("/proc/self/stat"));
}

}  // namespace
}  // namespace guccho::supervise
