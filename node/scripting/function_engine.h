// FCALL: an interpreter in which libraries are loaded and their functions called. Libraries share its globals, which
// they cannot change, and nothing else.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/base/result.h"
#include "node/scripting/catalog.h"
#include "node/scripting/engine.h"

namespace guccho::scripting {

class FunctionEngine {
 public:
  FunctionEngine();

  // Runs a library's code and takes what it registers: the library, and references to its functions in their order.
  struct Loaded {
    Library library;
    std::vector<int> references;
  };
  Result<Loaded> load(std::string_view code);
  void release(int reference) { engine_.release(reference); }

  // Calls the function with its keys and arguments as two tables.
  void run(int reference, std::string_view name, std::span<const std::string_view> keys,
           std::span<const std::string_view> args, ScriptHost& host, resp::ReplyWriter& reply);
  size_t memory() const { return engine_.memory(); }

 private:
  struct Registration;
  static int register_function(lua_State* lua);
  static const char* take_named(lua_State* lua, Registration& into);
  const char* take(lua_State* lua);
  void use_globals(bool loading);

  Engine engine_;
  int load_globals_ = 0;  // references of the two tables that the globals' proxy shows
  int run_globals_ = 0;
  Loaded* loading_ = nullptr;
};

// A worker's functions: what the catalog has, loaded when first called.
class Functions {
 public:
  explicit Functions(const Catalog& catalog) : catalog_(catalog) {}

  struct Ready {
    Libraries::Place place;
    int reference = 0;
  };
  // Null: there is no such function. An error: the library could not be loaded here.
  Result<const Ready*> find(std::string_view name);
  void run(const Ready& function, std::span<const std::string_view> keys, std::span<const std::string_view> args,
           ScriptHost& host, resp::ReplyWriter& reply);
  size_t memory() const { return engine_ ? engine_->memory() : 0; }

 private:
  void follow_catalog();

  const Catalog& catalog_;
  uint64_t version_ = 0;
  LibrariesPtr current_;
  std::unique_ptr<FunctionEngine> engine_;
  std::unordered_map<std::string, Ready> ready_;  // by function
};

}  // namespace guccho::scripting
