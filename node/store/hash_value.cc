// Hashes: the packed form, the table, and the step from one to the other.
#include "node/store/hash_value.h"

#include <vector>

#include "node/store/hash_table.h"
#include "node/store/listpack.h"

namespace guccho::store {

namespace {

constexpr auto kPacked = static_cast<uint8_t>(Entry::HashRepr::kPacked);
constexpr auto kTable = static_cast<uint8_t>(Entry::HashRepr::kTable);

Listpack listpack_of(const Entry& entry) {
  const External external = entry.external();
  return Listpack({static_cast<const char*>(external.data), external.size});
}

const HashTable& table_of(const Entry& entry) {
  return *static_cast<const HashTable*>(entry.external().structure());
}

}  // namespace

size_t hash_size(const Entry& entry) {
  return entry.repr() == kPacked ? listpack_of(entry).count() / 2 : table_of(entry).table.size();
}

std::optional<std::string_view> packed_hash_bytes(const Entry& entry) {
  if (entry.repr() != kPacked) return std::nullopt;
  const External external = entry.external();
  return std::string_view(static_cast<const char*>(external.data), external.size);
}

void for_each_field(const Entry& entry, const HashValue::Visit& visit) {
  if (entry.repr() == kPacked) {
    const Listpack pack = listpack_of(entry);
    IntText field_text, value_text;
    for (size_t at = pack.first(); at != Listpack::kEnd;) {
      const size_t value_at = pack.next(at);
      visit(pack.get(at).text(field_text), pack.get(value_at).text(value_text));
      at = pack.next(value_at);
    }
    return;
  }
  table_of(entry).table.for_each([&](void* item) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    visit(pair.field(), pair.value());
  });
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
  const FieldPair* pair = table().table.find(field, hash_bytes(field));
  if (!pair) return std::nullopt;
  return pair->value();
}

bool HashValue::contains(std::string_view field) const {
  IntText scratch;
  return get(field, scratch).has_value();
}

// ---- changing ----

bool HashValue::set(std::string_view field, std::string_view value) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (!entry_) {
    entry_ = keyspace_.create(key_, Type::kHash, kPacked, sizeof(External));
    entry_->set_external(ListpackBlock::make(keyspace_.allocator()).external());
  }
  if (packed()) {
    const PackedLimits& limits = keyspace_.packed_limits();
    if (field.size() <= limits.hash_max_listpack_value && value.size() <= limits.hash_max_listpack_value) {
      return set_packed(field, value);
    }
    convert_to_table();
  }
  return set_in_table(field, value);
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

bool HashValue::set_in_table(std::string_view field, std::string_view value) {
  HashTable& hash = table();
  SlabAllocator& alloc = keyspace_.allocator();
  const uint64_t field_hash = hash_bytes(field);
  hash.before_element_change(field_hash);
  FieldPair* pair = hash.table.find(field, field_hash);
  if (!pair) {
    add_pair(hash, field, value, alloc);
    return true;
  }
  if (pair->assign(value)) return false;
  const size_t size = FieldPair::allocation_size(field.size(), value.size());
  FieldPair* fresh = FieldPair::format(alloc.allocate(size), field, value);
  hash.table.replace(field_hash, pair, fresh);
  hash.pair_bytes += SlabAllocator::footprint(size) - SlabAllocator::footprint(pair->allocation_size());
  alloc.free(pair, pair->allocation_size());
  return false;
}

void HashValue::convert_to_table() {
  SlabAllocator& alloc = keyspace_.allocator();
  HashTable* hash = make_table(alloc);
  for_each_field(*entry_,
                 [&](std::string_view field, std::string_view value) { add_pair(*hash, field, value, alloc); });
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  entry_->set_repr(kTable);
  entry_->set_external(External::of(hash));
}

bool HashValue::erase(std::string_view field) {
  if (!entry_) return false;
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    const size_t at = pack.find_every_second(pack.first(), field);
    if (at == Listpack::kEnd) return false;
    keyspace_.before_change(key_);
    Keyspace::Charge charge(keyspace_, key_.slot);
    ListpackBlock block(entry_->external(), keyspace_.allocator());
    block.erase(at, 2);
    entry_->set_external(block.external());
    return true;
  }
  HashTable& hash = table();
  const uint64_t field_hash = hash_bytes(field);
  FieldPair* pair = hash.table.find(field, field_hash);
  if (!pair) return false;
  keyspace_.before_change(key_);
  hash.before_element_change(field_hash);
  Keyspace::Charge charge(keyspace_, key_.slot);
  SlabAllocator& alloc = keyspace_.allocator();
  hash.table.remove(field_hash, pair, alloc);
  hash.pair_bytes -= SlabAllocator::footprint(pair->allocation_size());
  alloc.free(pair, pair->allocation_size());
  return true;
}

// ---- walking ----

void HashValue::for_each(const Visit& visit) const {
  if (entry_) for_each_field(*entry_, visit);
}

uint64_t HashValue::scan(uint64_t cursor, size_t count, const Visit& visit) const {
  if (!entry_) return 0;
  if (packed()) {
    for_each(visit);
    return 0;
  }
  std::vector<void*> items;
  const uint64_t last = (uint64_t{1} << TableCore::kPositionBits) - 1;
  const auto next = table().table.scan(cursor & last, count, items);
  for (void* item : items) {
    const auto& pair = *static_cast<const FieldPair*>(item);
    visit(pair.field(), pair.value());
  }
  return next.value_or(0);
}

void HashValue::random(Rng& rng, const Visit& visit) const {
  if (size() == 0) return;
  if (!packed()) {
    const auto& pair = *static_cast<const FieldPair*>(table().table.random(rng));
    visit(pair.field(), pair.value());
    return;
  }
  const Listpack pack = listpack_of(*entry_);
  size_t at = pack.first();
  for (uint64_t skip = rng.below(size()); skip > 0; --skip) at = pack.next(pack.next(at));
  IntText field_text, value_text;
  visit(pack.get(at).text(field_text), pack.get(pack.next(at)).text(value_text));
}

// ---- loading ----

Entry* adopt_packed_hash(Keyspace& keyspace, const KeyRef& key, std::string_view listpack) {
  const PackedLimits& limits = keyspace.packed_limits();
  const Listpack pack(listpack);
  bool fits = pack.count() / 2 <= limits.hash_max_listpack_entries;
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
