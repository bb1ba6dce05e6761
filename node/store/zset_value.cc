// Sorted sets: the packed form, the tree, and the step from one to the other.
#include "node/store/zset_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "node/base/real.h"
#include "node/store/zset_tree.h"

namespace guccho::store {

namespace {

constexpr auto kPacked = static_cast<uint8_t>(Entry::ZsetRepr::kPacked);
constexpr auto kTree = static_cast<uint8_t>(Entry::ZsetRepr::kTree);

Listpack listpack_of(const Entry& entry) {
  const External external = entry.external();
  return Listpack({static_cast<const char*>(external.data), external.size});
}

const ZsetTree& tree_of(const Entry& entry) {
  return *static_cast<const ZsetTree*>(entry.external().structure());
}

double score_at(const Listpack& pack, size_t position) {
  const ListpackElement element = pack.get(position);
  return element.integer ? static_cast<double>(*element.integer) : parse_real(element.bytes).value_or(0);
}

// How many pairs of the block satisfy `before`, which those do that come first.
template <class Before>
size_t count_pairs(const Listpack& pack, const Before& before) {
  size_t count = 0;
  for (size_t at = pack.first(); at != Listpack::kEnd; ++count) {
    const size_t score_position = pack.next(at);
    if (!before(at, score_position)) break;
    at = pack.next(score_position);
  }
  return count;
}

// Where a new pair goes.
size_t place_for(const Listpack& pack, const ScoredMember& pair) {
  IntText scratch;
  for (size_t at = pack.first(); at != Listpack::kEnd;) {
    const size_t score_position = pack.next(at);
    const double score = score_at(pack, score_position);
    if (pair.score < score || (pair.score == score && pair.member < pack.get(at).text(scratch))) return at;
    at = pack.next(score_position);
  }
  return Listpack::kEnd;
}

void append_pair(ListpackBlock& block, const ScoredMember& pair) {
  RealText scratch;
  block.append(pair.member);
  block.append(print_packed_score(pair.score, scratch));
}

bool fits(const PackedLimits& limits, std::span<const ScoredMember> members) {
  if (members.size() > limits.zset_max_listpack_entries) return false;
  size_t bytes = 0;
  for (const ScoredMember& each : members) {
    bytes += each.member.size() + sizeof(RealText);
    if (each.member.size() > limits.zset_max_listpack_value || bytes > Listpack::kMaxSize) return false;
  }
  return true;
}

// What becomes of a member that has a score, under a condition.
ZsetValue::Added decide(double old, double score, const ZsetValue::Condition& condition) {
  using enum ZsetValue::Outcome;
  if (condition.nx) return {kSkipped, old};
  if (condition.increment) score += old;
  if (std::isnan(score)) return {kNan, old};
  if ((condition.lt && score >= old) || (condition.gt && score <= old)) return {kSkipped, old};
  return {score == old ? kSame : kUpdated, score};
}

}  // namespace

std::string_view print_packed_score(double score, RealText& scratch) {
  constexpr double kTwoTo62 = 4611686018427387904.0;
  if (score < -kTwoTo62 || score > kTwoTo62 || score != std::trunc(score)) return print_real(score, scratch);
  const auto printed = std::to_chars(scratch.data(), scratch.data() + scratch.size(), static_cast<int64_t>(score));
  return {scratch.data(), static_cast<size_t>(printed.ptr - scratch.data())};
}

// ---- reading ----

void ZsetCursor::next() {
  if (tree_) return in_tree_.next();
  at_ = pack_.next(pack_.next(at_));
}

void ZsetCursor::previous() {
  if (tree_) return in_tree_.previous();
  at_ = pack_.previous(at_);
  if (at_ != Listpack::kEnd) at_ = pack_.previous(at_);
}

double ZsetCursor::score() const {
  return tree_ ? in_tree_.item().score() : score_at(pack_, pack_.next(at_));
}

std::optional<std::string_view> ZsetView::packed_bytes() const {
  if (!packed()) return std::nullopt;
  const External external = entry_->external();
  return std::string_view(static_cast<const char*>(external.data), external.size);
}

const ZsetTree& ZsetView::tree() const {
  return tree_of(*entry_);
}

size_t ZsetView::size() const {
  if (!entry_) return 0;
  return packed() ? listpack_of(*entry_).count() / 2 : tree().by_rank.size();
}

std::optional<double> ZsetView::score(std::string_view member) const {
  if (!entry_) return std::nullopt;
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    const size_t at = pack.find_every_second(pack.first(), member);
    if (at == Listpack::kEnd) return std::nullopt;
    return score_at(pack, pack.next(at));
  }
  const ScoredItem* item = tree().find(member);
  if (!item) return std::nullopt;
  return item->score();
}

std::optional<size_t> ZsetView::rank(std::string_view member) const {
  if (!entry_) return std::nullopt;
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    const size_t found = pack.find_every_second(pack.first(), member);
    if (found == Listpack::kEnd) return std::nullopt;
    return count_pairs(pack, [found](size_t at, size_t) { return at != found; });
  }
  const ScoredItem* item = tree().find(member);
  if (!item) return std::nullopt;
  return tree().by_rank.rank(item);
}

size_t ZsetView::count_below(double score) const {
  if (!entry_) return 0;
  if (!packed()) return tree().by_rank.count_below(score);
  const Listpack pack = listpack_of(*entry_);
  return count_pairs(pack, [&](size_t, size_t at) { return score_at(pack, at) < score; });
}

size_t ZsetView::count_to(double score) const {
  if (!entry_) return 0;
  if (!packed()) return tree().by_rank.count_to(score);
  const Listpack pack = listpack_of(*entry_);
  return count_pairs(pack, [&](size_t, size_t at) { return score_at(pack, at) <= score; });
}

size_t ZsetView::count_members_below(std::string_view member) const {
  if (!entry_) return 0;
  if (!packed()) return tree().by_rank.count_members_below(member);
  const Listpack pack = listpack_of(*entry_);
  IntText scratch;
  return count_pairs(pack, [&](size_t at, size_t) { return pack.get(at).text(scratch) < member; });
}

size_t ZsetView::count_members_to(std::string_view member) const {
  if (!entry_) return 0;
  if (!packed()) return tree().by_rank.count_members_to(member);
  const Listpack pack = listpack_of(*entry_);
  IntText scratch;
  return count_pairs(pack, [&](size_t at, size_t) { return pack.get(at).text(scratch) <= member; });
}

ZsetCursor ZsetView::at(size_t rank) const {
  if (!entry_) return {Listpack(std::string_view()), Listpack::kEnd};
  if (!packed()) return ZsetCursor(tree().by_rank.at(rank));
  const Listpack pack = listpack_of(*entry_);
  const size_t pairs = pack.count() / 2;
  if (rank >= pairs) return {pack, Listpack::kEnd};
  // From the nearer end.
  if (rank < pairs / 2) {
    ZsetCursor cursor(pack, pack.first());
    for (; rank > 0; --rank) cursor.next();
    return cursor;
  }
  ZsetCursor cursor(pack, Listpack::kEnd);
  for (; rank < pairs; ++rank) cursor.previous();
  return cursor;
}

uint64_t ZsetView::scan(uint64_t cursor, size_t count, const Visit& visit) const {
  if (!entry_) return 0;
  if (packed()) {
    for (ZsetCursor each = at(0); each.valid(); each.next()) visit(each.get());
    return 0;
  }
  std::vector<void*> items;
  const uint64_t last = (uint64_t{1} << TableCore::kPositionBits) - 1;
  const auto next = tree().by_name.scan(cursor & last, count, items);
  for (const void* each : items) {
    const auto& item = *static_cast<const ScoredItem*>(each);
    visit({item.score(), item.member()});
  }
  return next.value_or(0);
}

// ---- changing ----

ZsetTree& ZsetValue::own_tree() const {
  return *static_cast<ZsetTree*>(own_entry_->external().structure());
}

ZsetValue::Added ZsetValue::add(double score, std::string_view member, const Condition& condition) {
  if (!entry_ && condition.xx) return {Outcome::kSkipped, score};
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (!entry_) create(member.size());
  return packed() ? add_packed(score, member, condition) : add_to_tree(score, member, condition);
}

void ZsetValue::create(size_t member_size) {
  const PackedLimits& limits = keyspace_.packed_limits();
  const bool small = limits.zset_max_listpack_entries > 0 &&
                     member_size <= std::min(limits.zset_max_listpack_value, Listpack::kMaxSize);
  entry_ = own_entry_ = keyspace_.create(key_, Type::kZset, small ? kPacked : kTree, sizeof(External));
  SlabAllocator& alloc = keyspace_.allocator();
  own_entry_->set_external(small ? ListpackBlock::make(alloc).external() : External::of(make_zset_tree(alloc)));
}

ZsetValue::Added ZsetValue::add_packed(double score, std::string_view member, const Condition& condition) {
  const Listpack pack = listpack_of(*entry_);
  if (const size_t at = pack.find_every_second(pack.first(), member); at != Listpack::kEnd) {
    const Added added = decide(score_at(pack, pack.next(at)), score, condition);
    if (added.outcome != Outcome::kUpdated) return added;
    ListpackBlock block(entry_->external(), keyspace_.allocator());
    block.erase(at, 2);
    own_entry_->set_external(block.external());
    insert_packed(added.score, member);
    return added;
  }
  if (condition.xx) return {Outcome::kSkipped, score};
  const PackedLimits& limits = keyspace_.packed_limits();
  if (pack.count() / 2 + 1 > limits.zset_max_listpack_entries || member.size() > limits.zset_max_listpack_value ||
      !pack.has_room(member.size())) {
    convert_to_tree();
    return add_to_tree(score, member, condition);
  }
  insert_packed(score, member);
  return {Outcome::kAdded, score};
}

void ZsetValue::insert_packed(double score, std::string_view member) {
  RealText scratch;
  ListpackBlock block(entry_->external(), keyspace_.allocator());
  const size_t at = place_for(block.view(), {score, member});
  if (at == Listpack::kEnd) {
    append_pair(block, {score, member});
  } else {
    // The score first: the member then goes before it, to the same place.
    block.insert(at, print_packed_score(score, scratch));
    block.insert(at, member);
  }
  own_entry_->set_external(block.external());
}

ZsetValue::Added ZsetValue::add_to_tree(double score, std::string_view member, const Condition& condition) {
  ZsetTree& zset = own_tree();
  const uint64_t member_hash = hash_bytes(member);
  if (ScoredItem* item = zset.by_name.find(member, member_hash)) {
    const Added added = decide(item->score(), score, condition);
    if (added.outcome == Outcome::kUpdated) {
      zset.change_score(item, member_hash, added.score, keyspace_.allocator());
    }
    return added;
  }
  if (condition.xx) return {Outcome::kSkipped, score};
  zset.add(score, member, member_hash, keyspace_.allocator());
  return {Outcome::kAdded, score};
}

void ZsetValue::convert_to_tree() {
  SlabAllocator& alloc = keyspace_.allocator();
  ZsetTree* zset = make_zset_tree(alloc);
  for (ZsetCursor each = at(0); each.valid(); each.next()) {
    zset->append(each.score(), each.member(), alloc);
  }
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  own_entry_->set_repr(kTree);
  own_entry_->set_external(External::of(zset));
}

bool ZsetValue::erase(std::string_view member) {
  if (!entry_) return false;
  if (packed()) {
    const Listpack pack = listpack_of(*entry_);
    const size_t at = pack.find_every_second(pack.first(), member);
    if (at == Listpack::kEnd) return false;
    keyspace_.before_change(key_);
    Keyspace::Charge charge(keyspace_, key_.slot);
    ListpackBlock block(entry_->external(), keyspace_.allocator());
    block.erase(at, 2);
    own_entry_->set_external(block.external());
    return true;
  }
  ScoredItem* item = own_tree().find(member);
  if (!item) return false;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  own_tree().remove(item, keyspace_.allocator());
  return true;
}

void ZsetValue::erase_ranks(size_t first, size_t count) {
  if (count == 0) return;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (packed()) {
    const size_t position = at(first).at_;
    ListpackBlock block(entry_->external(), keyspace_.allocator());
    block.erase(position, 2 * count);
    own_entry_->set_external(block.external());
    return;
  }
  for (; count > 0; --count) own_tree().remove(&own_tree().by_rank.at(first).item(), keyspace_.allocator());
}

// ---- whole sets ----

Entry* make_zset(Keyspace& keyspace, const KeyRef& key, std::span<const ScoredMember> members) {
  keyspace.before_change(key);
  Keyspace::Charge charge(keyspace, key.slot);
  SlabAllocator& alloc = keyspace.allocator();
  if (fits(keyspace.packed_limits(), members)) {
    Entry* entry = keyspace.create(key, Type::kZset, kPacked, sizeof(External));
    ListpackBlock block = ListpackBlock::make(alloc);
    for (const ScoredMember& each : members) append_pair(block, each);
    entry->set_external(block.external());
    return entry;
  }
  Entry* entry = keyspace.create(key, Type::kZset, kTree, sizeof(External));
  ZsetTree* zset = make_zset_tree(alloc);
  for (const ScoredMember& each : members) zset->append(each.score, each.member, alloc);
  entry->set_external(External::of(zset));
  return entry;
}

Entry* adopt_packed_zset(Keyspace& keyspace, const KeyRef& key, std::string_view listpack) {
  const PackedLimits& limits = keyspace.packed_limits();
  const Listpack pack(listpack);
  bool fits = pack.has_room(0) && pack.count() / 2 <= limits.zset_max_listpack_entries;
  IntText scratch;
  for (size_t at = pack.first(); fits && at != Listpack::kEnd; at = pack.next(pack.next(at))) {
    fits = pack.get(at).text(scratch).size() <= limits.zset_max_listpack_value;
  }
  keyspace.before_change(key);
  Keyspace::Charge charge(keyspace, key.slot);
  SlabAllocator& alloc = keyspace.allocator();
  if (fits) {
    Entry* entry = keyspace.create(key, Type::kZset, kPacked, sizeof(External));
    entry->set_external(ListpackBlock::copy(listpack, alloc).external());
    return entry;
  }
  Entry* entry = keyspace.create(key, Type::kZset, kTree, sizeof(External));
  ZsetTree* zset = make_zset_tree(alloc);
  for (size_t at = pack.first(); at != Listpack::kEnd;) {
    const size_t score_position = pack.next(at);
    zset->append(score_at(pack, score_position), pack.get(at).text(scratch), alloc);
    at = pack.next(score_position);
  }
  entry->set_external(External::of(zset));
  return entry;
}

bool valid_packed_zset(std::string_view listpack) {
  const Listpack pack(listpack);
  std::unordered_set<std::string> members;
  std::optional<ScoredMember> last;
  for (size_t at = pack.first(); at != Listpack::kEnd;) {
    const size_t score_position = pack.next(at);
    if (score_position == Listpack::kEnd) return false;
    const ListpackElement score = pack.get(score_position);
    if (!score.integer && !parse_real(score.bytes)) return false;
    IntText scratch;
    const auto [member, is_new] = members.emplace(pack.get(at).text(scratch));
    const ScoredMember pair{score_at(pack, score_position), *member};
    if (!is_new || (last && !(*last < pair))) return false;
    last = pair;
    at = pack.next(score_position);
  }
  return true;
}

}  // namespace guccho::store
