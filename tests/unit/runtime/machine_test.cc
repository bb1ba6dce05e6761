// Files as a whole, and which ones a pattern means.
#include "node/runtime/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace guccho::runtime {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "machine-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  void TearDown() override { fs::remove_all(path_); }

  std::string in(const std::string& name) const { return path_ + "/" + name; }

  std::string path_;
};

std::string error_of(const Result<std::string>& r) {
  return r ? "read" : r.error().text;
}

TEST_F(FilesTest, ReadAsAWhole) {
  const std::string text = std::string(200'000, 'x') + '\0' + "\n";
  std::ofstream(in("file"), std::ios::binary) << text;
  EXPECT_EQ(read_whole_file(in("file")).value_or(""), text);
  std::ofstream(in("empty")) << "";
  EXPECT_EQ(read_whole_file(in("empty")).value_or("?"), "");
  EXPECT_EQ(error_of(read_whole_file(in("gone"))), "No such file or directory");
  EXPECT_EQ(error_of(read_whole_file(path_)), "Is a directory");
}

TEST_F(FilesTest, Matching) {
  for (const char* name : {"20.conf", "10.conf", "30.off", ".hidden.conf"}) std::ofstream(in(name)) << name;
  EXPECT_THAT(matching_files(in("*.conf")), ElementsAre(in("10.conf"), in("20.conf")));
  EXPECT_THAT(matching_files(in("?0.[co]*")), ElementsAre(in("10.conf"), in("20.conf"), in("30.off")));
  EXPECT_THAT(matching_files(in("*.none")), ElementsAre());
  EXPECT_THAT(matching_files(in("gone/*")), ElementsAre());
}

}  // namespace
}  // namespace guccho::runtime
