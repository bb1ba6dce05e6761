// guccho-node: reads the configuration, wires the parts, waits for the end.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#ifdef GUCCHO_WITH_SERVICES
#include "node/app/services.h"
#endif
#include "node/base/log.h"
#include "node/config/load.h"
#include "node/runtime/data_dir.h"
#include "node/runtime/machine.h"
#include "node/runtime/node.h"
#include "node/supervise/supervisor.h"

namespace {

using guccho::Result;

guccho::runtime::Node* g_node = nullptr;

void on_signal(int) {
  g_node->request_stop();
}

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  return guccho::runtime::read_whole_file(path);
}

std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

// As redis-server: a node that cannot say its process id serves all the same.
void write_pid_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return guccho::log::warning("Failed to write PID file: {}", std::strerror(errno));
  std::fprintf(file, "%d\n", static_cast<int>(getpid()));
  std::fclose(file);
}

constexpr const char* kSuperviseHelp =
    "\nUsage: guccho-node --supervise DIR\n"
    "Keeps a node running as the file DIR/desired says, which `guccho` writes; DIR/record says how its last process "
    "ended.\n";

// One line that says what is wrong, where, and what to do.
int refuse(const std::string& why) {
  std::fprintf(stderr, "guccho-node: %s\n", why.c_str());
  return 1;
}

void handle_signals() {
  struct sigaction stop {};
  stop.sa_handler = on_signal;
  sigaction(SIGTERM, &stop, nullptr);
  sigaction(SIGINT, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of the write, as a full disk is
  signal(SIGHUP, SIG_IGN);
}

// Room for the clients that maxclients promises, as redis-server makes it.
void raise_descriptor_limit(uint32_t maxclients) {
  rlimit limit{};
  const rlim_t wanted = rlim_t{maxclients} + 128;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    guccho::log::warning("Only {} file descriptors are allowed, maxclients {} needs {}", limit.rlim_cur, maxclients,
                         wanted);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace guccho;
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (!args.empty() && args[0] == "--supervise") {
    if (args.size() != 2) return refuse("--supervise: name the one directory that holds the desired state");
    if (Status s = supervise::supervise({.directory = args[1], .program = absolute("/proc/self/exe")}); !s) {
      return refuse(s.error().text);
    }
    return 0;
  }
  Result<config::CommandLine> line = config::parse_command_line(args);
  if (!line) return refuse(line.error().text);
  const config::Config defaults = runtime::defaults_of_this_machine();
  if (line->action == config::CommandLine::Action::kHelp) {
    std::fputs(config::help_text(defaults).c_str(), stdout);
    std::fputs(kSuperviseHelp, stdout);
    return 0;
  }
  if (line->action == config::CommandLine::Action::kVersion) {
    std::printf("guccho-node %s (compatible with Redis 7.2)\n", GUCCHO_VERSION);
    return 0;
  }
  std::setlocale(LC_COLLATE, "");  // for SORT ALPHA and the order of included files, before there are threads
  Result<config::Loaded> loaded =
      config::load(*line, {.read = read_file, .matching = runtime::matching_files}, defaults);
  if (!loaded) return refuse(loaded.error().text);

  runtime::NodeOptions options;
  options.config = loaded->config;
  options.defaults = loaded->defaults;
  if (line->file) options.config_file = absolute(*line->file);
  options.executable = absolute(argv[0]);
  Result<std::string> dir = runtime::enter_directory(options.config.dir);
  if (!dir) return refuse(dir.error().text);
  options.config.dir = *dir;
  const auto level = static_cast<log::Level>(std::min<int>(static_cast<int>(options.config.loglevel), 3));
  if (!log::configure(level, options.config.logfile)) {
    return refuse("logfile: cannot write '" + options.config.logfile + "' (make its directory, or name another file)");
  }
  for (const std::string& w : loaded->warnings) log::warning("{}", w);
  raise_descriptor_limit(options.config.maxclients);
  const std::string pid_file = options.config.pidfile;

  try {
    runtime::Node node(std::move(options));
    g_node = &node;
    handle_signals();
    if (Status s = node.start(); !s) {
      log::warning("Cannot start: {}", s.error().text);
      return refuse(s.error().text);
    }
#ifdef GUCCHO_WITH_SERVICES
    Result<std::unique_ptr<app::Services>> services = app::Services::start(node);
    if (!services) {
      log::warning("Cannot start: {}", services.error().text);
      return refuse(services.error().text);
    }
#endif
    if (!pid_file.empty()) write_pid_file(pid_file);
    node.run();
    if (!pid_file.empty()) unlink(pid_file.c_str());
#ifdef GUCCHO_WITH_SERVICES
    // The HTTP library takes up to two seconds to stop; the process ends here anyway.
    std::fflush(nullptr);
    _exit(0);
#endif
  } catch (const std::exception& e) {
    return refuse(std::string("cannot go on: ") + e.what());
  }
  return 0;
}
