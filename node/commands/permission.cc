// The command table as a catalog for rules; keys and channels of a request.
#include "node/commands/permission.h"

#include <vector>

#include "node/commands/categories.h"

namespace guccho::commands {
namespace {

acl::Catalog make_catalog() {
  std::vector<acl::Command> commands;
  for (size_t id = 0; id < command_id_count(); ++id) {
    const CommandSpec& spec = command_by_id(static_cast<uint16_t>(id));
    acl::Command command{
        .name = spec.full_name, .categories = spec.categories, .is_subcommand = spec.parent != nullptr};
    if (!spec.subcommands.empty()) {
      command.first_subcommand = spec.subcommands.front().id;
      command.subcommands = static_cast<uint16_t>(spec.subcommands.size());
    }
    commands.push_back(command);
  }
  std::vector<std::string_view> categories;
  for (const std::string_view name : kCategoryNames) categories.push_back(name.substr(1));
  return {std::move(commands), std::move(categories)};
}

uint8_t access_of(uint16_t key_flags) {
  uint8_t access = acl::kNone;
  if ((key_flags & kKeyAccess) != 0) access |= acl::kRead;
  if ((key_flags & (kKeyInsert | kKeyDelete | kKeyUpdate)) != 0) access |= acl::kWrite;
  return access;
}

// Which arguments are channels to publish to or to subscribe to. Unsubscribing is always allowed.
std::vector<acl::Request::Channel> channels_of(const CommandSpec& spec, size_t argc) {
  std::vector<acl::Request::Channel> channels;
  const std::string_view name = spec.full_name;
  const bool publishes = name == "publish" || name == "spublish";
  const bool pattern = name == "psubscribe";
  if (!publishes && !pattern && name != "subscribe" && name != "ssubscribe") return channels;
  const size_t end = publishes ? 2 : argc;
  for (size_t i = 1; i < end; ++i) channels.push_back({static_cast<uint32_t>(i), pattern});
  return channels;
}

}  // namespace

const acl::Catalog& acl_catalog() {
  static const acl::Catalog catalog = make_catalog();
  return catalog;
}

acl::Rules acl_rules(const config::Config& config) {
  return {acl_catalog(), config.acl_pubsub_default == config::AclPubsubDefault::kAllChannels};
}

acl::Verdict check_permission(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args) {
  if (user.unrestricted()) return {};
  std::vector<KeyPosition> positions;
  std::vector<acl::Request::Key> keys;
  if (!spec.keys.empty() && find_keys(spec, args, positions)) {
    for (const KeyPosition& p : positions) {
      if ((p.flags & kKeyNotKey) == 0) keys.push_back({p.index, access_of(p.flags)});
    }
  }
  const std::vector<acl::Request::Channel> channels = channels_of(spec, args.size());
  return user.check(
      {.command = spec.id, .always_allowed = spec.has(kNoAuth), .arguments = args, .keys = keys, .channels = channels});
}

std::string denial_text(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args,
                        const acl::Verdict& verdict, bool verbose) {
  if (verdict.denial == acl::Denial::kCommand) {
    return "User " + user.name() + " has no permissions to run the '" + std::string(spec.full_name) + "' command";
  }
  const std::string what = verdict.denial == acl::Denial::kKey ? "key" : "channel";
  if (!verbose) return "No permissions to access a " + what;
  return "User " + user.name() + " has no permissions to access the '" + std::string(args[verdict.argument]) + "' " +
         what;
}

std::string denial_in_exec(const acl::Verdict& verdict) {
  std::string reason = "no permission";
  if (verdict.denial == acl::Denial::kCommand) reason = "no permission to execute the command or subcommand";
  if (verdict.denial == acl::Denial::kKey) reason = "no permission to touch the specified keys";
  if (verdict.denial == acl::Denial::kChannel) {
    reason = "no permission to access one of the channels used as arguments to the command";
  }
  return "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command "
         "is no longer allowed for the following reason: " +
         reason;
}

acl::LogEntry denial_entry(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args,
                           const acl::Verdict& verdict, acl::LogContext context) {
  const bool command = verdict.denial == acl::Denial::kCommand;
  return {.reason = verdict.denial,
          .context = context,
          .object = std::string(command ? spec.full_name : args[verdict.argument]),
          .user = user.name(),
          .client = {}};
}

}  // namespace guccho::commands
