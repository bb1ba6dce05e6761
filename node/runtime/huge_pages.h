// Makes huge pages of the memory that the workers' data has filled, on a thread of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace guccho::runtime {

class HugePages {
 public:
  ~HugePages() { stop(); }

  // Does nothing, for ever, where the machine's owner forbids huge pages.
  void start();
  // What is waiting then stays as it is.
  void stop();
  // Parts as SlabAllocator::take_filled_parts() gives them. Any thread; does not wait.
  void add(std::vector<void*> parts);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<void*> waiting_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace guccho::runtime
