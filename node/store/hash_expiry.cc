// Hashes whose fields expire: triples in a listpack, timed pairs in a table, and removing what is due.
#include <algorithm>
#include <string>
#include <vector>

#include "node/store/hash_table.h"
#include "node/store/hash_value.h"
#include "node/store/integer.h"
#include "node/store/listpack.h"

namespace guccho::store {

namespace {

constexpr auto kTable = static_cast<uint8_t>(Entry::HashRepr::kTable);
constexpr auto kPackedTimed = static_cast<uint8_t>(Entry::HashRepr::kPackedTimed);
constexpr auto kTableTimed = static_cast<uint8_t>(Entry::HashRepr::kTableTimed);
constexpr auto kTriples = static_cast<uint8_t>(Entry::HashRepr::kTriples);

Listpack listpack_of(const Entry& entry) {
  const External external = entry.external();
  return Listpack({static_cast<const char*>(external.data), external.size});
}

int64_t expiry_of(const Listpack& pack, size_t field_at) {
  return *pack.get(pack.next(pack.next(field_at))).integer;
}

// Behind all that expire no later; at the end when it never does.
void insert_triple(ListpackBlock& block, std::string_view field, std::string_view value, int64_t expiry) {
  size_t at = Listpack::kEnd;
  if (expiry != HashValue::kNoExpiry) {
    const Listpack pack = block.view();
    for (at = pack.first(); at != Listpack::kEnd; at = pack.next(pack.next(pack.next(at)))) {
      const int64_t other = expiry_of(pack, at);
      if (other == HashValue::kNoExpiry || other > expiry) break;
    }
  }
  IntText scratch;
  // From the last to the first, each before the one that came before it.
  for (const std::string_view text : {print_integer(expiry, scratch), value, field}) {
    if (at == Listpack::kEnd) {
      // The first insertion decides where "at the end" was.
      const size_t end = block.external().size - 1;
      block.append(text);
      at = end;
    } else {
      block.insert(at, text);
    }
  }
}

}  // namespace

// Zero stands for none, and what is earlier is as dead.
int64_t stored_expiry(UnixMillis when) {
  return std::clamp<int64_t>(when.time_since_epoch().count(), 1, HashValue::kMaxExpiry);
}

void HashValue::settle() {
  const bool before = entry_->has_timed_fields();
  if (is_table()) {
    entry_->set_repr(table().times() != nullptr ? kTableTimed : kTable);
  } else {
    const Listpack pack = listpack_of(*entry_);
    const bool timed = pack.first() != Listpack::kEnd && expiry_of(pack, pack.first()) != kNoExpiry;
    entry_->set_repr(timed ? kPackedTimed : kTriples);
  }
  const bool after = entry_->has_timed_fields();
  if (before != after) keyspace_.count_timed_hash(key_.slot, after ? 1 : size_t(-1));
  if (after) keyspace_.note_field_expiry(key_, field_expiry_bound(*entry_));
}

void HashValue::convert_to_triples() {
  ListpackBlock block = ListpackBlock::make(keyspace_.allocator());
  for_each_field(*entry_, [&](std::string_view field, std::string_view value) {
    block.append(field);
    block.append(value);
    block.append("0");
  });
  const External old = entry_->external();
  keyspace_.allocator().free(old.data, old.capacity);
  entry_->set_external(block.external());
  entry_->set_repr(kTriples);
}

bool HashValue::set_triple(std::string_view field, std::string_view value, Ttl ttl) {
  if (packed()) convert_to_triples();
  ListpackBlock block(entry_->external(), keyspace_.allocator());
  const Listpack pack = block.view();
  const size_t at = pack.find_every_third(pack.first(), field);
  const bool is_new = at == Listpack::kEnd;
  const int64_t before = is_new ? kNoExpiry : expiry_of(pack, at);
  int64_t expiry = kNoExpiry;
  if (ttl.kind == Ttl::Kind::kAt) expiry = stored_expiry(ttl.when);
  if (ttl.kind == Ttl::Kind::kKeep) expiry = before;
  if (!is_new && expiry == before) {
    block.replace(pack.next(at), value);
  } else {
    if (!is_new) block.erase(at, 3);
    insert_triple(block, field, value, expiry);
  }
  entry_->set_external(block.external());
  settle();
  if (is_new && hash_size(*entry_) > keyspace_.packed_limits().hash_max_listpack_entries) convert_to_table();
  return is_new;
}

std::optional<int64_t> HashValue::expiry(std::string_view field) const {
  if (!entry_) return std::nullopt;
  if (is_table()) {
    const FieldPair* pair = table().table.find(field, hash_bytes(field));
    if (!pair || hidden(pair->expiry())) return std::nullopt;
    return pair->expiry();
  }
  const Listpack pack = listpack_of(*entry_);
  if (packed()) {
    if (pack.find_every_second(pack.first(), field) == Listpack::kEnd) return std::nullopt;
    return kNoExpiry;
  }
  const size_t at = pack.find_every_third(pack.first(), field);
  if (at == Listpack::kEnd || hidden(expiry_of(pack, at))) return std::nullopt;
  return expiry_of(pack, at);
}

bool HashValue::hides(std::string_view field) const {
  if (!timed()) return false;
  HashValue all(*this);
  all.hidden_before_ = std::numeric_limits<int64_t>::min();
  const auto found = all.expiry(field);
  return found && hidden(*found);
}

void HashValue::set_expiry(std::string_view field, UnixMillis when) {
  change_expiry(field, stored_expiry(when));
}

void HashValue::persist(std::string_view field) {
  if (timed()) change_expiry(field, kNoExpiry);
}

void HashValue::change_expiry(std::string_view field, int64_t expiry) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (is_table()) {
    HashTable& hash = table();
    const uint64_t field_hash = hash_bytes(field);
    FieldPair* pair = hash.table.find(field, field_hash);
    if (pair->expiry() == expiry) return;
    hash.before_element_change(field_hash);
    if (pair->timed() && expiry != kNoExpiry) {
      pair->set_expiry_in_place(expiry);
      hash.note_time(field_hash, expiry);
    } else {
      replace_pair(hash, pair, pair->value(), expiry, keyspace_.allocator());
    }
    return settle();
  }
  if (packed()) convert_to_triples();
  ListpackBlock block(entry_->external(), keyspace_.allocator());
  const Listpack pack = block.view();
  const size_t at = pack.find_every_third(pack.first(), field);
  IntText scratch;
  const std::string value(pack.get(pack.next(at)).text(scratch));
  block.erase(at, 3);
  insert_triple(block, field, value, expiry);
  entry_->set_external(block.external());
  settle();
}

size_t HashValue::visible_size() const {
  if (!timed() || field_expiry_bound(*entry_) >= hidden_before_) return size();
  size_t gone = 0;
  if (is_table()) {
    std::optional<uint64_t> position = 0;
    while (position) {
      const auto due = table().table.find_due(*position, hidden_before_);
      if (!due) break;
      gone += static_cast<size_t>(std::ranges::count_if(
          due->items, [&](const void* item) { return hidden(static_cast<const FieldPair*>(item)->expiry()); }));
      position = due->next;
    }
    return size() - gone;
  }
  const Listpack pack = listpack_of(*entry_);
  for (size_t at = pack.first(); at != Listpack::kEnd && hidden(expiry_of(pack, at)); ++gone) {
    at = pack.next(pack.next(pack.next(at)));
  }
  return size() - gone;
}

// ---- removing what is due ----

size_t HashValue::expire(UnixMillis now, size_t budget, const VisitNames& visit) {
  const int64_t limit = now.time_since_epoch().count();
  if (!timed() || field_expiry_bound(*entry_) >= limit) return 0;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const size_t read = is_table() ? expire_in_table(limit, budget, visit) : expire_triples(limit, budget, visit);
  settle();
  return read;
}

// The due ones come first.
size_t HashValue::expire_triples(int64_t limit, size_t budget, const VisitNames& visit) {
  const Listpack pack = listpack_of(*entry_);
  std::vector<std::string_view> fields;
  std::vector<IntText> texts(std::min(budget, size()));
  for (size_t at = pack.first(); at != Listpack::kEnd && fields.size() < texts.size();) {
    const int64_t expiry = expiry_of(pack, at);
    if (expiry == kNoExpiry || expiry >= limit) break;
    fields.push_back(pack.get(at).text(texts[fields.size()]));
    at = pack.next(pack.next(pack.next(at)));
  }
  if (fields.empty()) return 0;
  visit(fields);
  ListpackBlock block(entry_->external(), keyspace_.allocator());
  block.erase(pack.first(), 3 * fields.size());
  entry_->set_external(block.external());
  return fields.size();
}

// As Keyspace::expire_slot does with keys, one level down.
size_t HashValue::expire_in_table(int64_t limit, size_t budget, const VisitNames& visit) {
  HashTable& hash = table();
  size_t read = 0;
  std::optional<uint64_t> position = hash.times()->resume;
  while (position && read < budget) {
    const auto due = hash.table.find_due(*position, limit);
    if (!due) {
      position = std::nullopt;
      break;
    }
    int64_t bound = TableCore::kNoBound;
    std::vector<FieldPair*> expired;
    std::vector<std::string_view> fields;
    for (void* item : due->items) {
      auto* pair = static_cast<FieldPair*>(item);
      if (!pair->timed()) continue;
      if (pair->expiry() < limit) {
        expired.push_back(pair);
        fields.push_back(pair->field());
      } else {
        bound = std::min(bound, pair->expiry());
      }
    }
    // Before the removals, which may join the segment with another.
    hash.table.set_bound(due->position, bound);
    if (!expired.empty()) visit(fields);
    for (FieldPair* pair : expired) {
      hash.before_element_change(hash_bytes(pair->field()));
      remove_pair(hash, pair, keyspace_.allocator());
    }
    read += due->items.size();
    position = due->next;
    if (hash.times() == nullptr) return read;
  }
  hash.times()->resume = position.value_or(0);
  // Only a whole walk makes the bound exact; until then it stays as low as it was.
  if (!position) hash.times()->bound = hash.table.least_bound();
  return read;
}

}  // namespace guccho::store
