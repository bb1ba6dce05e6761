// What users may do, asked for a command with its arguments: the bridge from the command table to node/acl.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "node/acl/log.h"
#include "node/acl/users.h"
#include "node/commands/command.h"
#include "node/config/config.h"

namespace guccho::commands {

// The command table as ACL rules see it.
const acl::Catalog& acl_catalog();
acl::Rules acl_rules(const config::Config& config);

// Whether the user may run this command, whose number of arguments fits the record. Keys are found by the record's key
// specifications; arguments that do not fit them have no keys (the handler refuses them). O(selectors x patterns x
// keys). Dispatch, EXEC, ACL DRYRUN and scripts (redis.call, redis.acl_check_cmd) ask it.
acl::Verdict check_permission(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args);

// "User alice has no permissions to run the 'get' command", without the code NOPERM. `verbose` (DRYRUN) names key and
// channel.
std::string denial_text(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args,
                        const acl::Verdict& verdict, bool verbose);
// The error of a command that was queued while it was allowed.
std::string denial_in_exec(const acl::Verdict& verdict);
// What ACL LOG is to keep of it; the host adds the client.
acl::LogEntry denial_entry(const acl::User& user, const CommandSpec& spec, std::span<const std::string_view> args,
                           const acl::Verdict& verdict, acl::LogContext context);

}  // namespace guccho::commands
