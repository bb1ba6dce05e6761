// The fencing term on disk: survives a restart, never goes down, corruption is named.
#include "node/admin/term_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/admin/fake_host.h"

namespace guccho::admin {
namespace {

using testing::HasSubstr;
using Verdict = Fence::Verdict;

TEST(TermFile, SurvivesARestart) {
  const TemporaryDirectory directory;
  const std::string path = directory / "term";
  {
    Fence fence(*TermFile::open(path));
    EXPECT_EQ(fence.term(), 0u);
    EXPECT_EQ(fence.check(7).verdict, Verdict::kAccepted);
    EXPECT_EQ(fence.check(7).verdict, Verdict::kAccepted);
  }
  Fence fence(*TermFile::open(path));
  EXPECT_EQ(fence.term(), 7u);
  const Fence::Answer old = fence.check(6);
  EXPECT_EQ(old.verdict, Verdict::kDeposed);
  EXPECT_EQ(old.text, "fencing term 6 is older than 7: another operator has taken over");
  EXPECT_EQ(fence.check(8).verdict, Verdict::kAccepted);
}

TEST(TermFile, NotAcceptedBeforeItIsOnDisk) {
  const TemporaryDirectory directory;
  Fence fence(*TermFile::open(directory / "gone/term"));
  EXPECT_EQ(fence.check(3).verdict, Verdict::kNotPersisted);
  EXPECT_EQ(fence.term(), 0u);
}

TEST(TermFile, CorruptionIsNamed) {
  const TemporaryDirectory directory;
  for (const char* text : {"", "7", "seven\n", "7\n8\n", "99999999999999999999\n", "-1\n"}) {
    const std::string path = directory / "term";
    std::ofstream(path, std::ios::trunc) << text;
    const auto opened = TermFile::open(path);
    ASSERT_FALSE(opened) << text;
    EXPECT_THAT(opened.error().text, HasSubstr(path + ": holds no fencing term"));
  }
}

}  // namespace
}  // namespace guccho::admin
