// A queued transaction as the bytes that another node is sent, and back.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "node/runtime/handoff.h"

namespace guccho::runtime {
namespace {

commands::QueuedCommand queued(std::vector<std::string> args) {
  const std::vector<std::string_view> views(args.begin(), args.end());
  return {commands::resolve(views), std::move(args)};
}

TEST(ExecJob, ComesBackAsItWas) {
  ExecJob job;
  job.queue.push_back(queued({"GET", "key"}));
  job.queue.push_back(queued({"set", "key", std::string("a\0", 2) + "\r\n*1\r\n$4\r\nEXEC\r\n"}));
  job.queue.push_back(queued({"OBJECT", "ENCODING", ""}));
  const auto back = exec_job_of(request_of(job));
  ASSERT_NE(back, nullptr);
  ASSERT_EQ(back->queue.size(), job.queue.size());
  for (size_t i = 0; i < job.queue.size(); ++i) {
    EXPECT_EQ(back->queue[i].spec, job.queue[i].spec);
    EXPECT_EQ(back->queue[i].args, job.queue[i].args);
  }
  EXPECT_TRUE(back->effect);
}

TEST(ExecJob, OfReadsHasNoEffect) {
  ExecJob job;
  job.queue.push_back(queued({"GET", "key"}));
  EXPECT_FALSE(exec_job_of(request_of(job))->effect);
  EXPECT_TRUE(exec_job_of(request_of({}))->queue.empty());
}

TEST(ExecJob, IsNoOtherCommand) {
  EXPECT_EQ(exec_job_of("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"), nullptr);
}

}  // namespace
}  // namespace guccho::runtime
