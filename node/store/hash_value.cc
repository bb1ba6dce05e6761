// Hashes: the packed forms, the table, and the steps from one to the other. Expiring is in hash_expiry.cc.
#include "node/store/hash_value.h"

#include <vector>

#include "node/store/hash_table.h"
#include "node/store/listpack.h"

namespace guccho::store {

namespace {

constexpr auto kPacked = static_cast<uint8_t>(Entry::HashRepr::kPacked);
constexpr auto kTable = static_cast<uint8_t>(Entry::HashRepr::kTable);
constexpr auto kPackedTimed = static_cast<uint8_t>(Entry::HashRepr::kPackedTimed);
constexpr auto kTableTimed = static_cast<uint8_t>(Entry::HashRepr::kTableTimed);
constexpr auto kTriples = static_cast<uint8_t>(Entry::HashRepr::kTriples);

bool is_packed(const Entry& entry) {
  return entry.repr() != kTable && entry.repr() != kTableTimed;
}
bool has_triples(const Entry& entry) {
  return entry.repr() == kPackedTimed || entry.repr() == kTriples;
}

Listpack listpack_of(const Entry& entry) {
  const External external = entry.external();
  return Listpack({static_cast<const char*>(external.data), external.size});
}

const HashTable& table_of(const Entry& entry) {
  return *static_cast<const HashTable*>(entry.external().structure());
}

}  // namespace

size_t hash_size(const Entry& entry) {
  if (entry.repr() == kPacked) return listpack_of(entry).count() / 2;
  return is_packed(entry) ? listpack_of(entry).count() / 3 : table_of(entry).table.size();
}

std::optional<std::string_view> packed_hash_bytes(const Entry& entry) {
  if (entry.repr() != kPacked) return std::nullopt;
  const External external = entry.external();
  return std::string_view(static_cast<const char*>(external.data), external.size);
}

std::optional<std::string_view> timed_hash_bytes(const Entry& entry) {
  if (entry.repr() != kPackedTimed) return std::nullopt;
  const External external = entry.external();
  return std::string_view(static_cast<const char*>(external.data), external.size);
}

void for_each_field(const Entry& entry, const HashValue::Visit& visit) {
  if (is_packed(entry)) {
    const bool triples = has_triples(entry);
    const Listpack pack = listpack_of(entry);
    IntText field_text, value_text;
    for (size_t at = pack.first(); at != Listpack::kEnd;) {
      const size_t value_at = pack.next(at);
      visit(pack.get(at).text(field_text), pack.get(value_at).text(value_text));
      at = pack.next(triples ? pack.next(value_at) : value_at);
    }
    return;
  }
  table_of(entry).table.for_each([&](void* item) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    visit(pair.field(), pair.value());
  });
}

void for_each_timed_field(const Entry& entry, const VisitTimed& visit) {
  if (has_triples(entry)) {
    const Listpack pack = listpack_of(entry);
    IntText field_text, value_text;
    for (size_t at = pack.first(); at != Listpack::kEnd;) {
      const size_t value_at = pack.next(at);
      const size_t expiry_at = pack.next(value_at);
      visit(pack.get(at).text(field_text), pack.get(value_at).text(value_text), *pack.get(expiry_at).integer);
      at = pack.next(expiry_at);
    }
    return;
  }
  if (is_packed(entry)) {
    return for_each_field(
        entry, [&](std::string_view field, std::string_view value) { visit(field, value, HashValue::kNoExpiry); });
  }
  table_of(entry).table.for_each([&](void* item) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    visit(pair.field(), pair.value(), pair.expiry());
  });
}

int64_t field_expiry_bound(const Entry& entry) {
  if (!is_packed(entry)) return table_of(entry).times()->bound;
  const Listpack pack = listpack_of(entry);
  return *pack.get(pack.next(pack.next(pack.first()))).integer;
}

HashTable& HashValue::table() const {
  return *static_cast<HashTable*>(entry_->external().structure());
}

size_t HashValue::size() const {
  return entry_ ? hash_size(*entry_) : 0;
}

std::optional<std::string_view> HashValue::get(std::string_view field, IntText& scratch) const {
  if (!entry_) return std::nullopt;
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    const size_t at = pack.find_every_second(pack.first(), field);
    if (at == Listpack::kEnd) return std::nullopt;
    return pack.get(pack.next(at)).text(scratch);
  }
  if (is_table()) {
    const FieldPair* pair = table().table.find(field, hash_bytes(field));
    if (!pair || (pair->timed() && hidden(pair->expiry()))) return std::nullopt;
    return pair->value();
  }
  const Listpack pack = listpack_of(*entry_);
  const size_t at = pack.find_every_third(pack.first(), field);
  if (at == Listpack::kEnd) return std::nullopt;
  const size_t value_at = pack.next(at);
  if (hidden(*pack.get(pack.next(value_at)).integer)) return std::nullopt;
  return pack.get(value_at).text(scratch);
}

bool HashValue::contains(std::string_view field) const {
  IntText scratch;
  return get(field, scratch).has_value();
}

// ---- changing ----

bool HashValue::set(std::string_view field, std::string_view value, Ttl ttl) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (!entry_) {
    entry_ = keyspace_.create(key_, Type::kHash, kPacked, sizeof(External));
    entry_->set_external(ListpackBlock::make(keyspace_.allocator()).external());
  }
  if (!is_table()) {
    const PackedLimits& limits = keyspace_.packed_limits();
    const bool short_texts =
        field.size() <= limits.hash_max_listpack_value && value.size() <= limits.hash_max_listpack_value;
    if (short_texts && listpack_of(*entry_).has_room(field.size() + value.size())) {
      if (packed() && ttl.kind != Ttl::Kind::kAt) return set_packed(field, value);
      return set_triple(field, value, ttl);
    }
    convert_to_table();
  }
  return set_in_table(field, value, ttl);
}

bool HashValue::set_packed(std::string_view field, std::string_view value) {
  ListpackBlock block(entry_->external(), keyspace_.allocator());
  const Listpack pack = block.view();
  const size_t at = pack.find_every_second(pack.first(), field);
  if (at != Listpack::kEnd) {
    block.replace(pack.next(at), value);
    entry_->set_external(block.external());
    return false;
  }
  block.append(field);
  block.append(value);
  entry_->set_external(block.external());
  if (hash_size(*entry_) > keyspace_.packed_limits().hash_max_listpack_entries) convert_to_table();
  return true;
}

bool HashValue::set_in_table(std::string_view field, std::string_view value, Ttl ttl) {
  HashTable& hash = table();
  SlabAllocator& alloc = keyspace_.allocator();
  const uint64_t field_hash = hash_bytes(field);
  hash.before_element_change(field_hash);
  FieldPair* pair = hash.table.find(field, field_hash);
  const bool timed_ttl = ttl.kind == Ttl::Kind::kAt;
  if (!pair) {
    add_pair(hash, field, value, timed_ttl ? stored_expiry(ttl.when) : kNoExpiry, alloc);
    if (timed_ttl) settle();
    return true;
  }
  // Nearly all: neither has an expiry, or it stays.
  if (ttl.kind == Ttl::Kind::kKeep || (!timed_ttl && !pair->timed())) {
    if (!pair->assign(value)) replace_pair(hash, pair, value, pair->expiry(), alloc);
    return false;
  }
  replace_pair(hash, pair, value, timed_ttl ? stored_expiry(ttl.when) : kNoExpiry, alloc);
  settle();
  return false;
}

void HashValue::convert_to_table() {
  SlabAllocator& alloc = keyspace_.allocator();
  HashTable* hash = make_table(alloc);
  for_each_timed_field(*entry_, [&](std::string_view field, std::string_view value, int64_t expiry) {
    add_pair(*hash, field, value, expiry, alloc);
  });
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  // settle() would count: whether a field has an expiry stays as it was.
  entry_->set_repr(entry_->has_timed_fields() ? kTableTimed : kTable);
  entry_->set_external(External::of(hash));
}

bool HashValue::erase(std::string_view field) {
  if (!entry_) return false;
  if (!is_table()) {
    const size_t width = packed() ? 2 : 3;
    const Listpack pack = listpack_of(*entry_);
    const size_t at =
        width == 2 ? pack.find_every_second(pack.first(), field) : pack.find_every_third(pack.first(), field);
    if (at == Listpack::kEnd) return false;
    keyspace_.before_change(key_);
    Keyspace::Charge charge(keyspace_, key_.slot);
    ListpackBlock block(entry_->external(), keyspace_.allocator());
    block.erase(at, width);
    entry_->set_external(block.external());
    if (width == 3) settle();
    return true;
  }
  HashTable& hash = table();
  const uint64_t field_hash = hash_bytes(field);
  FieldPair* pair = hash.table.find(field, field_hash);
  if (!pair) return false;
  keyspace_.before_change(key_);
  hash.before_element_change(field_hash);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const bool was_timed = pair->timed();
  remove_pair(hash, pair, keyspace_.allocator());
  if (was_timed) settle();
  return true;
}

// ---- walking ----

void HashValue::for_each(const Visit& visit) const {
  if (!entry_) return;
  if (!timed()) return for_each_field(*entry_, visit);
  for_each_timed_field(*entry_, [&](std::string_view field, std::string_view value, int64_t expiry) {
    if (!hidden(expiry)) visit(field, value);
  });
}

uint64_t HashValue::scan(uint64_t cursor, size_t count, const Visit& visit) const {
  if (!entry_) return 0;
  if (!is_table()) {
    for_each(visit);
    return 0;
  }
  std::vector<void*> items;
  const uint64_t last = (uint64_t{1} << TableCore::kPositionBits) - 1;
  const auto next = table().table.scan(cursor & last, count, items);
  for (void* item : items) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    if (!hidden(pair.expiry())) visit(pair.field(), pair.value());
  }
  return next.value_or(0);
}

void HashValue::random(Rng& rng, const Visit& visit) const {
  if (size() == 0) return;
  if (is_table()) {
    constexpr int kTries = 32;
    for (int i = 0; i < kTries; ++i) {
      const auto& pair = *static_cast<const FieldPair*>(table().table.random(rng));
      if (!hidden(pair.expiry())) return visit(pair.field(), pair.value());
    }
  }
  const size_t visible = visible_size();
  if (visible == 0) return;
  uint64_t skip = rng.below(visible);
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    size_t at = pack.first();
    for (; skip > 0; --skip) at = pack.next(pack.next(at));
    IntText field_text, value_text;
    return visit(pack.get(at).text(field_text), pack.get(pack.next(at)).text(value_text));
  }
  for_each([&](std::string_view field, std::string_view value) {
    if (skip-- == 0) visit(field, value);
  });
}

// ---- loading ----

Entry* adopt_packed_hash(Keyspace& keyspace, const KeyRef& key, std::string_view listpack) {
  const PackedLimits& limits = keyspace.packed_limits();
  const Listpack pack(listpack);
  bool fits = pack.has_room(0) && pack.count() / 2 <= limits.hash_max_listpack_entries;
  for (size_t at = pack.first(); fits && at != Listpack::kEnd; at = pack.next(at)) {
    IntText scratch;
    fits = pack.get(at).text(scratch).size() <= limits.hash_max_listpack_value;
  }
  if (!fits) {
    HashValue hash(keyspace, key, nullptr);
    for (size_t at = pack.first(); at != Listpack::kEnd;) {
      IntText field_text, value_text;
      const size_t value_at = pack.next(at);
      hash.set(pack.get(at).text(field_text), pack.get(value_at).text(value_text));
      at = pack.next(value_at);
    }
    return hash.entry();
  }
  keyspace.before_change(key);
  Keyspace::Charge charge(keyspace, key.slot);
  Entry* entry = keyspace.create(key, Type::kHash, kPacked, sizeof(External));
  entry->set_external(ListpackBlock::copy(listpack, keyspace.allocator()).external());
  return entry;
}

}  // namespace guccho::store
