// The shared parts of the sorted set commands.
#include "node/commands/zset_support.h"

#include "node/store/keyspace.h"

namespace guccho::commands {

using store::Entry;
using store::KeyRef;
using store::ScoredMember;
using store::ZsetCursor;
using store::ZsetValue;
using store::ZsetView;

bool is_zset_or_missing(Context& c, const Entry* entry) {
  if (entry == nullptr || entry->type() == store::Type::kZset) return true;
  c.wrong_type();
  return false;
}

bool add_members(Context& c, const AddRequest& request) {
  using enum ZsetValue::Outcome;
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (!is_zset_or_missing(c, entry)) return false;
  ZsetValue zset(c.data, key, entry);
  int64_t added = 0;
  int64_t updated = 0;
  ZsetValue::Added last{kSkipped, 0};
  for (size_t i = 0; i < request.scores.size(); ++i) {
    last = zset.add(request.scores[i], c.arg(request.first_member + i * request.stride), request.condition);
    added += last.outcome == kAdded ? 1 : 0;
    updated += last.outcome == kUpdated ? 1 : 0;
  }
  // Only an increment can fail so, and then it is the only pair.
  if (last.outcome == kNan) {
    c.reply.error("ERR resulting score is not a number (NaN)");
    return false;
  }
  const bool changed = added + updated > 0;
  if (changed) {
    if (entry == nullptr) c.created(key.bytes);
    c.changed(key.bytes, config::kNotifyZset, request.condition.increment ? "zincr" : "zadd");
  }
  if (!request.condition.increment) {
    c.reply.integer(request.count_updated ? added + updated : added);
  } else if (last.outcome == kSkipped) {
    c.reply.null();
  } else {
    c.reply.real(last.score);
  }
  return changed;
}

void announce_removal(Context& c, const KeyRef& key, const ZsetView& zset, std::string_view event) {
  const bool empty = zset.size() == 0;
  if (empty) c.data.erase(key);
  c.changed(key.bytes, config::kNotifyZset, event);
  if (empty) c.changed(key.bytes, config::kNotifyGeneric, "del");
}

namespace {

void reply_header(Context& c, size_t count, bool with_scores) {
  c.reply.array(with_scores && !c.reply.resp3() ? count * 2 : count);
}

void reply_member(Context& c, std::string_view member, double score) {
  if (c.reply.resp3()) c.reply.array(2);
  c.reply.bulk(member);
  c.reply.real(score);
}

}  // namespace

void reply_members(Context& c, const ZsetView& zset, const MemberSpan& span, bool with_scores) {
  reply_header(c, span.count, with_scores);
  if (span.count == 0) return;
  ZsetCursor at = zset.at(span.first);
  for (size_t left = span.count; left > 0; --left) {
    with_scores ? reply_member(c, at.member(), at.score()) : c.reply.bulk(at.member());
    span.reverse ? at.previous() : at.next();
  }
}

void reply_members(Context& c, std::span<const ScoredMember> members, bool with_scores) {
  reply_header(c, members.size(), with_scores);
  for (const ScoredMember& each : members) {
    with_scores ? reply_member(c, each.member, each.score) : c.reply.bulk(each.member);
  }
}

void store_members(Context& c, const KeyRef& key, std::span<const ScoredMember> members, std::string_view event) {
  const Entry* old = c.find_for_write(key);
  if (members.empty()) {
    if (old != nullptr) {
      c.data.erase(key);
      c.changed(key.bytes, config::kNotifyGeneric, "del");
    }
    return c.reply.integer(0);
  }
  // The members may be those of the key that goes.
  std::vector<ScoredMember> copies;
  std::string bytes;
  if (old != nullptr) {
    size_t size = 0;
    for (const ScoredMember& each : members) size += each.member.size();
    bytes.reserve(size);
    copies.reserve(members.size());
    for (const ScoredMember& each : members) {
      bytes += each.member;
      copies.push_back({each.score, std::string_view(bytes).substr(bytes.size() - each.member.size())});
    }
    members = copies;
    c.data.erase(key);
  }
  store::make_zset(c.data, key, members);
  if (old == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyZset, event);
  c.reply.integer(static_cast<int64_t>(members.size()));
}

}  // namespace guccho::commands
