// MIGRATE: carries keys to another server, and deletes here what has arrived there.
//
// No worker waits for the network. The keys' owner makes their payloads, a batch at a time, and goes on; a thread of
// its own has the dialogue with the other server. When that has acknowledged a key, the owner deletes it if it still is
// what was sent. If it changed meanwhile it is sent again; if it is gone, it is deleted over there too. So a key is
// deleted here only when the other server has acknowledged its present value. What clients see of keys under way is in
// leaving_keys.h.
//
// One MIGRATE runs at a time, in the order of arrival, so that no key is under way twice: as in Redis, where all else
// waits, too. Connections are opened for each. Memory: a batch is kBatchBytes, or one larger key; commands that wait
// hold their arguments, and a client has one at most.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "node/commands/host.h"
#include "node/runtime/poller.h"

namespace guccho::runtime {

class Node;

class Migrations {
 public:
  explicit Migrations(Node& node) : node_(node) {}
  ~Migrations() { stop(); }

  void start();
  // While the workers still run. What is under way ends in failure; what waits is forgotten.
  void stop();

  // Any thread. Completes with MIGRATE's reply.
  void submit(commands::Migration migration, commands::Deferred reply_to);

 private:
  struct Job {
    commands::Migration migration;
    commands::Deferred reply_to;
  };
  void run();

  Node& node_;
  std::thread thread_;
  Wakeup stop_;  // ends all waiting for other servers
  std::mutex mutex_;
  std::condition_variable news_;
  bool stopping_ = false;
  std::deque<Job> jobs_;
};

}  // namespace guccho::runtime
