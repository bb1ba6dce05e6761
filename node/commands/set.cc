// Sets: members one by one. SPOP and SRANDMEMBER are in set_random.cc, intersections, unions and differences in
// set_combine.cc.
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/scan_options.h"
#include "node/commands/set_support.h"
#include "node/store/keyspace.h"
#include "node/store/set_value.h"

namespace guccho::commands {

bool is_set_or_missing(Context& c, const store::Entry* entry) {
  if (entry == nullptr || entry->type() == store::Type::kSet) return true;
  c.wrong_type();
  return false;
}

void announce_removal(Context& c, const store::KeyRef& key, const store::SetValue& set, std::string_view event) {
  const bool empty = set.size() == 0;
  if (empty) c.data.erase(key);
  c.changed(key.bytes, config::kNotifySet, event);
  if (empty) c.changed(key.bytes, config::kNotifyGeneric, "del");
}

namespace handlers {

using store::Entry;
using store::KeyRef;
using store::SetValue;
using store::SetView;

void sadd(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_set_or_missing(c, entry)) return;
  SetValue set(c.data, key, entry);
  const auto members = c.args.subspan(2);
  if (entry == nullptr || members.size() > 1) set.expect(members[0], members.size());
  int64_t added = 0;
  for (const std::string_view member : members) added += set.add(member) ? 1 : 0;
  if (entry == nullptr) c.created(key.bytes);
  if (added > 0) c.changed(key.bytes, config::kNotifySet, "sadd");
  c.reply.integer(added);
}

void srem(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_set_or_missing(c, entry)) return;
  SetValue set(c.data, key, entry);
  int64_t removed = 0;
  for (size_t i = 2; i < c.argc() && set.size() > 0; ++i) removed += set.erase(c.arg(i)) ? 1 : 0;
  if (removed > 0) announce_removal(c, key, set, "srem");
  c.reply.integer(removed);
}

// One change for both keys, so that the second is made only when the first had the member.
void smove(Context& c) {
  const KeyRef from = c.key(1);
  const KeyRef to = c.key(2);
  Entry* source = c.find_for_write(from);
  Entry* target = c.find_for_write(to);
  if (source == nullptr) return c.reply.integer(0);
  if (!is_set_or_missing(c, source) || !is_set_or_missing(c, target)) return;
  if (from.bytes == to.bytes) return c.reply.integer(SetView(source).contains(c.arg(3)) ? 1 : 0);
  SetValue set(c.data, from, source);
  if (!set.erase(c.arg(3))) return c.reply.integer(0);
  announce_removal(c, from, set, "srem");
  const bool added = SetValue(c.data, to, target).add(c.arg(3));
  if (target == nullptr) c.created(to.bytes);
  if (added) c.changed(to.bytes, config::kNotifySet, "sadd");
  c.reply.integer(1);
}

void sismember(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (!is_set_or_missing(c, entry)) return;
  c.reply.integer(SetView(entry).contains(c.arg(2)) ? 1 : 0);
}

void smismember(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (!is_set_or_missing(c, entry)) return;
  c.reply.array(c.argc() - 2);
  for (const std::string_view member : c.args.subspan(2)) c.reply.integer(SetView(entry).contains(member) ? 1 : 0);
}

void scard(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (!is_set_or_missing(c, entry)) return;
  c.reply.integer(static_cast<int64_t>(SetView(entry).size()));
}

void sscan(Context& c) {
  const auto cursor = read_cursor(c, c.arg(2));
  if (!cursor) return;
  Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) {
    c.reply.array(2);
    reply_cursor(c.reply, 0);
    return c.reply.array(0);
  }
  if (!is_set_or_missing(c, entry)) return;
  ScanOptions options;
  if (!parse_scan_options(c, 3, false, options)) return;

  resp::Buffer members;
  resp::ReplyWriter writer(members, c.reply.version());
  size_t found = 0;
  const uint64_t next = SetView(entry).scan(*cursor, options.count, [&](std::string_view member) {
    if (!options.matches(member)) return;
    writer.bulk(member);
    ++found;
  });
  c.reply.array(2);
  reply_cursor(c.reply, next);
  c.reply.array(found);
  c.reply.raw(members.view());
}

}  // namespace handlers
}  // namespace guccho::commands
