// A state directory of its own for each test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "operator/backend/local/state_dir.h"

namespace guccho::ops::local {

inline bool until(const std::function<bool()>& condition) {
  for (int waited = 0; waited < 20000; waited += 5) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

class StateDirTest : public testing::Test {
 protected:
  StateDirTest() {
    std::string name = testing::TempDir() + "guccho-local-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~StateDirTest() override { std::filesystem::remove_all(root_); }
  StateDir state() const { return *StateDir::create(root_ + "/state"); }

  std::string root_;
};

}  // namespace guccho::ops::local
