// Reading and writing of the desired state and of the record.
#include "node/supervise/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "node/supervise/lines.h"

namespace guccho::supervise {
namespace {

constexpr std::string_view kDesiredHead = "guccho-desired 1";
constexpr std::string_view kRecordHead = "guccho-record 1";

constexpr std::array<std::string_view, 2> kGoals = {"run", "stop"};
constexpr std::array<std::string_view, 4> kStates = {"running", "stopping", "waiting", "ended"};

bool read_time(std::string_view text, UnixMillis& out) {
  int64_t value = 0;
  if (!read_number(text, value)) return false;
  out = UnixMillis(Millis(value));
  return true;
}

template <class Enum, size_t N>
bool read_name(std::string_view text, const std::array<std::string_view, N>& names, Enum& out) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return false;
  out = static_cast<Enum>(found - names.begin());
  return true;
}

std::string number(UnixMillis at) {
  return std::to_string(at.time_since_epoch().count());
}

// "IDENTITY TIME HOW"
bool read_exit(std::string_view text, std::optional<ExitRecord>& out) {
  const size_t first = text.find(' ');
  const size_t second = text.find(' ', first == text.npos ? first : first + 1);
  if (second == text.npos) return false;
  auto process = ProcessIdentity::parse(text.substr(0, first));
  ExitRecord record;
  if (!process || !read_time(text.substr(first + 1, second - first - 1), record.at)) return false;
  record.process = std::move(*process);
  record.how = text.substr(second + 1);
  out = std::move(record);
  return true;
}

}  // namespace

std::string to_text(const Desired& desired) {
  std::string out(kDesiredHead);
  out.push_back('\n');
  put_line(out, "goal", kGoals[static_cast<size_t>(desired.goal)]);
  put_line(out, "revision", desired.revision);
  put_line(out, "restart", desired.restart);
  put_line(out, "grace-ms", std::to_string(desired.grace.count()));
  for (const std::string& argument : desired.arguments) put_line(out, "argument", argument);
  return out;
}

Result<Desired> parse_desired(std::string_view text) {
  Desired out;
  const auto take = [&](std::string_view name, std::string_view value) {
    if (name == "goal") return read_name(value, kGoals, out.goal);
    if (name == "revision") return out.revision = value, true;
    if (name == "restart") return out.restart = value, true;
    if (name == "argument") return out.arguments.emplace_back(value), true;
    int64_t grace = 0;
    if (name != "grace-ms" || !read_number(value, grace) || grace < 0) return false;
    out.grace = Millis(grace);
    return true;
  };
  if (auto read = each_line(text, kDesiredHead, "desired state", take); !read) return std::unexpected(read.error());
  return out;
}

std::string to_text(const Record& record) {
  std::string out(kRecordHead);
  out.push_back('\n');
  put_line(out, "supervisor", record.supervisor.str());
  put_line(out, "state", kStates[static_cast<size_t>(record.state)]);
  if (record.process) put_line(out, "process", record.process->str());
  put_line(out, "revision", record.revision);
  put_line(out, "since", number(record.since));
  if (record.last_exit) {
    const ExitRecord& last = *record.last_exit;
    put_line(out, "last-exit", fmt::format("{} {} {}", last.process.str(), number(last.at), last.how));
  }
  put_line(out, "failures", std::to_string(record.failures));
  put_line(out, "retry-at", number(record.retry_at));
  return out;
}

Result<Record> parse_record(std::string_view text) {
  Record out;
  const auto take = [&](std::string_view name, std::string_view value) {
    if (name == "state") return read_name(value, kStates, out.state);
    if (name == "revision") return out.revision = value, true;
    if (name == "since") return read_time(value, out.since);
    if (name == "last-exit") return read_exit(value, out.last_exit);
    if (name == "failures") return read_number(value, out.failures);
    if (name == "retry-at") return read_time(value, out.retry_at);
    if (name == "process") return (out.process = ProcessIdentity::parse(value)).has_value();
    const auto supervisor = ProcessIdentity::parse(value);
    if (name != "supervisor" || !supervisor) return false;
    out.supervisor = *supervisor;
    return true;
  };
  if (auto read = each_line(text, kRecordHead, "record", take); !read) return std::unexpected(read.error());
  return out;
}

}  // namespace guccho::supervise
