// Intersection, union and difference of sets: replied, counted, or stored under a key.
#include <algorithm>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/ranges.h"
#include "node/commands/set_support.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::SetValue;
using store::SetView;

using Names = std::span<const std::string_view>;
using Sets = std::vector<SetView>;
// Answers false to end the walk. Views that it is given are valid during the call only.
using Take = std::function<bool(std::string_view member)>;
using Combine = void (*)(const Sets& sets, const Take& take);

// The sets at these keys, missing ones as empty; nothing after a WRONGTYPE reply.
std::optional<Sets> find_sets(Context& c, Names names) {
  Sets sets;
  sets.reserve(names.size());
  for (const std::string_view name : names) {
    const Entry* entry = c.find_for_read(KeyRef(c.slot, name));
    if (!is_set_or_missing(c, entry)) return std::nullopt;
    sets.emplace_back(entry);
  }
  return sets;
}

// The members of the smallest that all others have; those most likely to lack one are asked first.
void intersect(const Sets& sets, const Take& take) {
  Sets sorted = sets;
  std::ranges::stable_sort(sorted, {}, [](const SetView& set) { return set.size(); });
  if (sorted[0].size() == 0) return;
  sorted[0].for_each_while([&](std::string_view member) {
    const bool in_all =
        std::all_of(sorted.begin() + 1, sorted.end(), [&](const SetView& set) { return set.contains(member); });
    return in_all ? take(member) : true;
  });
}

// The members of the first that no other has; those most likely to have one are asked first.
void subtract(const Sets& sets, const Take& take) {
  Sets others(sets.begin() + 1, sets.end());
  std::ranges::stable_sort(others, std::greater{}, [](const SetView& set) { return set.size(); });
  sets[0].for_each_while([&](std::string_view member) {
    return std::ranges::any_of(others, [&](const SetView& set) { return set.contains(member); }) || take(member);
  });
}

// Of few sets, each member of a later one is looked up in the earlier ones; of many, what was taken is remembered.
void unite(const Sets& sets, const Take& take) {
  constexpr size_t kFew = 3;
  std::unordered_set<std::string> taken;
  const bool few = sets.size() <= kFew;
  bool more = true;
  for (size_t i = 0; i < sets.size() && more; ++i) {
    sets[i].for_each_while([&](std::string_view member) {
      const auto has = [&](const SetView& set) { return set.contains(member); };
      const bool known = few ? std::any_of(sets.begin(), sets.begin() + static_cast<ptrdiff_t>(i), has)
                             : !taken.emplace(member).second;
      return more = known || take(member);
    });
  }
}

void reply(Context& c, Names names, Combine combine) {
  const auto sets = find_sets(c, names);
  if (!sets) return;
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  combine(*sets, [&](std::string_view member) {
    c.reply.bulk(member);
    ++count;
    return true;
  });
  c.reply.end_set(mark, count);
}

// The result takes the place of whatever is at argument 1.
void store(Context& c, Combine combine, std::string_view event) {
  const KeyRef key = c.key(1);
  const Names names = c.args.subspan(2);
  const auto sets = find_sets(c, names);
  if (!sets) return;
  const bool replaces = c.find_for_write(key) != nullptr;
  SetValue result(c.data, key, nullptr);
  if (std::ranges::find(names, key.bytes) == names.end()) {
    c.data.erase(key);
    combine(*sets, [&](std::string_view member) {
      result.add(member);
      return true;
    });
  } else {
    // What is read must not be replaced before it was read.
    std::vector<std::string> members;
    combine(*sets, [&](std::string_view member) {
      members.emplace_back(member);
      return true;
    });
    c.data.erase(key);
    for (const std::string& member : members) result.add(member);
  }
  const size_t size = result.size();
  if (size > 0) {
    if (!replaces) c.created(key.bytes);
    c.changed(key.bytes, config::kNotifySet, event);
  } else if (replaces) {
    c.changed(key.bytes, config::kNotifyGeneric, "del");
  }
  c.reply.integer(static_cast<int64_t>(size));
}

}  // namespace

namespace handlers {

void smembers(Context& c) {
  Entry* entry = c.find_for_read(c.key(1));
  if (!is_set_or_missing(c, entry)) return;
  const SetView set(entry);
  c.reply.set(set.size());
  set.for_each([&](std::string_view member) { c.reply.bulk(member); });
}

void sinter(Context& c) {
  reply(c, c.args.subspan(1), intersect);
}
void sunion(Context& c) {
  reply(c, c.args.subspan(1), unite);
}
void sdiff(Context& c) {
  reply(c, c.args.subspan(1), subtract);
}

void sinterstore(Context& c) {
  store(c, intersect, "sinterstore");
}
void sunionstore(Context& c) {
  store(c, unite, "sunionstore");
}
void sdiffstore(Context& c) {
  store(c, subtract, "sdiffstore");
}

void sintercard(Context& c) {
  const auto keys = read_at_least(c, c.arg(1), 1, "ERR numkeys should be greater than 0");
  if (!keys) return;
  if (static_cast<size_t>(*keys) > c.argc() - 2) {
    return c.reply.error("ERR Number of keys can't be greater than number of args");
  }
  const size_t end = 2 + static_cast<size_t>(*keys);
  int64_t limit = 0;  // none
  for (size_t i = end; i < c.argc(); i += 2) {
    if (i + 1 == c.argc() || !equals_ignore_case("limit", c.arg(i))) return c.syntax_error();
    const auto number = read_at_least(c, c.arg(i + 1), 0, "ERR LIMIT can't be negative");
    if (!number) return;
    limit = *number;
  }
  const auto sets = find_sets(c, c.args.subspan(2, end - 2));
  if (!sets) return;
  int64_t count = 0;
  intersect(*sets, [&](std::string_view) { return ++count != limit; });
  c.reply.integer(count);
}

}  // namespace handlers
}  // namespace guccho::commands
