// The fencing term on disk.
#include "node/admin/term_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace guccho::admin {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool open() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> system_failure(const std::string& path, std::string_view what) {
  return fail(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

Result<std::string> read_all(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    if (errno == ENOENT) return std::string("0\n");
    return system_failure(path, "cannot read the fencing term");
  }
  char buffer[64];  // a number has at most 20 digits: more is not ours
  const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
  if (n < 0) return system_failure(path, "cannot read the fencing term");
  return std::string(buffer, static_cast<size_t>(n));
}

}  // namespace

Result<TermFile> TermFile::open(std::string path) {
  const Result<std::string> text = read_all(path);
  if (!text) return fail(text.error().text);
  uint64_t term = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, term);
  if (error != std::errc() || std::string_view(end, last) != "\n") {
    return fail(fmt::format(
        "{}: holds no fencing term: restore it, or remove it if no operator but the current one runs", path));
  }
  return TermFile(std::move(path), term);
}

Status TermFile::raise(uint64_t term) {
  const std::string temporary = path_ + ".tmp";
  const std::string text = fmt::format("{}\n", term);
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.open()) return system_failure(temporary, "cannot write the fencing term");
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
      return system_failure(temporary, "cannot write the fencing term");
    }
  }
  if (std::rename(temporary.c_str(), path_.c_str()) != 0)
    return system_failure(path_, "cannot replace the fencing term");
  const size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.open() || ::fsync(parent.get()) != 0) return system_failure(directory, "cannot sync the directory");
  term_ = term;
  return {};
}

Fence::Answer Fence::check(uint64_t term) {
  const std::lock_guard lock(mutex_);
  if (term < file_.term()) {
    return {Verdict::kDeposed,
            fmt::format("fencing term {} is older than {}: another operator has taken over", term, file_.term())};
  }
  if (term > file_.term()) {
    if (const Status s = file_.raise(term); !s) return {Verdict::kNotPersisted, s.error().text};
  }
  return {Verdict::kAccepted, ""};
}

uint64_t Fence::term() const {
  const std::lock_guard lock(mutex_);
  return file_.term();
}

}  // namespace guccho::admin
