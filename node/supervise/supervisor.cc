// The supervisor's process work: fork, signals, waiting, files. What to do is decided in supervision.cc.
#include "node/supervise/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "node/base/log.h"
#include "node/supervise/directory_lock.h"
#include "node/supervise/files.h"
#include "node/supervise/records.h"
#include "node/supervise/supervision.h"

namespace guccho::supervise {
namespace {

constexpr off_t kNodeLogLimit = 16 << 20;
// How often an adopted process without a descriptor of its own is looked for in /proc.
constexpr Millis kLookPeriod{200};

Instant monotonic_now() {
  return Instant(std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch()));
}
UnixMillis unix_now() {
  return UnixMillis(std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()));
}

std::unexpected<Error> system_error(std::string_view what) {
  return fail(fmt::format("{}: {}", what, std::strerror(errno)));
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

class Supervisor {
 public:
  explicit Supervisor(const SupervisorOptions& options) : options_(options) {}

  Status run();

 private:
  std::string path(std::string_view name) const { return fmt::format("{}/{}", options_.directory, name); }

  Status open_watches();
  Status read_desired();
  Status recover();
  void adopt(const ProcessIdentity& process);
  Presence look_for_adopted();
  void act(const Step& step);
  void start();
  Status start_recorded(int gate, pid_t pid);
  [[noreturn]] void become_node(int gate, int log);
  void end_node(int number);
  void send_to_adopted();
  void node_ended(std::string how);
  Status write_record(Record::State state);
  void note(Record::State state);
  void wait_for_events(std::optional<Instant> until);
  void take_events();
  void reap();

  const SupervisorOptions options_;
  Supervision decisions_;
  Record record_;
  bool adopted_ = false;  // the process is not our child: its end is seen, its status is not
  Fd signals_;
  Fd changes_;
  Fd process_fd_;              // of an adopted process; none while the kernel refuses it: then /proc is asked
  std::optional<int> unsent_;  // a signal for an adopted process that could not be told to be that process
};

Status Supervisor::run() {
  auto lock = DirectoryLock::take(options_.directory, std::string(kLockFile));
  if (!lock) return std::unexpected(lock.error());
  auto self = own_identity();
  if (!self) return std::unexpected(self.error());
  if (auto opened = open_watches(); !opened) return opened;
  if (auto read = read_desired(); !read) return read;
  if (auto recovered = recover(); !recovered) return recovered;
  record_.supervisor = *self;
  if (auto written = write_record(record_.process ? Record::State::kRunning : Record::State::kWaiting); !written) {
    return written;
  }
  for (;;) {
    const Step step = decisions_.next(monotonic_now());
    if (const auto* wait = std::get_if<Wait>(&step)) {
      wait_for_events(wait->until);
      take_events();
    } else if (std::holds_alternative<Finish>(step)) {
      return write_record(Record::State::kEnded);
    } else {
      act(step);
    }
  }
}

Status Supervisor::open_watches() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return system_error("sigprocmask");
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (signals_.get() < 0) return system_error("signalfd");
  changes_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (changes_.get() < 0) return system_error("inotify_init1");
  // The operator replaces the file by a rename.
  if (::inotify_add_watch(changes_.get(), options_.directory.c_str(), IN_MOVED_TO) < 0) {
    return system_error(options_.directory);
  }
  return {};
}

Status Supervisor::read_desired() {
  const auto text = read_file(path(kDesiredFile));
  if (!text) return std::unexpected(text.error());
  auto desired = parse_desired(*text);
  if (!desired) return fail(fmt::format("{}: {}", path(kDesiredFile), desired.error().text));
  decisions_.want(*desired);
  return {};
}

// What an earlier supervisor of this directory left: nothing, a process that still runs, or one that ended unseen.
Status Supervisor::recover() {
  const auto text = read_file_if_there(path(kRecordFile));
  if (!text) return std::unexpected(text.error());  // what it names may run: another node must not be started beside it
  if (!*text) return {};
  auto left = parse_record(**text);
  if (!left) return fail(fmt::format("{}: {}", path(kRecordFile), left.error().text));
  record_.last_exit = left->last_exit;
  record_.revision = left->revision;
  if (!left->process) return {};
  adopt(*left->process);
  return {};
}

// Only proof that it is gone lets another node be started: while /proc cannot be read, it is taken for alive.
void Supervisor::adopt(const ProcessIdentity& process) {
  record_.process = process;
  adopted_ = true;
  if (look_for_adopted() == Presence::kGone) {
    adopted_ = false;
    process_fd_.reset();
    record_.process.reset();
    record_.last_exit = ExitRecord{process, "ended while nobody watched", unix_now()};
    return;
  }
  decisions_.started(monotonic_now(), process);
  log::notice("adopted process {}{}", process.pid, process_fd_.get() < 0 ? ", watched through /proc" : "");
}

// Takes a descriptor of the adopted process if the kernel gives one.
Presence Supervisor::look_for_adopted() {
  if (process_fd_.get() < 0) process_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, record_.process->pid, 0)));
  // Asked after opening: the descriptor surely means the recorded process, not one that got its number since.
  const Presence presence = presence_of(*record_.process);
  if (presence != Presence::kRunning) process_fd_.reset();
  return presence;
}

void Supervisor::act(const Step& step) {
  if (std::holds_alternative<Start>(step)) {
    start();
  } else if (std::holds_alternative<Terminate>(step)) {
    log::notice("ending process {}", record_.process->pid);
    decisions_.terminated(monotonic_now());
    note(Record::State::kStopping);
    end_node(SIGTERM);
  } else {
    log::warning("process {} did not end within {} ms of SIGTERM: SIGKILL", record_.process->pid,
                 decisions_.desired().grace.count());
    decisions_.killed();
    end_node(SIGKILL);
  }
}

// Opens the log and the gate, forks, and lets the child through the gate once it is recorded.
void Supervisor::start() {
  const std::string log_path = path(kNodeLogFile);
  struct stat found {};
  if (::stat(log_path.c_str(), &found) == 0 && found.st_size > kNodeLogLimit) {
    ::rename(log_path.c_str(), (log_path + ".1").c_str());
  }
  const Fd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  int gate[2] = {-1, -1};
  const bool ready = log.get() >= 0 && ::pipe2(gate, O_CLOEXEC) == 0;
  const Fd gate_out(gate[0]);
  const Fd gate_in(gate[1]);
  const pid_t pid = ready ? ::fork() : -1;
  if (pid == 0) {
    ::close(gate[1]);
    become_node(gate_out.get(), log.get());
  }
  const Status started = pid > 0 ? start_recorded(gate_in.get(), pid) : system_error(log_path + ", pipe or fork");
  if (started) return;
  log::warning("cannot start the node: {}", started.error().text);
  decisions_.start_failed(monotonic_now());
}

// The child waits at a gate until its identity is on disk, so that no node ever runs that no record knows of. When the
// gate is closed without a byte, also by the death of this process, the child ends before it was a node.
Status Supervisor::start_recorded(int gate, pid_t pid) {
  const Record before = record_;
  auto process = identity_of(pid);
  auto written = process ? Status() : Status(std::unexpected(process.error()));
  if (written) {
    record_.process = *process;
    record_.revision = decisions_.desired().revision;
    written = write_record(Record::State::kRunning);
  }
  if (!written) {
    record_ = before;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return written;
  }
  adopted_ = false;
  decisions_.started(monotonic_now(), *process);
  log::notice("started process {}", pid);
  const ssize_t opened = ::write(gate, "g", 1);
  (void)opened;  // fails only when the child is dead already, which waitpid tells
  return {};
}

// In the child, between fork and exec. The parent has no other thread, so that all functions may be called.
void Supervisor::become_node(int gate, int log) {
  char byte = 0;
  ssize_t n = 0;
  do {
    n = ::read(gate, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(125);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  std::vector<char*> arguments = {const_cast<char*>(options_.program.c_str())};
  for (const std::string& argument : decisions_.desired().arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  ::execv(options_.program.c_str(), arguments.data());
  ::dprintf(STDERR_FILENO, "%s: %s\n", options_.program.c_str(), std::strerror(errno));
  ::_exit(126);
}

void Supervisor::end_node(int number) {
  if (adopted_) {
    unsent_ = number;
    return send_to_adopted();
  }
  // Our own child, not yet waited for: the number is surely its.
  ::kill(record_.process->pid, number);
  ::kill(record_.process->pid, SIGCONT);  // a frozen process ends in an orderly way too
}

// Without a descriptor it is sent only while the number is known to be that process's; else with a later look.
void Supervisor::send_to_adopted() {
  if (!unsent_) return;
  for (const int number : {*unsent_, SIGCONT}) {
    if (process_fd_.get() >= 0) {
      ::syscall(SYS_pidfd_send_signal, process_fd_.get(), number, nullptr, 0);
    } else if (is_running(*record_.process)) {
      ::kill(record_.process->pid, number);
    } else {
      return;
    }
  }
  unsent_.reset();
}

void Supervisor::node_ended(std::string how) {
  log::notice("process {}: {}", record_.process->pid, how);
  record_.last_exit = ExitRecord{*record_.process, std::move(how), unix_now()};
  record_.process.reset();
  process_fd_.reset();
  unsent_.reset();
  adopted_ = false;
  decisions_.ended(monotonic_now());
  note(Record::State::kWaiting);
}

// For states that must not stop the supervision when the disk is full: the next start is refused until it can be
// recorded, and that record carries this exit too.
void Supervisor::note(Record::State state) {
  if (auto written = write_record(state); !written) log::warning("{}", written.error().text);
}

Status Supervisor::write_record(Record::State state) {
  record_.state = state;
  record_.since = unix_now();
  record_.failures = decisions_.failures();
  const auto delay = decisions_.not_before() - monotonic_now();
  record_.retry_at = record_.since + std::max(Millis(0), std::chrono::duration_cast<Millis>(delay));
  return write_atomically(path(kRecordFile), to_text(record_));
}

void Supervisor::wait_for_events(std::optional<Instant> until) {
  std::array<pollfd, 3> sources = {
      {{signals_.get(), POLLIN, 0}, {changes_.get(), POLLIN, 0}, {process_fd_.get(), POLLIN, 0}}};
  int timeout = -1;
  if (until) {
    const auto left = std::chrono::ceil<Millis>(*until - monotonic_now());
    timeout = static_cast<int>(std::max<int64_t>(0, left.count()));
  }
  const auto look = static_cast<int>(kLookPeriod.count());
  if (adopted_ && process_fd_.get() < 0) timeout = timeout < 0 ? look : std::min(timeout, look);
  ::poll(sources.data(), sources.size(), timeout);  // an interrupted wait is a short one
}

void Supervisor::take_events() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const auto number = static_cast<int>(info.ssi_signo);
    if (number == SIGTERM || number == SIGINT) decisions_.end_asked();
  }
  alignas(inotify_event) char buffer[4096];
  bool changed = false;
  while (::read(changes_.get(), buffer, sizeof buffer) > 0) changed = true;
  if (changed) {
    // A bad file changes nothing: the last good wish stays.
    if (auto read = read_desired(); !read) log::warning("{}", read.error().text);
  }
  reap();
}

void Supervisor::reap() {
  if (!record_.process) return;
  if (adopted_) {
    pollfd ended{process_fd_.get(), POLLIN, 0};
    const bool gone = process_fd_.get() >= 0 ? ::poll(&ended, 1, 0) == 1 : look_for_adopted() == Presence::kGone;
    if (gone) return node_ended("ended, status unknown: it was adopted");
    return send_to_adopted();
  }
  int status = 0;
  if (::waitpid(record_.process->pid, &status, WNOHANG) != record_.process->pid) return;
  node_ended(describe_wait_status(status));
}

}  // namespace

Status supervise(const SupervisorOptions& options) {
  return Supervisor(options).run();
}

}  // namespace guccho::supervise
