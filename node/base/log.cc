// The log on top of spdlog: thread-safe sinks, flushed at every line so that a crash loses none.
#include "node/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace guccho::log {
namespace {

std::atomic<int> g_level{static_cast<int>(Level::kNotice)};
std::atomic<char> g_role{'M'};

// The character that Redis prints for each level.
constexpr char kMarks[] = {'.', '-', '*', '#'};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("guccho", std::move(sink));
  logger->set_pattern("%P:%v", spdlog::pattern_time_type::local);
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

std::mutex g_mutex;
std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = make_logger(std::make_shared<spdlog::sinks::stdout_sink_mt>());
  return instance;
}

}  // namespace

bool configure(Level level, const std::string& path) {
  set_level(level);
  try {
    spdlog::sink_ptr sink;
    if (path.empty()) {
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
    auto fresh = make_logger(std::move(sink));
    std::lock_guard lock(g_mutex);
    logger() = std::move(fresh);
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
}

void set_level(Level level) { g_level.store(static_cast<int>(level), std::memory_order_relaxed); }
bool enabled(Level level) { return static_cast<int>(level) >= g_level.load(std::memory_order_relaxed); }
void set_role(char role) { g_role.store(role, std::memory_order_relaxed); }

void write(Level level, std::string_view text) {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char date[64];
  std::strftime(date, sizeof date, "%d %b %Y %H:%M:%S", &local);
  std::shared_ptr<spdlog::logger> out;
  {
    std::lock_guard lock(g_mutex);
    out = logger();
  }
  out->info("{} {}.{:03} {} {}", g_role.load(std::memory_order_relaxed), date, ms, kMarks[static_cast<int>(level)],
            text);
}

}  // namespace guccho::log
