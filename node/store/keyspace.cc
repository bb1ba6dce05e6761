// Lookups, changes and accounting of a Keyspace.
#include "node/store/keyspace.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "node/base/prefetch.h"
#include "node/store/active_snapshot.h"
#include "node/store/hash_value.h"
#include "node/store/integer.h"
#include "node/store/structure.h"

namespace guccho::store {

namespace {

// Redis' limit between "embstr" and "raw".
constexpr size_t kMaxEmbstr = 44;

struct StringForm {
  Entry::StringRepr repr;
  std::optional<int64_t> integer;
  size_t payload_size;
};

StringForm form_of(std::string_view value) {
  if (const auto integer = parse_integer(value)) {
    return {Entry::StringRepr::kInt, integer, packed_integer_size(*integer)};
  }
  if (value.size() <= kMaxEmbstr) return {Entry::StringRepr::kEmbstr, std::nullopt, value.size()};
  if (value.size() <= Entry::kMaxInlineString) return {Entry::StringRepr::kRawInline, std::nullopt, value.size()};
  return {Entry::StringRepr::kRawExternal, std::nullopt, sizeof(External)};
}

}  // namespace

Keyspace::Keyspace(size_t worker, size_t workers)
    : worker_(worker),
      workers_(workers),
      slot_count_((kSlotCount - worker + workers - 1) / workers),
      tables_(slot_count_),
      counters_(std::make_unique<Counters[]>(slot_count_)),
      group_keys_(slot_count_ / kSlotsPerGroup + 1),
      rng_(worker),
      slot_bounds_(slot_count_, TableCore::kNoBound) {}

Keyspace::~Keyspace() {
  abort_snapshot();
  flush_all();
  while (free_step(SIZE_MAX)) {
  }
}

// ---- reading ----

void Keyspace::prefetch_table(const KeyRef& key) const {
  prefetch(&tables_[index_of(key.slot)]);
}
void Keyspace::prefetch_bucket(const KeyRef& key) const {
  tables_[index_of(key.slot)].prefetch(key.hash);
}
bool Keyspace::prefetch_entry(const KeyRef& key, size_t places) const {
  return tables_[index_of(key.slot)].prefetch_items(key.hash, places);
}

const TableCore* Keyspace::element_table(const KeyRef& key) const {
  const Entry* entry = tables_[index_of(key.slot)].find(key.bytes, key.hash);
  if (entry == nullptr || !entry->is_external()) return nullptr;
  const External external = entry->external();
  return external.is_structure() ? external.structure()->element_table() : nullptr;
}

Entry* Keyspace::find(const KeyRef& key) {
  assert(owns(key.slot));
  return table(key.slot).find(key.bytes, key.hash);
}

Entry* Keyspace::find_live(const KeyRef& key, UnixMillis now, Touch touch) {
  Entry* entry = find(key);
  if (!entry || entry->expired(now)) return nullptr;
  if (touch == Touch::kYes) {
    const uint32_t clock = access_.touched(entry->access(), rng_);
    if (clock != entry->access()) entry->set_access(clock);
  }
  return entry;
}

size_t Keyspace::memory_usage(const Entry& entry) const {
  size_t bytes = SlabAllocator::footprint(entry.allocation_size());
  if (entry.is_external()) {
    const External external = entry.external();
    bytes += external.is_structure() ? external.structure()->bytes() : SlabAllocator::footprint(external.capacity);
  }
  return bytes;
}

// ---- counters ----

void Keyspace::count_key(Slot slot, size_t delta) {
  counters(slot).keys.add(delta);
  total_.keys.add(delta);
  group_keys_[index_of(slot) / kSlotsPerGroup] += delta;
}

void Keyspace::count_expiry(Slot slot, size_t delta) {
  counters(slot).expires.add(delta);
  total_.expires.add(delta);
}

void Keyspace::count_timed_hash(Slot slot, size_t delta) {
  counters(slot).timed_hashes.add(delta);
  total_.timed_hashes.add(delta);
}

void Keyspace::note_bound(const KeyRef& key, int64_t millis) {
  table(key.slot).lower_bound(key.hash, millis);
  int64_t& slot_bound = slot_bounds_[index_of(key.slot)];
  slot_bound = std::min(slot_bound, millis);
  bound_ = std::min(bound_, millis);
}

// For an entry whose value came from elsewhere.
void Keyspace::note_fields(const KeyRef& key, const Entry& entry) {
  if (entry.has_timed_fields()) note_bound(key, field_expiry_bound(entry));
}

// ---- entries ----

Entry* Keyspace::allocate_entry(const KeyRef& key, Type type, uint8_t repr, size_t payload_size,
                                std::optional<UnixMillis> expiry) {
  const size_t size = Entry::allocation_size(key.bytes.size(), payload_size, expiry.has_value());
  Entry* entry = Entry::format(alloc_.allocate(size), type, repr, key.bytes, payload_size, expiry);
  entry->set_access(access_.fresh());
  return entry;
}

Entry* Keyspace::create(const KeyRef& key, Type type, uint8_t repr, size_t payload_size,
                        std::optional<UnixMillis> expiry) {
  assert(owns(key.slot));
  Entry* entry = allocate_entry(key, type, repr, payload_size, expiry);
  table(key.slot).insert(key.hash, entry, alloc_);
  count_key(key.slot, 1);
  if (entry->has_timed_fields()) count_timed_hash(key.slot, 1);
  if (expiry) {
    count_expiry(key.slot, 1);
    note_expiry(key, *expiry);
  }
  return entry;
}

void Keyspace::exchange(const KeyRef& key, Entry* old, Entry* fresh) {
  table(key.slot).replace(key.hash, old, fresh);
  if (fresh->has_expiry() != old->has_expiry()) count_expiry(key.slot, fresh->has_expiry() ? 1 : size_t(-1));
  if (fresh->has_expiry()) note_expiry(key, *fresh->expiry());
  alloc_.free(old, old->allocation_size());
}

Entry* Keyspace::reformat(const KeyRef& key, Entry* old, uint8_t repr, size_t payload_size,
                          std::optional<UnixMillis> expiry) {
  const size_t size = Entry::allocation_size(key.bytes.size(), payload_size, expiry.has_value());
  if (old->can_hold(payload_size, expiry.has_value()) &&
      SlabAllocator::footprint(size) == SlabAllocator::footprint(old->allocation_size()) &&
      size <= old->usable_size()) {
    old->set_payload_size(payload_size);
    old->set_repr(repr);
    if (expiry) {
      old->set_expiry_in_place(*expiry);
      note_expiry(key, *expiry);
    }
    return old;
  }
  // The old entry's own copy of the key: the caller's may be what it was found by and gone by now.
  Entry* fresh = Entry::format(alloc_.allocate(size), old->type(), repr, old->key(), payload_size, expiry);
  fresh->set_access(old->access());
  std::copy_n(old->payload().data(), std::min(payload_size, old->payload().size()), fresh->payload_data());
  exchange(key, old, fresh);
  return fresh;
}

Entry* Keyspace::resize_payload(const KeyRef& key, Entry* entry, uint8_t repr, size_t payload_size) {
  return reformat(key, entry, repr, payload_size, entry->expiry());
}

Entry* Keyspace::set_expiry(const KeyRef& key, Entry* entry, UnixMillis when) {
  before_change(key);
  Charge charge(*this, key.slot);
  return reformat(key, entry, entry->repr(), entry->payload().size(), when);
}

Entry* Keyspace::persist(const KeyRef& key, Entry* entry) {
  if (!entry->has_expiry()) return entry;
  before_change(key);
  Charge charge(*this, key.slot);
  return reformat(key, entry, entry->repr(), entry->payload().size(), std::nullopt);
}

// ---- strings ----

// SET on a key whose entry has the right shape already: no allocation, no change of the table. `payload` may overlap.
bool Keyspace::set_in_place(Entry& entry, uint8_t repr, std::string_view payload, std::optional<UnixMillis> expiry) {
  if (entry.is_external() || !entry.can_hold(payload.size(), expiry.has_value())) return false;
  const size_t size = entry.allocation_size() - entry.payload().size() + payload.size();
  if (SlabAllocator::footprint(size) != SlabAllocator::footprint(entry.allocation_size()) ||
      size > entry.usable_size()) {
    return false;
  }
  if (!payload.empty()) std::memmove(entry.payload_data(), payload.data(), payload.size());
  entry.set_payload_size(payload.size());
  entry.set_repr(repr);
  if (expiry) entry.set_expiry_in_place(*expiry);
  entry.set_access(access_.fresh());
  return true;
}

Entry* Keyspace::set_string(const KeyRef& key, std::string_view value, Ttl ttl) {
  Entry* old = find(key);
  std::optional<UnixMillis> expiry;
  if (ttl.kind == Ttl::Kind::kAt) expiry = ttl.when;
  if (ttl.kind == Ttl::Kind::kKeep && old) expiry = old->expiry();
  if (old && old->type() != Type::kString) {
    erase(key);  // a running snapshot may take a big value over
    old = nullptr;
  }
  before_change(key);
  Charge charge(*this, key.slot);

  const StringForm form = form_of(value);
  char number[sizeof(int64_t)];
  std::string_view payload = value;
  if (form.integer) {
    pack_integer(*form.integer, number, form.payload_size);
    payload = {number, form.payload_size};
  }
  const auto repr = static_cast<uint8_t>(form.repr);
  const bool external = form.repr == Entry::StringRepr::kRawExternal;
  if (old && !external && set_in_place(*old, repr, payload, expiry)) {
    if (expiry) note_expiry(key, *expiry);
    return old;
  }
  Entry* fresh = old ? allocate_entry(key, Type::kString, repr, form.payload_size, expiry)
                     : create(key, Type::kString, repr, form.payload_size, expiry);
  if (external) {
    const auto size = static_cast<uint32_t>(value.size());
    void* data = alloc_.allocate(size);
    std::ranges::copy(value, static_cast<char*>(data));
    fresh->set_external({data, size, static_cast<uint32_t>(SlabAllocator::usable(size))});
  } else {
    std::ranges::copy(payload, fresh->payload_data());
  }
  if (old) {
    release_value(key.slot, *old);
    exchange(key, old, fresh);
  }
  return fresh;
}

// ---- removal ----

void Keyspace::release_value(Slot slot, Entry& entry) {
  if (!entry.is_external()) return;
  const External external = entry.external();
  if (external.is_structure()) {
    release_structure(slot, external.structure());
  } else {
    alloc_.free(external.data, external.capacity);
  }
}

void Keyspace::release_entry(Slot slot, Entry* entry) {
  release_value(slot, *entry);
  alloc_.free(entry, entry->allocation_size());
}

void Keyspace::detach(const KeyRef& key, Entry* entry) {
  table(key.slot).remove(key.hash, entry, alloc_);
  count_key(key.slot, size_t(-1));
  if (entry->has_expiry()) count_expiry(key.slot, size_t(-1));
  if (entry->has_timed_fields()) count_timed_hash(key.slot, size_t(-1));
}

bool Keyspace::erase(const KeyRef& key) {
  Entry* entry = find(key);
  if (!entry) return false;
  Charge charge(*this, key.slot);
  // A running snapshot may take a big value over instead of serialising it here.
  const bool taken = snapshot_ && snapshot_->keep_erased_entry(key, *entry);
  if (!taken) before_change(key);
  detach(key, entry);
  if (taken) {
    counters(key.slot).bytes.subtract(memory_usage(*entry));
  } else {
    release_entry(key.slot, entry);
  }
  return true;
}

// ---- names ----

Entry* Keyspace::rename(const KeyRef& from, const KeyRef& to) {
  assert(from.slot == to.slot);
  Entry* entry = find(from);
  if (!entry || from.bytes == to.bytes) return entry;
  before_change(from);
  erase(to);
  before_change(to);
  Charge charge(*this, from.slot);
  Entry* moved = create(to, entry->type(), entry->repr(), entry->payload().size(), entry->expiry());
  std::ranges::copy(entry->payload(), moved->payload_data());
  moved->set_access(entry->access());
  note_fields(to, *moved);
  detach(from, entry);
  alloc_.free(entry, entry->allocation_size());
  return moved;
}

Entry* Keyspace::copy(const KeyRef& from, const KeyRef& to) {
  assert(from.slot == to.slot);
  const Entry* entry = find(from);
  if (!entry || from.bytes == to.bytes) return nullptr;
  erase(to);
  before_change(to);
  Charge charge(*this, from.slot);
  Entry* made = create(to, entry->type(), entry->repr(), entry->payload().size(), entry->expiry());
  if (!entry->is_external()) {
    std::ranges::copy(entry->payload(), made->payload_data());
    return made;
  }
  External external = entry->external();
  if (external.is_structure()) {
    external = External::of(external.structure()->copy(alloc_));
  } else {
    void* data = alloc_.allocate(external.capacity);
    std::memcpy(data, external.data, external.size);
    external.data = data;
  }
  made->set_external(external);
  note_fields(to, *made);
  return made;
}

// ---- walking ----

std::optional<uint64_t> Keyspace::scan_slot(Slot slot, uint64_t position, size_t count, const Visit& visit) {
  assert(owns(slot));
  std::vector<void*> found;
  const auto next = table(slot).scan(position, count, found);
  for (void* item : found) prefetch(item);
  for (void* item : found) visit(*static_cast<Entry*>(item));
  return next;
}

void Keyspace::for_each_in_slot(Slot slot, const Visit& visit) {
  assert(owns(slot));
  table(slot).for_each([&](void* item) { visit(*static_cast<Entry*>(item)); });
}

// An owned slot, chosen by its number of keys (or of keys with expiry); there must be one.
size_t Keyspace::random_slot_index(bool with_expiry) {
  size_t place = rng_.below(with_expiry ? keys_with_expiry() : keys());
  size_t index = 0;
  if (!with_expiry) {
    for (size_t group = 0; place >= group_keys_[group]; ++group) {
      place -= group_keys_[group];
      index += kSlotsPerGroup;
    }
  }
  for (;; ++index) {
    const size_t here = (with_expiry ? counters_[index].expires : counters_[index].keys).get();
    if (place < here) return index;
    place -= here;
  }
}

Entry* Keyspace::random_entry() {
  if (keys() == 0) return nullptr;
  return static_cast<Entry*>(tables_[random_slot_index(false)].random(rng_));
}

}  // namespace guccho::store
