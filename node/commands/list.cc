// Lists: pushing, popping, and elements by index or value. Moving between lists is in list_move.cc, popping from
// several keys and waiting for them in list_pop.cc.
#include <algorithm>

#include "node/commands/handlers.h"
#include "node/commands/list_ends.h"
#include "node/commands/numbers.h"
#include "node/commands/ranges.h"
#include "node/commands/text.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::ListCursor;
using store::ListEnd;
using store::ListValue;
using store::ListView;

void push(Context& c, ListEnd end, bool only_existing) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_list_or_missing(c, entry)) return;
  if (entry == nullptr && only_existing) return c.reply.integer(0);
  ListValue list(c.data, key, entry);
  list.push(end, c.args.subspan(2));
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyList, names_of(end).push_event);
  c.reply.integer(static_cast<int64_t>(list.size()));
}

void pop(Context& c, ListEnd end) {
  if (c.argc() > 3) return c.wrong_arity();
  const bool with_count = c.argc() == 3;
  int64_t count = 1;
  if (with_count) {
    const auto number = read_at_least(c, c.arg(2), 0, kMustBePositive);
    if (!number) return;
    count = *number;
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return with_count ? c.reply.null_array() : c.reply.null();
  if (!is_list_or_missing(c, entry)) return;
  const size_t taken = std::min(static_cast<size_t>(count), ListView(*entry).size());
  if (with_count) c.reply.array(taken);
  if (taken > 0) take(c, key, entry, end, taken);
}

// The place that an index names, counted from the end when negative; nothing outside of the list.
std::optional<size_t> place_of(int64_t index, size_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || static_cast<size_t>(index) >= size) return std::nullopt;
  return static_cast<size_t>(index);
}

// After elements were removed other than by popping.
void announce_removal(Context& c, const KeyRef& key, const ListValue& list, std::string_view event) {
  const bool empty = list.size() == 0;
  if (empty) c.data.erase(key);
  c.changed(key.bytes, config::kNotifyList, event);
  if (empty) c.changed(key.bytes, config::kNotifyGeneric, "del");
}

struct PositionOptions {
  int64_t rank = 1;
  std::optional<int64_t> count;
  int64_t max_length = 0;  // 0: all
};

// LPOS's options; nothing after an error reply.
std::optional<PositionOptions> parse_position_options(Context& c) {
  PositionOptions options;
  for (size_t i = 3; i < c.argc(); i += 2) {
    if (i + 1 == c.argc()) {
      c.syntax_error();
      return std::nullopt;
    }
    const std::string_view value = c.arg(i + 1);
    if (equals_ignore_case("rank", c.arg(i))) {
      const auto rank = read_symmetric(c, value);
      if (!rank) return std::nullopt;
      if (*rank == 0) {
        c.reply.error(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
            "start from the end of the list");
        return std::nullopt;
      }
      options.rank = *rank;
    } else if (equals_ignore_case("count", c.arg(i))) {
      options.count = read_at_least(c, value, 0, "ERR COUNT can't be negative");
      if (!options.count) return std::nullopt;
    } else if (equals_ignore_case("maxlen", c.arg(i))) {
      const auto length = read_at_least(c, value, 0, "ERR MAXLEN can't be negative");
      if (!length) return std::nullopt;
      options.max_length = *length;
    } else {
      c.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace

void lpush(Context& c) {
  push(c, ListEnd::kHead, false);
}
void rpush(Context& c) {
  push(c, ListEnd::kTail, false);
}
void lpushx(Context& c) {
  push(c, ListEnd::kHead, true);
}
void rpushx(Context& c) {
  push(c, ListEnd::kTail, true);
}

void lpop(Context& c) {
  pop(c, ListEnd::kHead);
}
void rpop(Context& c) {
  pop(c, ListEnd::kTail);
}

void llen(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (!is_list_or_missing(c, entry)) return;
  c.reply.integer(entry != nullptr ? static_cast<int64_t>(ListView(*entry).size()) : 0);
}

void lindex(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.null();
  if (!is_list_or_missing(c, entry)) return;
  const auto index = parse_integer(c.arg(2));
  if (!index) return c.not_an_integer();
  const ListView list(*entry);
  const auto place = place_of(*index, list.size());
  if (!place) return c.reply.null();
  reply_element(c.reply, list.at(*place).element());
}

void lset(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.error("ERR no such key");
  if (!is_list_or_missing(c, entry)) return;
  const auto index = parse_integer(c.arg(2));
  if (!index) return c.not_an_integer();
  ListValue list(c.data, key, entry);
  const auto place = place_of(*index, list.size());
  if (!place) return c.reply.error("ERR index out of range");
  list.set(*place, c.arg(3));
  c.changed(key.bytes, config::kNotifyList, "lset");
  c.reply.ok();
}

void lrange(Context& c) {
  const auto start = parse_integer(c.arg(2));
  const auto stop = start ? parse_integer(c.arg(3)) : std::nullopt;
  if (!stop) return c.not_an_integer();
  Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.array(0);
  if (!is_list_or_missing(c, entry)) return;
  const ListView list(*entry);
  const IndexRange range = resolve_range(*start, *stop, list.size());
  c.reply.array(range.count);
  if (range.count == 0) return;
  ListCursor at = list.at(range.first);
  for (size_t i = 0; i < range.count; ++i, at.next()) reply_element(c.reply, at.element());
}

// Announced even when nothing had to go, but then not replicated.
void ltrim(Context& c) {
  const auto start = parse_integer(c.arg(2));
  const auto stop = start ? parse_integer(c.arg(3)) : std::nullopt;
  if (!stop) return c.not_an_integer();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.ok();
  if (!is_list_or_missing(c, entry)) return;
  ListValue list(c.data, key, entry);
  const size_t size = list.size();
  const IndexRange range = resolve_range(*start, *stop, size);
  if (range.count == 0) {
    c.data.erase(key);
    c.changed(key.bytes, config::kNotifyList, "ltrim");
    c.changed(key.bytes, config::kNotifyGeneric, "del");
    return c.reply.ok();
  }
  list.trim(range.first, range.count);
  c.changed(key.bytes, config::kNotifyList, "ltrim");
  if (range.count == size) c.replicate_nothing();
  c.reply.ok();
}

void lrem(Context& c) {
  const auto count = parse_integer(c.arg(2));
  if (!count) return c.not_an_integer();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_list_or_missing(c, entry)) return;
  // The count's size without its sign, also of the least integer.
  const uint64_t limit = *count < 0 ? 0 - static_cast<uint64_t>(*count) : static_cast<uint64_t>(*count);
  ListValue list(c.data, key, entry);
  const size_t removed =
      list.erase_matching(c.arg(3), limit == 0 ? SIZE_MAX : limit, *count < 0 ? ListEnd::kTail : ListEnd::kHead);
  if (removed > 0) announce_removal(c, key, list, "lrem");
  c.reply.integer(static_cast<int64_t>(removed));
}

void linsert(Context& c) {
  const bool after = equals_ignore_case("after", c.arg(2));
  if (!after && !equals_ignore_case("before", c.arg(2))) return c.syntax_error();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_list_or_missing(c, entry)) return;
  ListValue list(c.data, key, entry);
  if (!list.insert(c.arg(3), after, c.arg(4))) return c.reply.integer(-1);
  c.changed(key.bytes, config::kNotifyList, "linsert");
  c.reply.integer(static_cast<int64_t>(list.size()));
}

void lpos(Context& c) {
  const auto options = parse_position_options(c);
  if (!options) return;
  Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return options->count ? c.reply.array(0) : c.reply.null();
  if (!is_list_or_missing(c, entry)) return;
  const ListView list(*entry);
  const bool backwards = options->rank < 0;
  const auto most = static_cast<size_t>(options->max_length);
  const size_t compared = most == 0 ? list.size() : std::min(most, list.size());
  const size_t wanted = static_cast<size_t>(options->count.value_or(1));
  // How many matches are passed over.
  auto skip = static_cast<uint64_t>(backwards ? -options->rank : options->rank) - 1;
  const store::ElementMatcher element(c.arg(2));

  const size_t mark = c.reply.begin_deferred();
  size_t found = 0;
  ListCursor at = list.at(backwards ? list.size() - 1 : 0);
  for (size_t i = 0; i < compared; ++i, backwards ? at.previous() : at.next()) {
    if (!element.matches(at.element())) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    c.reply.integer(static_cast<int64_t>(backwards ? list.size() - 1 - i : i));
    if (++found == wanted) break;
  }
  if (options->count) return c.reply.end_array(mark, found);
  if (found == 0) c.reply.null();
}

}  // namespace guccho::commands::handlers
