// What the commands of sorted sets share: adding members, replying with a range, storing a result under a key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/commands/context.h"
#include "node/store/zset_value.h"

namespace guccho::commands {

// False after a WRONGTYPE reply. A missing key is as good as an empty sorted set.
bool is_zset_or_missing(Context& c, const store::Entry* entry);

// ZADD and GEOADD, once their arguments are known to be right: the members are arguments `first_member`, and every
// `stride`-th from there, one for each score. Replies, and says what changed; true when something did.
struct AddRequest {
  std::span<const double> scores;
  size_t first_member = 0;
  size_t stride = 2;
  store::ZsetValue::Condition condition;
  bool count_updated = false;  // CH
};
bool add_members(Context& c, const AddRequest& request);

// After members were removed: says so, and deletes the key when none is left.
void announce_removal(Context& c, const store::KeyRef& key, const store::ZsetView& zset, std::string_view event);

// Members in the order of a sorted set, or in the other direction.
struct MemberSpan {
  size_t first = 0;  // the rank of the one that comes first in the reply
  size_t count = 0;
  bool reverse = false;
};
// An array of members; with scores: in turn in RESP2, in pairs in RESP3.
void reply_members(Context& c, const store::ZsetView& zset, const MemberSpan& span, bool with_scores);
void reply_members(Context& c, std::span<const store::ScoredMember> members, bool with_scores);

// ZRANGESTORE and its kin: makes the members, distinct and in order, the value of a key in place of what is there, or
// deletes the key when there are none. Replies with their number. The members may lie in any value.
void store_members(Context& c, const store::KeyRef& key, std::span<const store::ScoredMember> members,
                   std::string_view event);

}  // namespace guccho::commands
