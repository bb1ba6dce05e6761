// A queued transaction as the bytes that another node is sent, and back.
#include <algorithm>
#include <limits>

#include "node/resp/parser.h"
#include "node/resp/writer.h"
#include "node/runtime/exec_plan.h"
#include "node/runtime/handoff.h"

namespace guccho::runtime {
namespace {

constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";

}  // namespace

std::string request_of(const ExecJob& job) {
  resp::Buffer out;
  out.append(kMulti);
  for (const commands::QueuedCommand& q : job.queue) resp::append_request(out, views_of(q));
  out.append(kExec);
  return std::string(out.view());
}

std::unique_ptr<ExecJob> exec_job_of(std::string_view request) {
  if (!request.starts_with(kMulti)) return nullptr;
  request.remove_prefix(kMulti.size());
  auto job = std::make_unique<ExecJob>();
  while (request != kExec) {
    resp::CommandParser parser;
    parser.next(request, {.max_bulk_length = std::numeric_limits<size_t>::max() / 2});
    const std::span<const std::string_view> args = parser.args();
    job->queue.push_back({commands::resolve(args), {args.begin(), args.end()}});
    request.remove_prefix(parser.consumed());
  }
  job->effect = std::ranges::any_of(job->queue, [](const auto& q) { return has_effect(q.spec->flags); });
  return job;
}

}  // namespace guccho::runtime
