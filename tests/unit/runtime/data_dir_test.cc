// Files of the data directory: what is there, what cannot be read, and where relative paths lead.
#include "node/runtime/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "node/runtime/machine.h"

namespace guccho::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "data-dir-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = fs::canonical(pattern);
  }
  void TearDown() override {
    fs::current_path(started_in_);
    fs::remove_all(path_);
  }

  const fs::path started_in_ = fs::current_path();
  fs::path path_;
};

std::string error_of(const Result<std::string>& r) {
  return r ? "read" : r.error().text;
}

TEST_F(DataDirTest, WhatCannotBeReadMayBeThere) {
  DataDir dir;
  ASSERT_TRUE(dir.open(path_, "nodes.conf"));
  EXPECT_FALSE(dir.exists("gone"));
  EXPECT_EQ(error_of(dir.read("gone")), "No such file or directory");
  ASSERT_TRUE(dir.replace("file", "text"));
  EXPECT_TRUE(dir.exists("file"));
  EXPECT_EQ(dir.read("file").value_or(""), "text");
  fs::create_directory(path_ / "directory");
  EXPECT_TRUE(dir.exists("directory"));
  EXPECT_EQ(error_of(dir.read("directory")), "Is a directory");
  // Not even root can look at it.
  fs::create_symlink("loop", path_ / "loop");
  EXPECT_TRUE(dir.exists("loop"));
  EXPECT_EQ(error_of(dir.read("loop")), "Too many levels of symbolic links");
}

TEST_F(DataDirTest, EnterDirectory) {
  fs::create_directory(path_ / "data");
  fs::current_path(path_);
  const Result<std::string> entered = enter_directory("data");
  ASSERT_TRUE(entered) << entered.error().text;
  EXPECT_EQ(*entered, path_ / "data");
  EXPECT_EQ(fs::current_path(), path_ / "data");
  DataDir dir;
  ASSERT_TRUE(dir.open(*entered, "nodes.conf"));
  EXPECT_THAT(error_of(enter_directory("data")),
              HasSubstr("dir: cannot use 'data': No such file or directory (make it"));
  EXPECT_THAT(error_of(enter_directory("")), HasSubstr("dir: cannot use ''"));
}

}  // namespace
}  // namespace guccho::runtime
