// The table of redis.conf directives as data: names, ranges, flags, one line of help, and how each is read into and
// printed from its field of Config. What is refused, what is accepted without effect, and why, is written here too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::config {

// The greatest proto-max-bulk-len. Sizes of values have 32 bits, and a field of BITFIELD may end some bytes later.
inline constexpr int64_t kMaxBulkLength = int64_t{4095} << 20;

enum class Kind : uint8_t { kBool, kInteger, kMemory, kMemoryOrPercent, kOctal, kEnum, kString, kList };

enum Flag : uint8_t {
  kPlain = 0,
  kImmutable = 1 << 0,    // set at start only
  kSensitive = 1 << 1,    // its value is not shown in logs, MONITOR and SLOWLOG
  kProtected = 1 << 2,    // CONFIG SET only as enable-protected-configs allows
  kHidden = 1 << 3,       // CONFIG GET shows it only when asked for by its full name
  kIneffective = 1 << 4,  // accepted with a warning: nothing here uses it
  kManyArguments = 1 << 5,
  kRepeatable = 1 << 6,   // each line of a file adds to those before it
  kReplaceable = 1 << 7,  // a value that is refused in a file counts only when no later line replaces it
};

using Arguments = std::span<const std::string>;

struct Directive {
  std::string_view name;
  std::string_view alias;  // the older name that means the same; empty for none
  Kind kind;
  uint8_t flags;
  int64_t min;  // inclusive range of numbers
  int64_t max;
  std::string_view choices;  // of kEnum: "no, yes, optional"; a value's place here is its number in the enum
  // Reads the arguments into the field. Errors are Redis' own texts, without the name of the directive. On an error the
  // field may have changed: read into a copy.
  Status (*read)(const Directive&, Arguments, Config&);
  // The value as CONFIG GET shows it.
  std::string (*print)(const Directive&, const Config&);
  std::string_view default_text;  // of kIneffective directives; others have theirs in Config
  std::string_view help;

  bool has(Flag f) const { return (flags & f) != 0; }
};

// All directives, in the order in which CONFIG GET and --help show them.
std::span<const Directive> directives();

// By name or alias, without regard to case; null when there is none.
const Directive* find_directive(std::string_view name);

// A directive of the past that Redis itself reads in files, with one argument, and ignores; CONFIG does not know it.
bool is_obsolete(std::string_view name);

// A directive of Redis that is refused here: why, and what to do instead; empty for every other name.
std::string_view refusal(std::string_view name);

// The known name most like `name`, for hints; empty when more than a third of its letters (or two) differ.
std::string_view nearest_directive(std::string_view name);

}  // namespace guccho::config
