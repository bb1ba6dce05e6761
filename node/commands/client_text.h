// What clients may call themselves, and their line in CLIENT LIST; shared by HELLO and CLIENT.
#pragma once

#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/commands/session.h"

namespace guccho::commands {

inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Printable ASCII without blanks; may be empty.
bool valid_client_name(std::string_view name);

// "id=3 addr=127.0.0.1:4711 ...", without the line's end.
std::string describe_client(const Session& session, UnixMillis now);

// Bytes that it takes, as "tot-mem" in that line: buffers, what waits for EXEC, and the connection itself.
size_t memory_of(const Session& session);

}  // namespace guccho::commands
