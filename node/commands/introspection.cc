// COMMAND: what the command table says of itself.
#include <algorithm>
#include <array>
#include <vector>

#include "node/base/glob.h"
#include "node/commands/arguments.h"
#include "node/commands/categories.h"
#include "node/commands/context.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/permission.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

struct Name {
  uint32_t bit;
  std::string_view name;
};

// In the order in which COMMAND INFO lists them.
constexpr Name kFlagNames[] = {{kWrite, "write"},
                               {kReadonly, "readonly"},
                               {kDenyOom, "denyoom"},
                               {kAdmin, "admin"},
                               {kPubsub, "pubsub"},
                               {kNoScript, "noscript"},
                               {kBlocking, "blocking"},
                               {kLoading, "loading"},
                               {kStale, "stale"},
                               {kSkipMonitor, "skip_monitor"},
                               {kSkipSlowlog, "skip_slowlog"},
                               {kAsking, "asking"},
                               {kFast, "fast"},
                               {kNoAuth, "no_auth"},
                               {kNoAsyncLoading, "no_async_loading"},
                               {kNoMulti, "no_multi"},
                               {kNoMandatoryKeys, "no_mandatory_keys"},
                               {kMovableKeys, "movablekeys"},
                               {kAllowBusy, "allow_busy"}};

constexpr Name kKeyFlagNames[] = {{kKeyRO, "RO"},
                                  {kKeyRW, "RW"},
                                  {kKeyOW, "OW"},
                                  {kKeyRM, "RM"},
                                  {kKeyAccess, "access"},
                                  {kKeyUpdate, "update"},
                                  {kKeyInsert, "insert"},
                                  {kKeyDelete, "delete"},
                                  {kKeyNotKey, "not_key"},
                                  {kKeyIncomplete, "incomplete"},
                                  {kKeyVariableFlags, "variable_flags"}};

constexpr Name kDocFlagNames[] = {{kDocDeprecated, "deprecated"}, {kDocSyscmd, "syscmd"}};

void reply_names(resp::ReplyWriter& reply, std::span<const Name> names, uint32_t bits) {
  const size_t mark = reply.begin_deferred();
  size_t count = 0;
  for (const Name& n : names) {
    if ((bits & n.bit) == 0) continue;
    reply.simple(n.name);
    ++count;
  }
  reply.end_set(mark, count);
}

void reply_categories(resp::ReplyWriter& reply, uint32_t bits) {
  const size_t mark = reply.begin_deferred();
  size_t count = 0;
  for (size_t i = 0; i < std::size(kCategoryNames); ++i) {
    if ((bits & (1u << i)) == 0) continue;
    reply.simple(kCategoryNames[i]);
    ++count;
  }
  reply.end_set(mark, count);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    parts.push_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

void reply_field(resp::ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.bulk(name);
  reply.integer(value);
}

void reply_field(resp::ReplyWriter& reply, std::string_view name, std::string_view value) {
  reply.bulk(name);
  reply.bulk(value);
}

void reply_begin_search(resp::ReplyWriter& reply, const KeySpec& key) {
  reply.bulk("begin_search");
  reply.map(2);
  switch (key.begin) {
    case KeySpec::Begin::kIndex:
      reply_field(reply, "type", "index");
      reply.bulk("spec");
      reply.map(1);
      reply_field(reply, "index", key.index);
      break;
    case KeySpec::Begin::kKeyword:
      reply_field(reply, "type", "keyword");
      reply.bulk("spec");
      reply.map(2);
      reply_field(reply, "keyword", key.keyword);
      reply_field(reply, "startfrom", key.index);
      break;
    case KeySpec::Begin::kUnknown:
      reply_field(reply, "type", "unknown");
      reply.bulk("spec");
      reply.map(0);
      break;
  }
}

void reply_find_keys(resp::ReplyWriter& reply, const KeySpec& key) {
  reply.bulk("find_keys");
  reply.map(2);
  switch (key.find) {
    case KeySpec::Find::kRange:
      reply_field(reply, "type", "range");
      reply.bulk("spec");
      reply.map(3);
      reply_field(reply, "lastkey", key.last);
      reply_field(reply, "keystep", key.step);
      reply_field(reply, "limit", key.limit);
      break;
    case KeySpec::Find::kKeynum:
      reply_field(reply, "type", "keynum");
      reply.bulk("spec");
      reply.map(3);
      reply_field(reply, "keynumidx", key.keynum_index);
      reply_field(reply, "firstkey", key.first_key);
      reply_field(reply, "keystep", key.step);
      break;
    case KeySpec::Find::kUnknown:
      reply_field(reply, "type", "unknown");
      reply.bulk("spec");
      reply.map(0);
      break;
  }
}

void reply_key_spec(resp::ReplyWriter& reply, const KeySpec& key) {
  reply.map(key.notes.empty() ? 3 : 4);
  if (!key.notes.empty()) reply_field(reply, "notes", key.notes);
  reply.bulk("flags");
  reply_names(reply, kKeyFlagNames, key.flags);
  reply_begin_search(reply, key);
  reply_find_keys(reply, key);
}

// One element of COMMAND INFO.
void reply_info(resp::ReplyWriter& reply, const CommandSpec& spec) {
  reply.array(10);
  reply.bulk(spec.full_name);
  reply.integer(spec.arity);
  reply_names(reply, kFlagNames, spec.flags);
  reply.integer(spec.first_key);
  reply.integer(spec.last_key);
  reply.integer(spec.key_step);
  reply_categories(reply, spec.categories);
  const std::vector<std::string_view> tips = split(spec.tips, ' ');
  reply.set(tips.size());
  for (const std::string_view tip : tips) reply.bulk(tip);
  reply.set(spec.keys.size());
  for (const KeySpec& key : spec.keys) reply_key_spec(reply, key);
  // In RESP3 redis-server sends an empty set, but an array of subcommands.
  spec.subcommands.empty() ? reply.set(0) : reply.array(spec.subcommands.size());
  for (const CommandSpec& sub : spec.subcommands) reply_info(reply, sub);
}

void reply_history(resp::ReplyWriter& reply, std::string_view history) {
  const std::vector<std::string_view> lines = split(history, '\n');
  reply.set(lines.size());
  for (const std::string_view line : lines) {
    const size_t blank = line.find(' ');
    reply.array(2);
    reply.bulk(line.substr(0, blank));
    reply.bulk(line.substr(blank + 1));
  }
}

// Name and map of one command in COMMAND DOCS.
void reply_docs(resp::ReplyWriter& reply, const CommandSpec& spec) {
  reply.bulk(spec.full_name);
  const size_t mark = reply.begin_deferred();
  size_t fields = 0;
  const auto text = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    reply_field(reply, name, value);
    ++fields;
  };
  text("summary", spec.summary);
  text("since", spec.since);
  text("group", spec.group);
  text("complexity", spec.complexity);
  if (spec.doc_flags != 0) {
    reply.bulk("doc_flags");
    reply_names(reply, kDocFlagNames, spec.doc_flags);
    ++fields;
  }
  text("deprecated_since", spec.deprecated_since);
  text("replaced_by", spec.replaced_by);
  if (!spec.history.empty()) {
    reply.bulk("history");
    reply_history(reply, spec.history);
    ++fields;
  }
  if (!spec.arguments.empty()) {
    reply.bulk("arguments");
    reply_arguments(reply, spec.arguments);
    ++fields;
  }
  if (!spec.subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(spec.subcommands.size());
    for (const CommandSpec& sub : spec.subcommands) reply_docs(reply, sub);
    ++fields;
  }
  reply.end_map(mark, fields);
}

// The names of commands and subcommands that match; how many there are.
template <class Matches>
size_t reply_matching(resp::ReplyWriter& reply, std::span<const CommandSpec> specs, const Matches& matches) {
  size_t count = 0;
  for (const CommandSpec& spec : specs) {
    if (matches(spec)) {
      reply.bulk(spec.full_name);
      ++count;
    }
    count += reply_matching(reply, spec.subcommands, matches);
  }
  return count;
}

// The command that COMMAND GETKEYS is about and its keys; false after an error reply.
bool keys_of_request(Context& c, std::vector<KeyPosition>& keys) {
  const auto request = c.args.subspan(2);
  const CommandSpec* spec = resolve(request);
  if (spec == nullptr) {
    c.reply.error("ERR Invalid command specified");
  } else if (!std::ranges::any_of(spec->keys, [](const KeySpec& k) { return (k.flags & kKeyNotKey) == 0; })) {
    c.reply.error("ERR The command has no key arguments");
  } else if (!arity_fits(*spec, request.size())) {
    c.reply.error("ERR Invalid number of arguments specified for command");
  } else if (!find_keys(*spec, request, keys)) {
    c.reply.error("ERR Invalid arguments specified for command");
  } else {
    return true;
  }
  return false;
}

}  // namespace

namespace handlers {

void command(Context& c) {
  c.reply.array(all_commands().size());
  for (const CommandSpec& spec : all_commands()) reply_info(c.reply, spec);
}

void command_count(Context& c) {
  c.reply.integer(static_cast<int64_t>(all_commands().size()));
}

void command_info(Context& c) {
  if (c.argc() == 2) return command(c);
  c.reply.array(c.argc() - 2);
  for (const std::string_view name : c.args.subspan(2)) {
    const CommandSpec* spec = find_by_full_name(name);
    spec != nullptr ? reply_info(c.reply, *spec) : c.reply.null();
  }
}

void command_docs(Context& c) {
  if (c.argc() == 2) {
    c.reply.map(all_commands().size());
    for (const CommandSpec& spec : all_commands()) reply_docs(c.reply, spec);
    return;
  }
  const size_t mark = c.reply.begin_deferred();
  size_t found = 0;
  for (const std::string_view name : c.args.subspan(2)) {
    const CommandSpec* spec = find_by_full_name(name);
    if (spec == nullptr) continue;
    reply_docs(c.reply, *spec);
    ++found;
  }
  c.reply.end_map(mark, found);
}

void command_list(Context& c) {
  if (c.argc() == 2) {
    c.reply.array(command_id_count());
    reply_matching(c.reply, all_commands(), [](const CommandSpec&) { return true; });
    return;
  }
  if (c.argc() != 5 || !equals_ignore_case("filterby", c.arg(2))) return c.syntax_error();
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  if (equals_ignore_case("pattern", c.arg(3))) {
    count = reply_matching(c.reply, all_commands(),
                           [&](const CommandSpec& spec) { return glob_match(c.arg(4), spec.full_name, true); });
  } else if (equals_ignore_case("aclcat", c.arg(3))) {
    const uint32_t bit = acl_catalog().category(c.arg(4));
    count =
        reply_matching(c.reply, all_commands(), [&](const CommandSpec& spec) { return (spec.categories & bit) != 0; });
  } else if (!equals_ignore_case("module", c.arg(3))) {  // there are no modules, so no command of one
    return c.syntax_error();
  }
  c.reply.end_array(mark, count);
}

void command_getkeys(Context& c) {
  std::vector<KeyPosition> keys;
  if (!keys_of_request(c, keys)) return;
  c.reply.array(keys.size());
  for (const KeyPosition& key : keys) c.reply.bulk(c.arg(key.index + 2));
}

void command_getkeysandflags(Context& c) {
  std::vector<KeyPosition> keys;
  if (!keys_of_request(c, keys)) return;
  c.reply.array(keys.size());
  for (const KeyPosition& key : keys) {
    c.reply.array(2);
    c.reply.bulk(c.arg(key.index + 2));
    reply_names(c.reply, kKeyFlagNames, key.flags);
  }
}

void command_help(Context& c) {
  reply_help(
      c, {"(no subcommand)", "    Return details about all Redis commands.", "COUNT",
          "    Return the total number of commands in this Redis server.", "LIST",
          "    Return a list of all commands in this Redis server.", "INFO [<command-name> ...]",
          "    Return details about multiple Redis commands.",
          "    If no command names are given, documentation details for all", "    commands are returned.",
          "DOCS [<command-name> ...]", "    Return documentation details about multiple Redis commands.",
          "    If no command names are given, documentation details for all", "    commands are returned.",
          "GETKEYS <full-command>", "    Return the keys from a full Redis command.", "GETKEYSANDFLAGS <full-command>",
          "    Return the keys and the access flags from a full Redis command."});
}

}  // namespace handlers
}  // namespace guccho::commands
