// Members chosen at random: SPOP takes them, SRANDMEMBER shows them.
#include <algorithm>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/random_choice.h"
#include "node/commands/ranges.h"
#include "node/commands/set_support.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::SetValue;
using store::SetView;

// Members in one replicated SREM.
constexpr size_t kRemovedAtOnce = 1024;

// ---- SPOP ----

void pop_one(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.null();
  if (!is_set_or_missing(c, entry)) return;
  Rng rng(c.host.next_random());
  SetValue set(c.data, key, entry);
  std::string member;
  set.view().random(rng, [&](std::string_view chosen) { member = chosen; });
  set.erase(member);
  announce_removal(c, key, set, "spop");
  c.replicate_as({"SREM", key.bytes, member});
  c.reply.bulk(member);
}

// All members: the key goes as it is.
void pop_all(Context& c, const KeyRef& key, const Entry* entry) {
  const SetView set(entry);
  c.reply.set(set.size());
  set.for_each([&](std::string_view member) { c.reply.bulk(member); });
  c.data.erase(key);
  c.changed(key.bytes, config::kNotifySet, "spop");
  c.changed(key.bytes, config::kNotifyGeneric, "del");
  c.replicate_as({c.config.lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.bytes});
}

void replicate_removal(Context& c, const KeyRef& key, const std::vector<std::string>& members) {
  std::vector<std::string_view> request;
  for (size_t at = 0; at < members.size(); at += kRemovedAtOnce) {
    request.assign({"SREM", key.bytes});
    request.insert(request.end(), members.begin() + static_cast<ptrdiff_t>(at),
                   members.begin() + static_cast<ptrdiff_t>(std::min(members.size(), at + kRemovedAtOnce)));
    c.replicate_as(request);
  }
}

void pop_many(Context& c) {
  const auto count = read_at_least(c, c.arg(2), 0, kMustBePositive);
  if (!count) return;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.set(0);
  if (!is_set_or_missing(c, entry)) return;
  const auto wanted = static_cast<size_t>(*count);
  if (wanted == 0) return c.reply.set(0);
  SetValue set(c.data, key, entry);
  if (wanted >= set.size()) return pop_all(c, key, entry);
  Rng rng(c.host.next_random());
  std::vector<std::string> members;
  members.reserve(wanted);
  c.reply.set(wanted);
  while (members.size() < wanted) {
    set.view().random(rng, [&](std::string_view chosen) { members.emplace_back(chosen); });
    set.erase(members.back());
    c.reply.bulk(members.back());
  }
  c.changed(key.bytes, config::kNotifySet, "spop");
  replicate_removal(c, key, members);
}

// ---- SRANDMEMBER ----

void reply_with_repetition(Context& c, const SetView& set, size_t count) {
  Rng rng(c.host.next_random());
  c.reply.array(count);
  for (size_t i = 0; i < count; ++i) {
    set.random(rng, [&](std::string_view member) { c.reply.bulk(member); });
  }
}

// Picks evenly among all subsets: each member is taken with the chance that as many are still wanted as are left.
void reply_selected(Context& c, const SetView& set, size_t count, Rng& rng) {
  size_t left = set.size();
  set.for_each_while([&](std::string_view member) {
    if (rng.below(left--) < count) {
      --count;
      c.reply.bulk(member);
    }
    return count > 0;
  });
}

void reply_distinct(Context& c, const SetView& set, size_t count) {
  Rng rng(c.host.next_random());
  const size_t wanted = std::min(count, set.size());
  c.reply.array(wanted);
  if (wanted == 0) return;
  if (!set.is_table() || !drawing_suits(wanted, set.size())) return reply_selected(c, set, wanted, rng);
  draw_distinct(
      wanted, [&](auto visit) { set.random(rng, visit); }, [&](std::string_view member) { c.reply.bulk(member); });
}

}  // namespace

void handlers::spop(Context& c) {
  if (c.argc() > 3) return c.syntax_error();
  c.argc() == 3 ? pop_many(c) : pop_one(c);
}

void handlers::srandmember(Context& c) {
  if (c.argc() > 3) return c.syntax_error();
  const bool with_count = c.argc() == 3;
  int64_t count = 0;
  if (with_count) {
    const auto number = read_symmetric(c, c.arg(2));
    if (!number) return;
    if (*number < -kMaxRepeats) return c.reply.error("ERR value is out of range");
    count = *number;
  }
  Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return with_count ? c.reply.array(0) : c.reply.null();
  if (!is_set_or_missing(c, entry)) return;
  const SetView set(entry);
  if (!with_count) {
    Rng rng(c.host.next_random());
    return set.random(rng, [&](std::string_view member) { c.reply.bulk(member); });
  }
  count < 0 ? reply_with_repetition(c, set, static_cast<size_t>(-count))
            : reply_distinct(c, set, static_cast<size_t>(count));
}

}  // namespace guccho::commands
