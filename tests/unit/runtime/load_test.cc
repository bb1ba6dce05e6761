// Checking a data set before data is given up for it.
#include "node/runtime/load.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace guccho::runtime {
namespace {

class CheckRdb : public ::testing::Test {
 protected:
  void SetUp() override { fd_ = memfd_create("check-rdb-test", MFD_CLOEXEC); }
  void TearDown() override { close(fd_); }

  Status check(const std::string& bytes) {
    EXPECT_EQ(ftruncate(fd_, 0), 0);
    EXPECT_EQ(pwrite(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    calls_ = 0;
    return check_rdb(fd_, [this] { ++calls_; });
  }

  // Version 10 with strings of 60 bytes, without a checksum.
  static std::string rdb(int keys) {
    std::string out = "REDIS0010";
    for (int i = 0; i < keys; ++i) {
      out += std::string(1, '\0') + "\x08" + std::to_string(10'000'000 + i) + "\x3c" + std::string(60, 'v');
    }
    return out + '\xff' + std::string(8, '\0');
  }

  int fd_ = -1;
  int calls_ = 0;
};

TEST_F(CheckRdb, CallsBackWhileItChecks) {
  ASSERT_TRUE(check(rdb(100'000)));  // 7 MB
  EXPECT_GE(calls_, 20) << "whoever waits for the check hears of it";
}

TEST_F(CheckRdb, RefusesWhatIsNotWhole) {
  const std::string whole = rdb(100);
  EXPECT_TRUE(check(whole));
  EXPECT_FALSE(check(whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(check(whole.substr(0, 500)));
  EXPECT_FALSE(check(whole + "x"));
  EXPECT_FALSE(check(""));
}

}  // namespace
}  // namespace guccho::runtime
