// Reading and naming process identities from /proc.
#include "node/supervise/identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "node/supervise/files.h"

namespace guccho::supervise {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The n-th of the fields separated by single blanks; empty when there are fewer.
std::string_view field(std::string_view text, size_t n) {
  for (; n > 0; --n) {
    const size_t blank = text.find(' ');
    if (blank == text.npos) return {};
    text.remove_prefix(blank + 1);
  }
  return text.substr(0, text.find(' '));
}

}  // namespace

std::string ProcessIdentity::str() const {
  return fmt::format("{}/{}/{}", boot_id, pid, start_time);
}

std::optional<ProcessIdentity> ProcessIdentity::parse(std::string_view text) {
  const size_t first = text.find('/');
  const size_t second = text.find('/', first == text.npos ? first : first + 1);
  if (first == 0 || second == text.npos) return std::nullopt;
  const auto pid = parse_number<pid_t>(text.substr(first + 1, second - first - 1));
  const auto start = parse_number<uint64_t>(text.substr(second + 1));
  if (!pid || *pid <= 0 || !start) return std::nullopt;
  return ProcessIdentity{std::string(text.substr(0, first)), *pid, *start};
}

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  // "PID (NAME) STATE ...": the name may contain anything, the last parenthesis ends it.
  const size_t name_end = text.rfind(") ");
  if (name_end == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(name_end + 2);
  // The state is field 3 of the file and the first here, so that the start time, field 22, is at 19.
  const std::string_view state = field(rest, 0);
  const auto start = parse_number<uint64_t>(field(rest, 19));
  if (state.size() != 1 || !start) return std::nullopt;
  return ProcStat{*start, state == "Z" || state == "X" || state == "x"};
}

namespace {

Result<std::string> boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id");
  if (text && !text->empty() && text->back() == '\n') text->pop_back();
  return text;
}

}  // namespace

Result<ProcessIdentity> identity_of(pid_t pid) {
  auto boot = boot_id();
  if (!boot) return std::unexpected(boot.error());
  const auto text = read_file(fmt::format("/proc/{}/stat", pid));
  if (!text) return std::unexpected(text.error());
  const auto stat = parse_proc_stat(*text);
  if (!stat) return fail(fmt::format("/proc/{}/stat: not understood", pid));
  if (stat->dead) return fail(fmt::format("process {} is dead", pid));
  return ProcessIdentity{std::move(*boot), pid, stat->start_time};
}

Result<ProcessIdentity> own_identity() {
  return identity_of(::getpid());
}

Presence presence_of(const ProcessIdentity& process) {
  // First, since it also shows that /proc is there: without it every process would seem to be missing.
  const auto boot = boot_id();
  if (!boot) return Presence::kUnknown;
  if (*boot != process.boot_id) return Presence::kGone;
  const Fd fd(::open(fmt::format("/proc/{}/stat", process.pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno == ENOENT || errno == ESRCH ? Presence::kGone : Presence::kUnknown;
  char text[4096];  // more than the kernel writes, in one read
  ssize_t n = 0;
  do {
    n = ::read(fd.get(), text, sizeof text);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno == ESRCH ? Presence::kGone : Presence::kUnknown;
  const auto stat = parse_proc_stat(std::string_view(text, static_cast<size_t>(n)));
  if (!stat) return Presence::kUnknown;
  return stat->dead || stat->start_time != process.start_time ? Presence::kGone : Presence::kRunning;
}

bool is_running(const ProcessIdentity& process) {
  return presence_of(process) == Presence::kRunning;
}

}  // namespace guccho::supervise
