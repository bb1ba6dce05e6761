// Ends of lists: their names, taking from them.
#include "node/commands/list_ends.h"

#include "node/commands/text.h"

namespace guccho::commands {

using store::ListEnd;

bool is_list_or_missing(Context& c, const store::Entry* entry) {
  if (entry == nullptr || entry->type() == store::Type::kList) return true;
  c.wrong_type();
  return false;
}

std::optional<ListEnd> read_end(Context& c, std::string_view text) {
  if (equals_ignore_case("left", text)) return ListEnd::kHead;
  if (equals_ignore_case("right", text)) return ListEnd::kTail;
  c.syntax_error();
  return std::nullopt;
}

const EndNames& names_of(ListEnd end) {
  static constexpr EndNames kHead{"LEFT", "LPOP", "lpop", "lpush"};
  static constexpr EndNames kTail{"RIGHT", "RPOP", "rpop", "rpush"};
  return end == ListEnd::kHead ? kHead : kTail;
}

void reply_element(resp::ReplyWriter& reply, const store::ListpackElement& element) {
  element.integer ? reply.bulk_integer(*element.integer) : reply.bulk(element.bytes);
}

void take(Context& c, const store::KeyRef& key, store::Entry* entry, ListEnd end, size_t count) {
  const store::ListView list(*entry);
  store::ListCursor at = list.at(end == ListEnd::kHead ? 0 : list.size() - 1);
  for (size_t i = 0; i < count; ++i) {
    reply_element(c.reply, at.element());
    end == ListEnd::kHead ? at.next() : at.previous();
  }
  const bool all = count == list.size();
  if (all) {
    c.data.erase(key);
  } else {
    store::ListValue(c.data, key, entry).pop(end, count);
  }
  c.changed(key.bytes, config::kNotifyList, names_of(end).pop_event);
  if (all) c.changed(key.bytes, config::kNotifyGeneric, "del");
}

}  // namespace guccho::commands
