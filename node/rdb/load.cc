// Records into keys.
#include "node/rdb/load.h"

#include <algorithm>
#include <unordered_set>

#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/set_value.h"
#include "node/store/stream_image.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

using store::Entry;

// Makes the key out of a value of each kind; the key is absent.
struct Maker {
  store::Keyspace& keyspace;
  const store::KeyRef& key;

  Result<Entry*> operator()(const std::string& string) const { return keyspace.set_string(key, string); }

  Result<Entry*> operator()(const PackedHash& packed) const {
    return store::adopt_packed_hash(keyspace, key, packed.listpack);
  }

  Result<Entry*> operator()(const FieldList& fields) const {
    store::HashValue hash(keyspace, key, nullptr);
    for (const auto& [field, value] : fields) {
      if (!hash.set(field, value)) return fail("a hash with a field twice");
    }
    return hash.entry();
  }

  Result<Entry*> operator()(const TimedFieldList& fields) const {
    store::HashValue hash(keyspace, key, nullptr);
    for (const auto& [field, value, expiry] : fields) {
      const bool timed = expiry != store::HashValue::kNoExpiry;
      const store::Ttl ttl = timed ? store::Ttl::at(UnixMillis(Millis(expiry))) : store::Ttl::clear();
      if (!hash.set(field, value, ttl)) return fail("a hash with a field twice");
    }
    return hash.entry();
  }

  Result<Entry*> operator()(const ListNodes& nodes) const {
    store::ListLoader list(keyspace, key);
    for (const ListNode& node : nodes) node.listpack ? list.add_listpack(node.bytes) : list.add(node.bytes);
    return list.finish();
  }

  Result<Entry*> operator()(const PackedSet& packed) const {
    return store::adopt_packed_set(keyspace, key, packed.listpack);
  }

  Result<Entry*> operator()(const IntegerSet& integers) const {
    return store::adopt_intset(keyspace, key, integers.intset);
  }

  Result<Entry*> operator()(const MemberList& members) const {
    store::SetValue set(keyspace, key, nullptr);
    for (const std::string& member : members) {
      if (!set.add(member)) return fail("a set with a member twice");
    }
    return set.entry();
  }

  Result<Entry*> operator()(const PackedZset& packed) const {
    return store::adopt_packed_zset(keyspace, key, packed.listpack);
  }

  Result<Entry*> operator()(const ScoredList& list) const {
    std::vector<store::ScoredMember> members;
    std::unordered_set<std::string_view> seen;
    members.reserve(list.size());
    seen.reserve(list.size());
    for (const auto& [member, score] : list) {
      if (!seen.insert(member).second) return fail("a sorted set with a member twice");
      members.push_back({score, member});
    }
    // Redis writes the greatest first.
    std::ranges::reverse(members);
    if (!std::ranges::is_sorted(members, std::less())) std::ranges::sort(members, std::less());
    return store::make_zset(keyspace, key, members);
  }

  Result<Entry*> operator()(store::StreamImage& stream) const {
    return store::adopt_stream(keyspace, key, std::move(stream));
  }
};

}  // namespace

Status load(store::Keyspace& keyspace, Record&& record) {
  const store::KeyRef key(key_slot(record.key), record.key);
  if (!std::holds_alternative<std::string>(record.value)) keyspace.erase(key);
  const Result<Entry*> made = std::visit(Maker{keyspace, key}, record.value);
  if (!made) return std::unexpected(made.error());
  Entry* entry = *made;
  if (record.expiry) entry = keyspace.set_expiry(key, entry, *record.expiry);
  if (record.idle_seconds && !keyspace.access_policy().lfu) {
    keyspace.set_idle_seconds(*entry, static_cast<int64_t>(*record.idle_seconds));
  }
  if (record.frequency && keyspace.access_policy().lfu) keyspace.set_frequency(*entry, *record.frequency);
  return {};
}

}  // namespace guccho::rdb
