// CONFIG GET, CONFIG SET and CONFIG REWRITE over a Config value. Pure: the caller swaps the value and writes the file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/config/config.h"

namespace guccho::config {

using NameValue = std::pair<std::string, std::string>;

// Names (and aliases) that match one of the glob patterns, each once, with their values as CONFIG GET shows them. A
// pattern without wildcards gives the name as it was asked for.
std::vector<NameValue> get(const Config& config, std::span<const std::string_view> patterns);

// The configuration after CONFIG SET name value [name value ...]: all or none. Errors are the whole reply, "ERR ...".
// `from_this_machine`: the client's connection is local, which enable-protected-configs may ask for.
Result<Config> set(const Config& config, std::span<const std::pair<std::string_view, std::string_view>> pairs,
                   bool from_this_machine);

// The reply when a value that set() allowed cannot be put into effect, as in set_failed("bind", "Failed to bind to
// specified addresses.").
std::string set_failed(std::string_view name, std::string_view reason);

// True when the value of this directive must not be shown in logs, MONITOR and SLOWLOG.
bool is_sensitive(std::string_view name);

// The text of a configuration file after CONFIG REWRITE: comments, blank lines, includes and the order of lines stay;
// each directive's first line gets the current value and further ones go; values that are neither in the text nor equal
// to `defaults` are appended below a marker line.
// `user_lines` ("user NAME RULES") take the places of the text's lines for users.
std::string rewrite(std::string_view old_text, const Config& config, const Config& defaults = {},
                    std::span<const std::string> user_lines = {});

}  // namespace guccho::config
