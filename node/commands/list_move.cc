// Moving an element from the end of one list to the end of another: LMOVE, RPOPLPUSH, and their blocking forms.
#include <string>

#include "node/commands/handlers.h"
#include "node/commands/list_ends.h"
#include "node/commands/times.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::ListEnd;
using store::ListValue;
using store::ListView;

// The element goes round within one list.
void rotate(Context& c, const KeyRef& key, Entry* entry, ListEnd from, ListEnd to) {
  const ListView view(*entry);
  store::IntText scratch;
  const std::string text(view.at(from == ListEnd::kHead ? 0 : view.size() - 1).element().text(scratch));
  c.reply.bulk(text);
  ListValue list(c.data, key, entry);
  list.pop(from, 1);
  list.push(to, text);
  c.changed(key.bytes, config::kNotifyList, names_of(to).push_event);
  c.changed(key.bytes, config::kNotifyList, names_of(from).pop_event);
}

// From the list at argument 1, which is there, to the one at argument 2. False after an error reply.
bool move_element(Context& c, Entry* source, ListEnd from, ListEnd to) {
  const KeyRef source_key = c.key(1);
  const KeyRef target_key = c.key(2);
  if (source_key.bytes == target_key.bytes) {
    rotate(c, source_key, source, from, to);
    return true;
  }
  Entry* target = c.find_for_write(target_key);
  if (!is_list_or_missing(c, target)) return false;
  const ListView view(*source);
  store::IntText scratch;
  ListValue(c.data, target_key, target)
      .push(to, view.at(from == ListEnd::kHead ? 0 : view.size() - 1).element().text(scratch));
  if (target == nullptr) c.created(target_key.bytes);
  c.changed(target_key.bytes, config::kNotifyList, names_of(to).push_event);
  take(c, source_key, source, from, 1);  // and replies with it
  return true;
}

void move(Context& c, ListEnd from, ListEnd to) {
  Entry* source = c.find_for_write(c.key(1));
  if (source == nullptr) return c.reply.null();
  if (is_list_or_missing(c, source)) move_element(c, source, from, to);
}

// False when it waits, or answered without having moved anything.
bool move_or_wait(Context& c, ListEnd from, ListEnd to, std::string_view timeout_text) {
  const auto timeout = read_block_timeout(c, timeout_text);
  if (!timeout) return false;
  Entry* source = c.find_for_write(c.key(1));
  if (!is_list_or_missing(c, source)) return false;
  if (source != nullptr) return move_element(c, source, from, to);
  if (c.may_block()) {
    c.block({.keys = c.args.subspan(1, 1), .type = store::Type::kList, .timeout = *timeout});
  } else {
    c.reply.null();
  }
  return false;
}

}  // namespace

void lmove(Context& c) {
  const auto from = read_end(c, c.arg(3));
  const auto to = from ? read_end(c, c.arg(4)) : std::nullopt;
  if (to) move(c, *from, *to);
}

void rpoplpush(Context& c) {
  move(c, ListEnd::kTail, ListEnd::kHead);
}

// Replicated without the waiting.
void blmove(Context& c) {
  const auto from = read_end(c, c.arg(3));
  const auto to = from ? read_end(c, c.arg(4)) : std::nullopt;
  if (!to || !move_or_wait(c, *from, *to, c.arg(5))) return;
  c.replicate_as({"LMOVE", c.arg(1), c.arg(2), names_of(*from).side, names_of(*to).side});
}

void brpoplpush(Context& c) {
  if (!move_or_wait(c, ListEnd::kTail, ListEnd::kHead, c.arg(3))) return;
  c.replicate_as({"RPOPLPUSH", c.arg(1), c.arg(2)});
}

}  // namespace guccho::commands::handlers
