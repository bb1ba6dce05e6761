// Durable small files over plain system calls.
#include "node/supervise/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace guccho::supervise {

std::unexpected<Error> system_error(const std::string& path) {
  return fail(fmt::format("{}: {}", path, std::strerror(errno)));
}

namespace {

constexpr size_t kMaxFile = 4u << 20;

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path);
    text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return system_error(directory);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error(path);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path);
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kMaxFile) return fail(fmt::format("{}: larger than {} bytes", path, kMaxFile));
  }
}

Result<std::optional<std::string>> read_file_if_there(const std::string& path) {
  auto text = read_file(path);
  if (text) return std::optional(std::move(*text));
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  return std::unexpected(text.error());
}

Status write_atomically(const std::string& path, std::string_view text, unsigned mode) {
  // One writer a file: each of these files belongs to one process, or is written under the state directory's lock.
  const std::string temporary = path + ".new";
  const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (fd.get() < 0) return system_error(temporary);
  if (auto written = write_all(fd.get(), text, temporary); !written) return written;
  if (::fsync(fd.get()) != 0) return system_error(temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error(path);
  return sync_directory_of(path);
}

Status make_directories(const std::string& path, unsigned mode) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return system_error(part);
    if (end == path.npos) break;
  }
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return system_error(path);
  if (!S_ISDIR(found.st_mode)) return fail(fmt::format("{}: not a directory", path));
  return {};
}

}  // namespace guccho::supervise
