// What EVAL, FCALL and their kin ask the worker to run (EffectSink::run_script).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace guccho::commands {

struct ScriptCall {
  enum class Kind : uint8_t { kBody, kSha, kFunction };
  Kind kind = Kind::kBody;
  bool read_only = false;  // EVAL_RO and so on
  std::string_view what;   // the text, its SHA-1, or the function's name
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

struct CommandSpec;
// Whether the record is one of EVAL, EVALSHA, FCALL and their read-only forms.
bool is_script_call(const CommandSpec& spec);

}  // namespace guccho::commands
