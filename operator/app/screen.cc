// Drawing on a terminal and printing lines.
#include "operator/app/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "operator/app/look.h"
#include "operator/model/print.h"

namespace guccho::ops::app {
namespace {

constexpr size_t kShownEvents = 8;

std::string event_line(const Event& event) {
  return fmt::format("{} {}{}: {}", time_text(event.at), event.severity == Event::Severity::kWarning ? "! " : "",
                     event.reason, event.message);
}

class Terminal final : public Screen {
 public:
  void show(const RedisCluster& cluster, const std::vector<Row>& rows) override {
    std::string text;
    for (const std::string& line : summary_lines(cluster)) text += line + '\n';
    text += '\n' + table_text(rows) + '\n';
    for (const std::string& line : events_) text += line + '\n';
    text += "\nCtrl-C ends the operator and leaves the nodes running; `guccho down` ends them and their keys.\n";
    draw(text);
  }
  void event(const Event& event) override {
    events_.push_back(event_line(event));
    if (events_.size() > kShownEvents) events_.pop_front();
  }

 private:
  // Cuts lines at the terminal's width: a wrapped one would spoil the count of lines to go up.
  void draw(const std::string& text) {
    winsize size{};
    ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const size_t width = size.ws_col > 0 ? size.ws_col : 80;
    std::string out = drawn_ > 0 ? fmt::format("\x1b[{}A", drawn_) : "";
    drawn_ = 0;
    for (size_t at = 0; at < text.size(); ++drawn_) {
      const size_t end = text.find('\n', at);
      out += text.substr(at, std::min(end - at, width)) + "\x1b[K\n";  // and clear what stood there before
      at = end + 1;
    }
    out += "\x1b[J";
    std::fputs(out.c_str(), stdout);
    std::fflush(stdout);
  }

  std::deque<std::string> events_;
  size_t drawn_ = 0;  // lines
};

class Lines final : public Screen {
 public:
  void show(const RedisCluster& cluster, const std::vector<Row>& rows) override {
    for (const std::string& line : changes(rows_, rows)) print(line);
    rows_ = rows;
    auto summary = summary_lines(cluster);
    if (summary == summary_) return;
    summary_ = std::move(summary);
    for (const std::string& line : summary_) print(line);
  }
  void event(const Event& event) override {
    std::puts(event_line(event).c_str());
    std::fflush(stdout);
  }

 private:
  static void print(const std::string& line) {
    std::puts(fmt::format("{} {}", time_text(wall_clock()), line).c_str());
    std::fflush(stdout);
  }
  std::vector<Row> rows_;
  std::vector<std::string> summary_;
};

}  // namespace

std::unique_ptr<Screen> Screen::make() {
  if (::isatty(STDOUT_FILENO)) return std::make_unique<Terminal>();
  return std::make_unique<Lines>();
}

}  // namespace guccho::ops::app
