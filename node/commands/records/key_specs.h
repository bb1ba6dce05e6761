// Key specifications that many records share: one key, or all following arguments, and what the command does to them.
#pragma once

#include "node/commands/command.h"

namespace guccho::commands::records {

// One key, the first argument.
inline constexpr KeySpec kReadKey[] = {{.flags = kKeyRO | kKeyAccess, .index = 1}};
inline constexpr KeySpec kProbeKey[] = {{.flags = kKeyRO, .index = 1}};  // existence, size, type: not the content
inline constexpr KeySpec kModifyKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate, .index = 1}};
inline constexpr KeySpec kUpdateKey[] = {{.flags = kKeyRW | kKeyUpdate, .index = 1}};
inline constexpr KeySpec kInsertKey[] = {{.flags = kKeyRW | kKeyInsert, .index = 1}};
inline constexpr KeySpec kOverwriteKey[] = {{.flags = kKeyOW | kKeyUpdate, .index = 1}};
inline constexpr KeySpec kCreateKey[] = {{.flags = kKeyOW | kKeyInsert, .index = 1}};
inline constexpr KeySpec kTakeKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 1}};
// One key, after a subcommand.
inline constexpr KeySpec kProbeSecond[] = {{.flags = kKeyRO, .index = 2}};
// All arguments.
inline constexpr KeySpec kReadKeys[] = {{.flags = kKeyRO | kKeyAccess, .index = 1, .last = -1}};
inline constexpr KeySpec kProbeKeys[] = {{.flags = kKeyRO, .index = 1, .last = -1}};
inline constexpr KeySpec kRemoveKeys[] = {{.flags = kKeyRM | kKeyDelete, .index = 1, .last = -1}};

}  // namespace guccho::commands::records
