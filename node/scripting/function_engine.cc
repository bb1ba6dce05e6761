// Loading libraries, registering functions, calling them.
#include "node/scripting/function_engine.h"

#include <strings.h>

#include <cstring>

#include "node/scripting/sandbox.h"
#include "node/scripting/values.h"

namespace guccho::scripting {
namespace {

constexpr std::chrono::milliseconds kLoadTimeout{500};

// What a library may do while it is loaded: log, and nothing for ever.
class LoadHost final : public ScriptHost {
 public:
  void call(std::span<const std::string_view>, resp::Version, resp::Buffer& reply) override {
    reply.append("-ERR not while a library is loaded\r\n");
  }
  Permission may_call(std::span<const std::string_view>) override { return Permission::kDenied; }
  void log(int, std::string_view) override {}
  void set_replication(unsigned) override {}
  std::string_view interrupt() override {
    return std::chrono::steady_clock::now() < deadline_ ? std::string_view() : "FUNCTION LOAD timeout";
  }

 private:
  const std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kLoadTimeout;
};

std::string_view text_or_empty(lua_State* lua, int index) {
  return lua_isstring(lua, index) != 0 ? text_at(lua, index) : std::string_view();
}

}  // namespace

// What register_function was given; texts are on Lua's stack.
struct FunctionEngine::Registration {
  int name = 0;  // index on the stack; 0: not given
  int description = 0;
  int callback = 0;
  uint32_t flags = 0;
};

FunctionEngine::FunctionEngine() {
  lua_State* lua = engine_.lua();
  push_redis_table(lua, engine_.calls(), Api::kFunction);
  protect(lua);
  lua_setfield(lua, Engine::kGlobals, "redis");
  lua_pushvalue(lua, Engine::kGlobals);
  run_globals_ = luaL_ref(lua, LUA_REGISTRYINDEX);

  lua_newtable(lua);
  push_redis_table(lua, engine_.calls(), Api::kLoad);
  lua_pushlightuserdata(lua, this);
  lua_pushcclosure(lua, register_function, 1);
  lua_setfield(lua, -2, "register_function");
  protect(lua, true);
  lua_setfield(lua, -2, "redis");
  // A missing global is the same error as while running.
  lua_getmetatable(lua, Engine::kGlobals);
  lua_setmetatable(lua, -2);
  load_globals_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_settop(lua, Engine::kHandler);
}

// The globals' proxy shows what a library may use now.
void FunctionEngine::use_globals(bool loading) {
  lua_State* lua = engine_.lua();
  lua_getmetatable(lua, LUA_GLOBALSINDEX);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, loading ? load_globals_ : run_globals_);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

Result<FunctionEngine::Loaded> FunctionEngine::load(std::string_view code) {
  Result<LibraryHead> head = parse_library_head(code);
  if (!head) return fail(head.error().text);
  lua_State* lua = engine_.lua();
  if (!compile(lua, code.substr(head->code_at), "@user_function")) {
    std::string text = "Error compiling function: ";
    text += text_at(lua, -1);
    lua_settop(lua, Engine::kHandler);
    return fail(std::move(text));
  }
  Loaded loaded;
  loaded.library.name = head->name;
  loaded.library.code = code;
  loaded.library.code_at = head->code_at;
  LoadHost host;
  resp::Buffer out;
  resp::ReplyWriter reply(out, resp::Version::kResp2);
  loading_ = &loaded;
  use_globals(true);
  // The reply of the chunk does not matter; that of an error is its text.
  engine_.run(0, {}, host, reply);
  use_globals(false);
  loading_ = nullptr;
  std::string error;
  if (engine_.failed()) {
    error = "Error registering functions: " + engine_.error_text();
  } else if (loaded.references.empty()) {
    error = "No functions registered";
  }
  if (error.empty()) return loaded;
  for (const int reference : loaded.references) release(reference);
  return fail(std::move(error));
}

void FunctionEngine::run(int reference, std::string_view name, std::span<const std::string_view> keys,
                         std::span<const std::string_view> args, ScriptHost& host, resp::ReplyWriter& reply) {
  lua_rawgeti(engine_.lua(), LUA_REGISTRYINDEX, reference);
  engine_.push_strings(keys);
  engine_.push_strings(args);
  engine_.run(2, name, host, reply);
}

// ---- redis.register_function ----

int FunctionEngine::register_function(lua_State* lua) {
  auto* engine = static_cast<FunctionEngine*>(lua_touserdata(lua, lua_upvalueindex(1)));
  const char* error = engine->take(lua);
  if (error == nullptr) return 0;
  push_error(lua, error);
  return lua_error(lua);
}

// One pair of the named arguments: the key at -2, the value at -1.
const char* FunctionEngine::take_named(lua_State* lua, Registration& into) {
  if (lua_isstring(lua, -2) == 0) {
    return "named argument key given to redis.register_function is not a string";
  }
  // A number as a key must not be turned into a text in place: that would confuse the walk over the table.
  const char* key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "";
  const int value = lua_gettop(lua);
  if (strcasecmp(key, "function_name") == 0) {
    if (lua_isstring(lua, value) == 0) {
      return "function_name argument given to redis.register_function must be a string";
    }
    lua_pushvalue(lua, value);
    lua_replace(lua, into.name = 2);
  } else if (strcasecmp(key, "description") == 0) {
    if (lua_isstring(lua, value) == 0) {
      return "description argument given to redis.register_function must be a string";
    }
    lua_pushvalue(lua, value);
    lua_replace(lua, into.description = 3);
  } else if (strcasecmp(key, "callback") == 0) {
    if (!lua_isfunction(lua, value)) {
      return "callback argument given to redis.register_function must be a function";
    }
    lua_pushvalue(lua, value);
    lua_replace(lua, into.callback = 4);
  } else if (strcasecmp(key, "flags") == 0) {
    if (!lua_istable(lua, value)) {
      return "flags argument to redis.register_function must be a table representing function flags";
    }
    for (int i = 1;; ++i) {
      lua_rawgeti(lua, value, i);
      if (lua_isnil(lua, -1)) break;
      const auto flag = flag_by_name(text_or_empty(lua, -1));
      lua_pop(lua, 1);
      if (!flag) return "unknown flag given";
      into.flags |= *flag;
    }
    lua_pop(lua, 1);
  } else {
    return "unknown argument given to redis.register_function";
  }
  return nullptr;
}

// Returns the error, or null. Nothing here has a destructor while Lua may raise an error.
const char* FunctionEngine::take(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (loading_ == nullptr) return "redis.register_function can only be called on FUNCTION LOAD command";
  if (count < 1 || count > 2) return "wrong number of arguments to redis.register_function";
  Registration given;
  if (count == 1) {
    if (!lua_istable(lua, 1)) {
      return "calling redis.register_function with a single argument is only applicable to Lua table (representing "
             "named arguments).";
    }
    lua_settop(lua, 4);  // places for what is found
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
      if (const char* error = take_named(lua, given); error != nullptr) return error;
      lua_pop(lua, 1);
    }
    if (given.name == 0) return "redis.register_function must get a function name argument";
    if (given.callback == 0) return "redis.register_function must get a callback argument";
  } else {
    if (lua_isstring(lua, 1) == 0) return "first argument to redis.register_function must be a string";
    if (!lua_isfunction(lua, 2)) return "second argument to redis.register_function must be a function";
    given.name = 1;
    given.callback = 2;
  }
  if (!is_valid_name(text_at(lua, given.name))) {
    return "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
  }
  for (const FunctionInfo& f : loading_->library.functions) {
    if (f.name == text_at(lua, given.name)) return "Function already exists in the library";
  }
  lua_pushvalue(lua, given.callback);
  const int reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  const std::string_view name = text_at(lua, given.name);
  const std::string_view description = given.description == 0 ? std::string_view() : text_at(lua, given.description);
  // No call of Lua from here on.
  FunctionInfo info{.name = std::string(name), .description = std::nullopt, .flags = given.flags};
  if (given.description != 0) info.description = std::string(description);
  loading_->library.functions.push_back(std::move(info));
  loading_->references.push_back(reference);
  return nullptr;
}

// ---- the functions of a worker ----

// What belongs to a library that is no longer the catalog's is forgotten.
void Functions::follow_catalog() {
  if (current_ && catalog_.version() == version_) return;
  version_ = catalog_.version();
  current_ = catalog_.current();
  for (auto it = ready_.begin(); it != ready_.end();) {
    const auto found = current_->by_name.find(it->second.place.library->name);
    if (found != current_->by_name.end() && found->second == it->second.place.library) {
      ++it;
      continue;
    }
    engine_->release(it->second.reference);
    it = ready_.erase(it);
  }
}

Result<const Functions::Ready*> Functions::find(std::string_view name) {
  follow_catalog();
  const std::string key(name);
  if (const auto it = ready_.find(key); it != ready_.end()) return &it->second;
  const auto place = current_->functions.find(name);
  if (place == current_->functions.end()) return nullptr;
  if (!engine_) engine_ = std::make_unique<FunctionEngine>();
  const LibraryPtr library = place->second.library;
  Result<FunctionEngine::Loaded> loaded = engine_->load(library->code);
  if (!loaded) return fail(loaded.error().text);
  // Matched by name: a library may register in another order each time it is loaded.
  for (size_t i = 0; i < loaded->references.size(); ++i) {
    const auto it = current_->functions.find(loaded->library.functions[i].name);
    if (it == current_->functions.end() || it->second.library != library) {
      engine_->release(loaded->references[i]);
      continue;
    }
    ready_[it->first] = Ready{it->second, loaded->references[i]};
  }
  const auto it = ready_.find(key);
  return it == ready_.end() ? nullptr : &it->second;
}

void Functions::run(const Ready& function, std::span<const std::string_view> keys,
                    std::span<const std::string_view> args, ScriptHost& host, resp::ReplyWriter& reply) {
  engine_->run(function.reference, function.place.info().name, keys, args, host, reply);
}

}  // namespace guccho::scripting
