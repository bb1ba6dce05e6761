// Records into keys.
#include "node/rdb/load.h"

#include <algorithm>
#include <unordered_set>

#include "node/store/hash_value.h"
#include "node/store/listpack.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

Result<store::Entry*> load_scored(store::Keyspace& keyspace, const store::KeyRef& key, const ScoredList& list) {
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

}  // namespace

Status load(store::Keyspace& keyspace, const Record& record) {
  const store::KeyRef key(key_slot(record.key), record.key);
  store::Entry* entry = nullptr;
  if (const auto* string = std::get_if<std::string>(&record.value)) {
    entry = keyspace.set_string(key, *string);
  } else {
    keyspace.erase(key);
    if (const auto* packed = std::get_if<PackedHash>(&record.value)) {
      entry = store::adopt_packed_hash(keyspace, key, packed->listpack);
    } else if (const auto* packed_zset = std::get_if<PackedZset>(&record.value)) {
      entry = store::adopt_packed_zset(keyspace, key, packed_zset->listpack);
    } else if (const auto* scored = std::get_if<ScoredList>(&record.value)) {
      const Result<store::Entry*> loaded = load_scored(keyspace, key, *scored);
      if (!loaded) return std::unexpected(loaded.error());
      entry = *loaded;
    } else {
      store::HashValue hash(keyspace, key, nullptr);
      for (const auto& [field, value] : std::get<FieldList>(record.value)) {
        if (!hash.set(field, value)) return fail("a hash with a field twice");
      }
      entry = hash.entry();
    }
  }
  if (record.expiry) entry = keyspace.set_expiry(key, entry, *record.expiry);
  if (record.idle_seconds && !keyspace.access_policy().lfu) {
    keyspace.set_idle_seconds(*entry, static_cast<int64_t>(*record.idle_seconds));
  }
  if (record.frequency && keyspace.access_policy().lfu) keyspace.set_frequency(*entry, *record.frequency);
  return {};
}

}  // namespace guccho::rdb
