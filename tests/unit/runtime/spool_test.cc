// The spool of a full sync: what was written is read back at any place, and nothing is left in the directory.
#include "node/runtime/spool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include "node/runtime/data_dir.h"

namespace guccho::runtime {
namespace {

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "spool-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    ASSERT_TRUE(dir_.open(path_, "lock"));
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string read_all(const Spool& spool, size_t chunk) {
    std::string out;
    std::string piece(chunk, '\0');
    while (out.size() < spool.size()) {
      const Result<size_t> n = spool.read(out.size(), piece);
      if (!n || *n == 0) return "(" + (n ? std::string("nothing") : n.error().text) + ")";
      out.append(piece, 0, *n);
    }
    return out;
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.insert(entry.path().filename());
    return names;
  }

  std::string path_;
  DataDir dir_;
};

TEST_F(SpoolTest, ReadsBackWhatWasWritten) {
  const auto spool = Spool::make(dir_);
  ASSERT_TRUE(spool);
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26));
    ASSERT_TRUE((*spool)->append(piece));
    all += piece;
  }
  EXPECT_EQ((*spool)->size(), all.size());
  for (const size_t chunk : {size_t{1}, size_t{1000}, all.size(), all.size() + 100})
    EXPECT_EQ(read_all(**spool, chunk), all);
  char byte;
  EXPECT_FALSE((*spool)->read(all.size(), {&byte, 1}));
}

TEST_F(SpoolTest, HasNoName) {
  const std::set<std::string> before = files();
  const auto spool = Spool::make(dir_);
  ASSERT_TRUE(spool);
  ASSERT_TRUE((*spool)->append("data"));
  EXPECT_EQ(files(), before);
}

TEST_F(SpoolTest, SaysWhyItCannotBeWritten) {
  const auto spool = Spool::make(dir_);
  ASSERT_TRUE(spool);
  ASSERT_TRUE((*spool)->append("fits"));
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 100, .rlim_max = old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status refused = (*spool)->append(std::string(1000, 'x'));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "File too large");
}

}  // namespace
}  // namespace guccho::runtime
