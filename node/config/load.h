// From redis.conf text and command-line arguments to a Config. Pure: files are found and read by the caller's
// functions.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::config {

// guccho-node [FILE] [--directive value ...] [-]
struct CommandLine {
  enum class Action { kRun, kHelp, kVersion };
  Action action = Action::kRun;
  std::optional<std::string> file;
  bool read_stdin = false;  // "-": after the file and before the directives of the command line
  struct Setting {
    std::string name;
    std::vector<std::string> values;
  };
  std::vector<Setting> settings;
};

// `args` without the program's name. Fails on a value without a directive before it and on an unknown short option.
Result<CommandLine> parse_command_line(std::span<const std::string> args);

// The directives, their meaning and what they are when not given, for --help.
std::string help_text(const Config& defaults);

struct Files {
  // The contents of a file ("-": standard input); the error names the reason only ("No such file or directory").
  std::function<Result<std::string>(const std::string& path)> read;
  // The paths that match a pattern with '*', '?' or '[', in the order in which they are to be read; none if none does.
  std::function<std::vector<std::string>(const std::string& pattern)> matching;
};

struct Loaded {
  Config config;
  Config defaults;                    // the given ones, and those that follow from the configuration
  std::vector<std::string> warnings;  // one line each: "redis.conf:12: jemalloc-bg-thread has no effect here: ..."
};

// The file (with its includes, at most 16 deep), then standard input (path "-"), then the command line; later settings
// win. Errors are one line: "redis.conf:12: unknown directive 'prot' (did you mean 'port'?)".
// An include is relative to where the process was started, after the line of `dir` to that directory; one that is a
// pattern may match nothing.
Result<Loaded> load(const CommandLine& line, const Files& files, const Config& defaults = {});

// Values that are fine alone but not together (a TLS port without a certificate, two listeners on one port, an admin
// port without its certificates). Called by load(); CONFIG SET calls it on the outcome.
Status check_consistency(const Config& config);

// The directive that defines a user; it has a line for each, and is neither read nor set by CONFIG.
inline constexpr std::string_view kUser = "user";
// The one that reads other files in its place.
inline constexpr std::string_view kInclude = "include";

}  // namespace guccho::config
