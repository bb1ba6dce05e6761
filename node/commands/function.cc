// FUNCTION: the node's function libraries. What changes them runs in the exclusive section and is replicated as sent.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "node/base/crc.h"
#include "node/base/glob.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/text.h"
#include "node/rdb/functions.h"
#include "node/scripting/catalog.h"
#include "node/scripting/running.h"

namespace guccho::commands {
namespace {

using scripting::Catalog;

void reply_flags(resp::ReplyWriter& reply, uint32_t flags) {
  size_t count = 0;
  for (const auto& f : scripting::kFlagNames) count += (flags & f.flag) != 0 ? 1 : 0;
  reply.set(count);
  for (const auto& f : scripting::kFlagNames) {
    if ((flags & f.flag) != 0) reply.simple(f.name);
  }
}

void reply_library(resp::ReplyWriter& reply, const scripting::Library& library, bool with_code) {
  reply.map(with_code ? 4 : 3);
  reply.bulk("library_name");
  reply.bulk(library.name);
  reply.bulk("engine");
  reply.bulk("LUA");
  reply.bulk("functions");
  reply.array(library.functions.size());
  for (const scripting::FunctionInfo& f : library.functions) {
    reply.map(3);
    reply.bulk("name");
    reply.bulk(f.name);
    reply.bulk("description");
    f.description ? reply.bulk(*f.description) : reply.null();
    reply.bulk("flags");
    reply_flags(reply, f.flags);
  }
  if (!with_code) return;
  reply.bulk("library_code");
  reply.bulk(library.code);
}

struct Policy {
  Catalog::OnCollision on_collision = Catalog::OnCollision::kRefuse;
  bool flush = false;
};
std::optional<Policy> policy_of(const Context& c) {
  if (c.argc() == 3 || equals_ignore_case("append", c.arg(3))) return Policy{};
  if (equals_ignore_case("replace", c.arg(3))) return Policy{Catalog::OnCollision::kReplace, false};
  if (equals_ignore_case("flush", c.arg(3))) return Policy{Catalog::OnCollision::kRefuse, true};
  return std::nullopt;
}

}  // namespace

namespace handlers {

void function_delete(Context& c) {
  if (!c.host.functions().remove(c.arg(2))) return c.reply.error("ERR Library not found");
  c.mark_dirty();
  c.reply.ok();
}

void function_dump(Context& c) {
  std::string payload;
  for (const auto& [name, library] : c.host.functions().current()->by_name) {
    rdb::append_function(payload, library->code);
  }
  rdb::append_payload_footer(payload);
  c.reply.bulk(payload);
}

void function_flush(Context& c) {
  if (c.argc() > 3) return subcommand_syntax_error(c);
  if (c.argc() == 3 && !equals_ignore_case("sync", c.arg(2)) && !equals_ignore_case("async", c.arg(2))) {
    return c.reply.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  c.host.functions().flush();
  c.mark_dirty();
  c.reply.ok();
}

void function_kill(Context& c) {
  const std::string_view error = c.host.busy_scripts().kill(true);
  error.empty() ? c.reply.ok() : c.reply.error(error);
}

void function_list(Context& c) {
  std::optional<std::string_view> pattern;
  bool with_code = false;
  for (size_t i = 2; i < c.argc(); ++i) {
    if (!with_code && equals_ignore_case("withcode", c.arg(i))) {
      with_code = true;
    } else if (!pattern && equals_ignore_case("libraryname", c.arg(i))) {
      if (i + 1 == c.argc()) return c.reply.error("ERR library name argument was not given");
      pattern = c.arg(++i);
    } else {
      return c.reply.error("ERR Unknown argument " + std::string(c.arg(i)));
    }
  }
  const scripting::LibrariesPtr libraries = c.host.functions().current();
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  for (const auto& [name, library] : libraries->by_name) {
    if (pattern && !glob_match(*pattern, name, true)) continue;
    reply_library(c.reply, *library, with_code);
    ++count;
  }
  c.reply.end_array(mark, count);
}

void function_load(Context& c) {
  auto policy = Catalog::OnCollision::kRefuse;
  for (size_t i = 2; i + 1 < c.argc(); ++i) {
    if (!equals_ignore_case("replace", c.arg(i))) {
      return c.reply.error("ERR Unknown option given: " + std::string(c.arg(i)));
    }
    policy = Catalog::OnCollision::kReplace;
  }
  const Result<std::string> name = c.host.functions().load(c.arg(c.argc() - 1), policy);
  if (!name) return c.reply.error("ERR " + name.error().text);
  c.mark_dirty();
  c.reply.bulk(*name);
}

void function_restore(Context& c) {
  if (c.argc() > 4) return subcommand_syntax_error(c);
  const std::optional<Policy> policy = policy_of(c);
  if (!policy) {
    return c.reply.error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  }
  const std::optional<std::string_view> body = rdb::payload_body(c.arg(2));
  if (!body) return c.reply.error("ERR DUMP payload version or checksum are wrong");
  const Result<std::vector<std::string>> codes = rdb::read_functions(*body);
  if (!codes) return c.reply.error("ERR " + codes.error().text);
  if (Status s = c.host.functions().restore(*codes, policy->on_collision, policy->flush); !s) {
    return c.reply.error("ERR " + s.error().text);
  }
  c.mark_dirty();
  c.reply.ok();
}

void function_stats(Context& c) {
  const scripting::BusyScriptPtr running = c.host.busy_scripts().one();
  if (running && !running->is_function) return c.reply.error(running->refusal());
  c.reply.map(2);
  c.reply.bulk("running_script");
  if (running) {
    const auto ran = std::chrono::steady_clock::now() - running->started;
    c.reply.map(3);
    c.reply.bulk("name");
    c.reply.bulk(running->name);
    c.reply.bulk("command");
    c.reply.array(running->command.size());
    for (const std::string& word : running->command) c.reply.bulk(word);
    c.reply.bulk("duration_ms");
    c.reply.integer(std::chrono::duration_cast<std::chrono::milliseconds>(ran).count());
  } else {
    c.reply.null();
  }
  const scripting::LibrariesPtr libraries = c.host.functions().current();
  c.reply.bulk("engines");
  c.reply.map(1);
  c.reply.bulk("LUA");
  c.reply.map(2);
  c.reply.bulk("libraries_count");
  c.reply.integer(static_cast<int64_t>(libraries->by_name.size()));
  c.reply.bulk("functions_count");
  c.reply.integer(static_cast<int64_t>(libraries->functions.size()));
}

void function_help(Context& c) {
  reply_help(c,
             {"LOAD [REPLACE] <FUNCTION CODE>",
              "    Create a new library with the given library name and code.",
              "DELETE <LIBRARY NAME>",
              "    Delete the given library.",
              "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
              "    Return general information on all the libraries:",
              "    * Library name",
              "    * The engine used to run the Library",
              "    * Library description",
              "    * Functions list",
              "    * Library code (if WITHCODE is given)",
              "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
              "STATS",
              "    Return information about the current function running:",
              "    * Function name",
              "    * Command used to run the function",
              "    * Duration in MS that the function is running",
              "    If no function is running, return nil",
              "    In addition, returns a list of available engines.",
              "KILL",
              "    Kill the current running function.",
              "FLUSH [ASYNC|SYNC]",
              "    Delete all the libraries.",
              "    When called without the optional mode argument, the behavior is determined by the",
              "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
              "    * ASYNC: Asynchronously flush the libraries.",
              "    * SYNC: Synchronously flush the libraries.",
              "DUMP",
              "    Return a serialized payload representing the current libraries, can be restored using FUNCTION "
              "RESTORE command",
              "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
              "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
              "    control how to handle existing libraries (default APPEND):",
              "    * FLUSH: delete all existing libraries.",
              "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
              "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
              "      libraries with the new libraries (notice that even on this option there is a chance of failure",
              "      in case of functions name collision with another library)."});
}

}  // namespace handlers
}  // namespace guccho::commands
