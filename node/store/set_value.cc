// Sets: the three forms, and the steps from one to the next.
#include "node/store/set_value.h"

#include <algorithm>
#include <vector>

#include "node/base/prefetch.h"
#include "node/store/integer.h"
#include "node/store/intset.h"
#include "node/store/listpack.h"
#include "node/store/listpack_codec.h"
#include "node/store/set_table.h"

namespace guccho::store {

namespace {

using Repr = Entry::SetRepr;

std::string_view block_of(const Entry& entry) {
  const External external = entry.external();
  return {static_cast<const char*>(external.data), external.size};
}

Repr repr_of(const Entry& entry) {
  return static_cast<Repr>(entry.repr());
}

// Of a set of integers, whose bytes are counted in 32 bits.
size_t most_integers(const PackedLimits& limits) {
  return std::min(limits.set_max_intset_entries, Listpack::kMaxSize / sizeof(int64_t));
}

// Decimal digits, with the sign.
size_t text_size(int64_t value) {
  IntText scratch;
  return print_integer(value, scratch).size();
}

}  // namespace

// ---- reading ----

const SetTable& SetView::table() const {
  return *static_cast<const SetTable*>(entry_->external().structure());
}

bool SetView::is_table() const {
  return entry_ != nullptr && repr_of(*entry_) == Repr::kTable;
}

std::optional<std::string_view> SetView::intset() const {
  if (entry_ == nullptr || repr_of(*entry_) != Repr::kIntegers) return std::nullopt;
  return block_of(*entry_);
}

size_t SetView::size() const {
  if (entry_ == nullptr) return 0;
  switch (repr_of(*entry_)) {
    case Repr::kIntegers:
      return Intset(block_of(*entry_)).count();
    case Repr::kPacked:
      return Listpack(block_of(*entry_)).count();
    case Repr::kTable:
      break;
  }
  return table().elements();
}

bool SetView::contains(std::string_view member) const {
  if (entry_ == nullptr) return false;
  switch (repr_of(*entry_)) {
    case Repr::kIntegers: {
      const auto value = parse_integer(member);
      return value && Intset(block_of(*entry_)).contains(*value);
    }
    case Repr::kPacked:
      return Listpack(block_of(*entry_)).find(member) != Listpack::kEnd;
    case Repr::kTable:
      break;
  }
  return table().contains(member);
}

void SetView::for_each_while(const std::function<bool(std::string_view)>& visit) const {
  if (entry_ == nullptr) return;
  IntText scratch;
  if (repr_of(*entry_) == Repr::kIntegers) {
    const Intset set(block_of(*entry_));
    for (size_t i = 0; i < set.count(); ++i) {
      if (!visit(print_integer(set.at(i), scratch))) return;
    }
  } else if (repr_of(*entry_) == Repr::kPacked) {
    const Listpack pack(block_of(*entry_));
    for (size_t at = pack.first(); at != Listpack::kEnd; at = pack.next(at)) {
      if (!visit(pack.get(at).text(scratch))) return;
    }
  } else {
    std::vector<void*> items;
    std::optional<uint64_t> position = 0;
    while (position) {
      constexpr size_t kAtATime = 64;
      items.clear();
      position = table().table().scan(*position, kAtATime, items);
      for (void* item : items) prefetch(item);
      for (void* item : items) {
        if (!visit(SetTable::text(item))) return;
      }
    }
  }
}

void SetView::for_each(const Visit& visit) const {
  if (is_table()) return table().table().for_each([&](void* item) { visit(SetTable::text(item)); });
  for_each_while([&](std::string_view member) {
    visit(member);
    return true;
  });
}

uint64_t SetView::scan(uint64_t cursor, size_t count, const Visit& visit) const {
  if (!is_table()) {
    for_each(visit);
    return 0;
  }
  std::vector<void*> items;
  const uint64_t last = (uint64_t{1} << TableCore::kPositionBits) - 1;
  const auto next = table().table().scan(cursor & last, count, items);
  for (void* item : items) visit(SetTable::text(item));
  return next.value_or(0);
}

void SetView::random(Rng& rng, const Visit& visit) const {
  const size_t members = size();
  if (members == 0) return;
  IntText scratch;
  switch (repr_of(*entry_)) {
    case Repr::kIntegers:
      return visit(print_integer(Intset(block_of(*entry_)).at(rng.below(members)), scratch));
    case Repr::kPacked: {
      const Listpack pack(block_of(*entry_));
      size_t at = pack.first();
      for (uint64_t skip = rng.below(members); skip > 0; --skip) at = pack.next(at);
      return visit(pack.get(at).text(scratch));
    }
    case Repr::kTable:
      break;
  }
  visit(SetTable::text(table().table().random(rng)));
}

// ---- forms ----

SetTable& SetValue::table() const {
  return *static_cast<SetTable*>(entry_->external().structure());
}

void SetValue::make(Repr repr) {
  entry_ = keyspace_.create(key_, Type::kSet, static_cast<uint8_t>(repr), sizeof(External));
  SlabAllocator& alloc = keyspace_.allocator();
  entry_->set_external(repr == Repr::kIntegers ? IntsetBlock::make(alloc).external()
                       : repr == Repr::kPacked ? ListpackBlock::make(alloc).external()
                                               : External::of(SetTable::make(alloc)));
}

void SetValue::convert_to_packed() {
  SlabAllocator& alloc = keyspace_.allocator();
  ListpackBlock pack = ListpackBlock::make(alloc);
  view().for_each([&](std::string_view member) { pack.append(member); });
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  entry_->set_repr(static_cast<uint8_t>(Repr::kPacked));
  entry_->set_external(pack.external());
}

void SetValue::convert_to_table() {
  if (repr() == Repr::kTable) return;
  SlabAllocator& alloc = keyspace_.allocator();
  SetTable* made = SetTable::make(alloc);
  view().for_each([&](std::string_view member) { made->add(member, alloc); });
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  entry_->set_repr(static_cast<uint8_t>(Repr::kTable));
  entry_->set_external(External::of(made));
}

void SetValue::expect(std::string_view first, size_t members) {
  const PackedLimits& limits = keyspace_.packed_limits();
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (entry_ == nullptr) {
    const bool integers = members <= most_integers(limits) && parse_integer(first).has_value();
    make(integers ? Repr::kIntegers : members <= limits.set_max_listpack_entries ? Repr::kPacked : Repr::kTable);
  } else if ((repr() == Repr::kIntegers && members > most_integers(limits)) ||
             (repr() == Repr::kPacked && members > limits.set_max_listpack_entries)) {
    convert_to_table();
  }
}

// ---- changing ----

bool SetValue::add(std::string_view member) {
  if (entry_ == nullptr) expect(member, 1);
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const PackedLimits& limits = keyspace_.packed_limits();
  if (repr() == Repr::kIntegers) {
    IntsetBlock block(entry_->external(), keyspace_.allocator());
    if (const auto value = parse_integer(member)) {
      const bool added = block.add(*value);
      entry_->set_external(block.external());
      if (added && block.view().count() > most_integers(limits)) convert_to_table();
      return added;
    }
    // The longest of the integers is the first or the last.
    const Intset set = block.view();
    const size_t longest = set.count() == 0 ? 0 : std::max(text_size(set.at(0)), text_size(set.at(set.count() - 1)));
    const size_t packed_bytes = set.count() * kListpackOverhead + member.size();
    if (set.count() < limits.set_max_listpack_entries && longest <= limits.set_max_listpack_value &&
        member.size() <= limits.set_max_listpack_value && packed_bytes <= Listpack::kMaxSize) {
      convert_to_packed();
    } else {
      convert_to_table();
    }
  }
  if (repr() == Repr::kTable) return table().add(member, keyspace_.allocator());
  ListpackBlock pack(entry_->external(), keyspace_.allocator());
  if (pack.view().find(member) != Listpack::kEnd) return false;
  if (pack.view().count() >= limits.set_max_listpack_entries || member.size() > limits.set_max_listpack_value ||
      !pack.view().has_room(member.size())) {
    convert_to_table();
    return table().add(member, keyspace_.allocator());
  }
  pack.append(member);
  entry_->set_external(pack.external());
  return true;
}

bool SetValue::erase(std::string_view member) {
  if (entry_ == nullptr) return false;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (repr() == Repr::kTable) return table().erase(member, keyspace_.allocator());
  if (repr() == Repr::kIntegers) {
    const auto value = parse_integer(member);
    IntsetBlock block(entry_->external(), keyspace_.allocator());
    if (!value || !block.erase(*value)) return false;
    entry_->set_external(block.external());
    return true;
  }
  ListpackBlock pack(entry_->external(), keyspace_.allocator());
  const size_t at = pack.view().find(member);
  if (at == Listpack::kEnd) return false;
  pack.erase(at, 1);
  entry_->set_external(pack.external());
  return true;
}

// ---- loading ----

namespace {

Entry* adopt(Keyspace& keyspace, const KeyRef& key, Repr repr, std::string_view block) {
  keyspace.before_change(key);
  Keyspace::Charge charge(keyspace, key.slot);
  Entry* entry = keyspace.create(key, Type::kSet, static_cast<uint8_t>(repr), sizeof(External));
  // Both kinds of block are copied as they are.
  entry->set_external(ListpackBlock::copy(block, keyspace.allocator()).external());
  return entry;
}

}  // namespace

Entry* adopt_intset(Keyspace& keyspace, const KeyRef& key, std::string_view intset) {
  const Intset set(intset);
  if (set.count() <= most_integers(keyspace.packed_limits())) {
    return adopt(keyspace, key, Repr::kIntegers, intset);
  }
  SetValue value(keyspace, key, nullptr);
  IntText scratch;
  value.expect({}, SIZE_MAX);
  for (size_t i = 0; i < set.count(); ++i) value.add(print_integer(set.at(i), scratch));
  return value.entry();
}

Entry* adopt_packed_set(Keyspace& keyspace, const KeyRef& key, std::string_view listpack) {
  const PackedLimits& limits = keyspace.packed_limits();
  const Listpack pack(listpack);
  IntText scratch;
  bool fits = pack.has_room(0) && pack.count() <= limits.set_max_listpack_entries;
  for (size_t at = pack.first(); fits && at != Listpack::kEnd; at = pack.next(at)) {
    fits = pack.get(at).text(scratch).size() <= limits.set_max_listpack_value;
  }
  if (fits) return adopt(keyspace, key, Repr::kPacked, listpack);
  SetValue value(keyspace, key, nullptr);
  value.expect({}, SIZE_MAX);
  for (size_t at = pack.first(); at != Listpack::kEnd; at = pack.next(at)) value.add(pack.get(at).text(scratch));
  return value.entry();
}

}  // namespace guccho::store
