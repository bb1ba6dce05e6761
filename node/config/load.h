// From redis.conf text and command-line arguments to a Config. Pure: files are read by the caller's function.
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

// The directives and their meaning, for --help.
std::string help_text();

// Gives the contents of a file; its error names the reason only ("No such file or directory").
using FileReader = std::function<Result<std::string>(const std::string& path)>;

struct Loaded {
  Config config;
  std::vector<std::string> warnings;  // one line each: "redis.conf:12: jemalloc-bg-thread has no effect here: ..."
};

// The file (with its includes, at most 16 deep), then standard input (path "-"), then the command line; later settings
// win. Errors are one line: "redis.conf:12: unknown directive 'prot' (did you mean 'port'?)".
Result<Loaded> load(const CommandLine& line, const FileReader& read_file, const Config& defaults = {});

// Values that are fine alone but not together (a TLS port without a certificate, two listeners on one port, an admin
// port without its certificates). Called by load(); CONFIG SET calls it on the outcome.
Status check_consistency(const Config& config);

// The directive that defines a user; it has a line for each, and is neither read nor set by CONFIG.
inline constexpr std::string_view kUser = "user";

}  // namespace guccho::config
