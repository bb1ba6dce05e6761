// What the commands that take from the ends of lists and add to them share.
#pragma once

#include <optional>
#include <string_view>

#include "node/commands/context.h"
#include "node/store/keyspace.h"
#include "node/store/list_value.h"

namespace guccho::commands {

// False after a WRONGTYPE reply. A missing key is as good as an empty list.
bool is_list_or_missing(Context& c, const store::Entry* entry);

// LEFT or RIGHT; nothing after an error reply.
std::optional<store::ListEnd> read_end(Context& c, std::string_view text);

// The names of an end, for replication and events: LEFT, LPOP, lpop, lpush.
struct EndNames {
  std::string_view side, pop_command, pop_event, push_event;
};
const EndNames& names_of(store::ListEnd end);

void reply_element(resp::ReplyWriter& reply, const store::ListpackElement& element);

// Takes `count` elements, at most as many as there are, from one end and replies with each; the array around them is
// the caller's. Says what changed, and deletes the key when nothing is left.
void take(Context& c, const store::KeyRef& key, store::Entry* entry, store::ListEnd end, size_t count);

}  // namespace guccho::commands
