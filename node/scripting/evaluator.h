// EVAL: the scripts of a worker, compiled when they are first used.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>

#include "node/base/result.h"
#include "node/scripting/engine.h"
#include "node/scripting/script_cache.h"

namespace guccho::scripting {

class Evaluator {
 public:
  // `cache` is the node's.
  explicit Evaluator(ScriptCache& cache);

  struct Compiled {
    ScriptCache::Entry script;
    int function = 0;  // reference
  };
  // The script of this text, compiled once; its SHA-1 is computed only then. Errors are complete but for the code.
  Result<const Compiled*> by_body(std::string_view body);
  // The script of this name; null when the node does not know it.
  const Compiled* by_sha(std::string_view sha);

  void run(const Compiled& script, std::span<const std::string_view> keys, std::span<const std::string_view> args,
           ScriptHost& host, resp::ReplyWriter& reply);
  size_t memory() const { return engine_.memory(); }

 private:
  void forget_flushed();
  Result<int> compile_code(std::string_view code);
  const Compiled* keep(ScriptCache::Entry script, int function);

  ScriptCache& cache_;
  uint64_t generation_ = 0;
  Engine engine_;
  // Views into the scripts' own bytes.
  std::unordered_map<std::string_view, std::unique_ptr<Compiled>> by_sha_;
  std::unordered_map<std::string_view, const Compiled*> by_body_;
};

}  // namespace guccho::scripting
