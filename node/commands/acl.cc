// ACL: users and their rules, what was denied, and helpers around them.
#include <algorithm>
#include <cstdio>

#include "node/commands/categories.h"
#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/permission.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

// The fields that a user and each of its selectors have.
constexpr size_t kSelectorFields = 3;
void reply_selector(resp::ReplyWriter& reply, const acl::Selector& selector) {
  reply.bulk("commands");
  reply.bulk(selector.command_rules());
  reply.bulk("keys");
  reply.bulk(selector.key_rules());
  reply.bulk("channels");
  reply.bulk(selector.channel_rules());
}

void reply_user(resp::ReplyWriter& reply, const acl::User& user) {
  reply.map(3 + kSelectorFields);
  reply.bulk("flags");
  const std::vector<std::string_view> flags = user.flags();
  reply.set(flags.size());
  for (const std::string_view flag : flags) reply.bulk(flag);
  reply.bulk("passwords");
  reply.array(user.passwords().size());
  for (const std::string& hash : user.passwords()) reply.bulk(hash);
  reply_selector(reply, user.selectors().front());
  reply.bulk("selectors");
  reply.array(user.selectors().size() - 1);
  for (const acl::Selector& selector : user.selectors().subspan(1)) {
    reply.map(kSelectorFields);
    reply_selector(reply, selector);
  }
}

void reply_denial(resp::ReplyWriter& reply, const acl::LogEntry& entry, UnixMillis now) {
  const auto text = [&](std::string_view name, std::string_view value) {
    reply.bulk(name);
    reply.bulk(value);
  };
  const auto number = [&](std::string_view name, int64_t value) {
    reply.bulk(name);
    reply.integer(value);
  };
  reply.map(10);
  number("count", static_cast<int64_t>(entry.count));
  text("reason", acl::name_of(entry.reason));
  text("context", acl::name_of(entry.context));
  text("object", entry.object);
  text("username", entry.user);
  reply.bulk("age-seconds");
  reply.real(static_cast<double>((now - entry.updated).count()) / 1000);
  text("client-info", entry.client);
  number("entry-id", static_cast<int64_t>(entry.id));
  number("timestamp-created", entry.created.time_since_epoch().count());
  number("timestamp-last-updated", entry.updated.time_since_epoch().count());
}

// All commands of a category, subcommands by their full names.
void reply_category(Context& c, uint32_t bit) {
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  for (size_t id = 0; id < command_id_count(); ++id) {
    const CommandSpec& spec = command_by_id(static_cast<uint16_t>(id));
    if ((spec.categories & bit) == 0) continue;
    c.reply.bulk(spec.full_name);
    ++count;
  }
  c.reply.end_array(mark, count);
}

// LOAD and SAVE need a file; false after an error reply.
bool has_file(Context& c) {
  if (!c.config.aclfile.empty()) return true;
  c.reply.error(
      "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
      "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
      "users in the Redis configuration.");
  return false;
}

}  // namespace

namespace handlers {

void acl_setuser(Context& c) {
  if (acl::has_blanks(c.arg(2))) return c.reply.error("ERR Usernames can't contain spaces or null characters");
  acl::Users users = *c.host.users();
  if (const Status done = users.set(acl_rules(c.config), c.arg(2), c.args.subspan(3)); !done) {
    return c.reply.error("ERR " + done.error().text);
  }
  c.host.set_users(std::move(users), *c.session);
  c.reply.ok();
}

void acl_deluser(Context& c) {
  const auto names = c.args.subspan(2);
  if (std::find(names.begin(), names.end(), acl::kDefaultUser) != names.end()) {
    return c.reply.error("ERR The 'default' user cannot be removed");
  }
  acl::Users users = *c.host.users();
  int64_t removed = 0;
  for (const std::string_view name : names) removed += users.remove(name) ? 1 : 0;
  if (removed > 0) c.host.set_users(std::move(users), *c.session);
  c.reply.integer(removed);
}

void acl_getuser(Context& c) {
  const acl::UserRef user = c.host.users()->find(c.arg(2));
  if (user == nullptr) return c.reply.null();
  reply_user(c.reply, *user);
}

void acl_list(Context& c) {
  const std::vector<std::string> lines = c.host.users()->lines();
  c.reply.array(lines.size());
  for (const std::string& line : lines) c.reply.bulk(line);
}

void acl_users(Context& c) {
  const auto users = c.host.users();
  c.reply.array(users->all().size());
  for (const auto& [name, user] : users->all()) c.reply.bulk(name);
}

void acl_whoami(Context& c) {
  if (c.session->user == nullptr) return c.reply.null();
  c.reply.bulk(c.session->user->name());
}

void acl_cat(Context& c) {
  if (c.argc() > 3) return subcommand_syntax_error(c);
  if (c.argc() == 2) {
    c.reply.array(std::size(kCategoryNames));
    for (const std::string_view name : kCategoryNames) c.reply.bulk(name.substr(1));
    return;
  }
  const uint32_t bit = acl_catalog().category(c.arg(2));
  if (bit == 0) return c.reply.error("ERR Unknown category '" + std::string(c.arg(2).substr(0, 128)) + "'");
  reply_category(c, bit);
}

void acl_genpass(Context& c) {
  constexpr int64_t kMaxBits = 4096;
  if (c.argc() > 3) return subcommand_syntax_error(c);
  int64_t bits = 256;
  if (c.argc() == 3) {
    const auto number = parse_integer(c.arg(2));
    if (!number) return c.not_an_integer();
    bits = *number;
  }
  if (bits <= 0 || bits > kMaxBits) {
    return c.reply.error(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096");
  }
  std::string password;
  const auto digits = static_cast<size_t>((bits + 3) / 4);
  while (password.size() < digits) {
    char block[17];
    std::snprintf(block, sizeof block, "%016llx", static_cast<unsigned long long>(c.host.next_random()));
    password += block;
  }
  c.reply.bulk(std::string_view(password).substr(0, digits));
}

void acl_log(Context& c) {
  if (c.argc() > 3) return subcommand_syntax_error(c);
  int64_t count = 10;
  if (c.argc() == 3 && equals_ignore_case("reset", c.arg(2))) {
    c.host.forget_denials();
    return c.reply.ok();
  }
  if (c.argc() == 3) {
    const auto number = parse_integer(c.arg(2));
    if (!number) return c.not_an_integer();
    count = std::max<int64_t>(*number, 0);
  }
  const std::vector<acl::LogEntry> entries = c.host.denials(static_cast<size_t>(count));
  c.reply.array(entries.size());
  for (const acl::LogEntry& entry : entries) reply_denial(c.reply, entry, c.now);
}

void acl_dryrun(Context& c) {
  const acl::UserRef user = c.host.users()->find(c.arg(2));
  if (user == nullptr) return c.reply.error("ERR User '" + std::string(c.arg(2)) + "' not found");
  const auto request = c.args.subspan(3);
  const CommandSpec* spec = resolve(request);
  if (spec == nullptr) return c.reply.error("ERR Command '" + std::string(request[0]) + "' not found");
  if (!arity_fits(*spec, request.size())) return c.reply.error(arity_error(spec, request));
  const acl::Verdict verdict = check_permission(*user, *spec, request);
  verdict ? c.reply.ok() : c.reply.bulk(denial_text(*user, *spec, request, verdict, true));
}

void acl_load(Context& c) {
  if (!has_file(c)) return;
  const Status done = c.host.load_users(*c.session);
  done ? c.reply.ok() : c.reply.error("ERR " + done.error().text);
}

void acl_save(Context& c) {
  if (!has_file(c)) return;
  if (c.host.save_users()) return c.reply.ok();
  c.reply.error("ERR There was an error trying to save the ACLs. Please check the server logs for more information");
}

void acl_help(Context& c) {
  reply_help(c, {"CAT [<category>]",
                 "    List all commands that belong to <category>, or all command categories",
                 "    when no category is specified.",
                 "DELUSER <username> [<username> ...]",
                 "    Delete a list of users.",
                 "DRYRUN <username> <command> [<arg> ...]",
                 "    Returns whether the user can execute the given command without executing the command.",
                 "GETUSER <username>",
                 "    Get the user's details.",
                 "GENPASS [<bits>]",
                 "    Generate a secure 256-bit user password. The optional `bits` argument can",
                 "    be used to specify a different size.",
                 "LIST",
                 "    Show users details in config file format.",
                 "LOAD",
                 "    Reload users from the ACL file.",
                 "LOG [<count> | RESET]",
                 "    Show the ACL log entries.",
                 "SAVE",
                 "    Save the current config to the ACL file.",
                 "SETUSER <username> <attribute> [<attribute> ...]",
                 "    Create or modify a user with the specified attributes.",
                 "USERS",
                 "    List all the registered usernames.",
                 "WHOAMI",
                 "    Return the current connection username."});
}

}  // namespace handlers
}  // namespace guccho::commands
