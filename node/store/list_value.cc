// Lists: the packed form, and the steps from it to linked blocks and back.
#include "node/store/list_value.h"

#include <string>

#include "node/store/listpack.h"

namespace guccho::store {

namespace {

constexpr auto kPacked = static_cast<uint8_t>(Entry::ListRepr::kPacked);
constexpr auto kBlocks = static_cast<uint8_t>(Entry::ListRepr::kBlocks);

Listpack listpack_of(const Entry& entry) {
  const External external = entry.external();
  return Listpack({static_cast<const char*>(external.data), external.size});
}

// A lone block small enough becomes a packed list.
void convert_to_packed_if_small(Entry& entry, const ListLimit& limit, bool shrunk, SlabAllocator& alloc) {
  if (entry.repr() == kPacked) return;
  auto& list = *static_cast<ListBlocks*>(entry.external().structure());
  if (list.blocks().size() != 1) return;
  const ListBlock& block = list.blocks()[0];
  if (!limit.suits_packed(Listpack::kEmptySize + block.used(), block.count, shrunk)) return;
  if (block.plain) {
    ListpackBlock pack = ListpackBlock::make(alloc);
    pack.append(block.bytes());
    entry.set_external(pack.external());
  } else {
    entry.set_external(ListpackBlock::wrap(block.bytes(), block.count, alloc).external());
  }
  entry.set_repr(kPacked);
  list.drain_all(alloc);
}

}  // namespace

// ---- reading ----

ListView::ListView(const Entry& entry) : packed_(entry.repr() == kPacked) {
  const External external = entry.external();
  if (packed_) {
    const Listpack pack = listpack_of(entry);
    size_ = pack.count();
    one_.data = static_cast<char*>(external.data);
    one_.begin = Listpack::kHeaderSize;
    one_.end = external.size - 1;
    one_.count = static_cast<uint32_t>(size_);
  } else {
    const auto& list = *static_cast<const ListBlocks*>(external.structure());
    blocks_ = list.blocks();
    size_ = list.elements();
  }
}

std::optional<std::string_view> ListView::listpack() const {
  if (!packed_) return std::nullopt;
  return std::string_view(one_.data, one_.end + size_t{1});
}

void write_block_as_listpack(const ListBlock& block, std::string& out) {
  out.resize(Listpack::kEmptySize + block.used());
  Listpack::write_frame(out.data(), out.size(), block.count);
  std::memcpy(out.data() + Listpack::kHeaderSize, block.data + block.begin, block.used());
}

// ---- the two forms ----

void ListValue::convert_to_blocks() {
  SlabAllocator& alloc = keyspace_.allocator();
  ListBlocks* list = ListBlocks::make(alloc);
  const Listpack pack = listpack_of(*entry_);
  if (pack.count() > 0) list->append_block(pack.elements(), pack.count(), alloc);
  const External old = entry_->external();
  alloc.free(old.data, old.capacity);
  entry_->set_repr(kBlocks);
  entry_->set_external(External::of(list));
}

void ListValue::grow(size_t bytes, size_t count) {
  if (!packed()) return;
  if (limit().exceeded(entry_->external().size + bytes, listpack_of(*entry_).count() + count)) convert_to_blocks();
}

void ListValue::shrink() {
  convert_to_packed_if_small(*entry_, limit(), true, keyspace_.allocator());
}

template <class Change>
auto ListValue::change_packed(Change change) {
  ListpackBlock pack(entry_->external(), keyspace_.allocator());
  if constexpr (std::is_void_v<decltype(change(pack))>) {
    change(pack);
    entry_->set_external(pack.external());
  } else {
    const auto result = change(pack);
    entry_->set_external(pack.external());
    return result;
  }
}

// ---- changing ----

void ListValue::push(ListEnd end, std::span<const std::string_view> texts) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (!entry_) {
    entry_ = keyspace_.create(key_, Type::kList, kPacked, sizeof(External));
    entry_->set_external(ListpackBlock::make(keyspace_.allocator()).external());
  }
  if (packed()) {
    size_t bytes = 0;
    for (const std::string_view text : texts) bytes += text.size();
    grow(bytes, texts.size());
  }
  if (packed()) {
    return change_packed([&](ListpackBlock& pack) {
      for (const std::string_view text : texts) {
        end == ListEnd::kTail ? pack.append(text) : pack.insert(pack.view().first(), text);
      }
    });
  }
  const ListLimit most = limit();
  for (const std::string_view text : texts) blocks().push(end, text, most, keyspace_.allocator());
}

void ListValue::pop(ListEnd end, size_t count) {
  if (count == 0) return;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (packed()) {
    return change_packed([&](ListpackBlock& pack) {
      size_t at = pack.view().first();
      if (end == ListEnd::kTail) {
        at = Listpack::kEnd;
        for (size_t i = 0; i < count; ++i) at = pack.view().previous(at);
      }
      pack.erase(at, count);
    });
  }
  ListBlocks& list = blocks();
  if (count == 1) {
    list.pop(end, keyspace_.allocator());
  } else {
    list.erase(end == ListEnd::kHead ? 0 : list.elements() - count, count, keyspace_.allocator());
  }
  shrink();
}

void ListValue::set(size_t index, std::string_view text) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  grow(text.size(), 1);
  if (packed()) {
    const size_t at = ListView(*entry_).at(index).offset();
    return change_packed([&](ListpackBlock& pack) { pack.replace(at, text); });
  }
  blocks().replace(index, text, limit(), keyspace_.allocator());
  shrink();
}

bool ListValue::insert(std::string_view pivot, bool after, std::string_view text) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  grow(text.size(), 1);
  const ListView view(*entry_);
  const ElementMatcher wanted(pivot);
  ListCursor cursor = view.at(0);
  while (!cursor.at_end() && !wanted.matches(cursor.element())) cursor.next();
  if (cursor.at_end()) return false;
  if (packed()) {
    change_packed(
        [&](ListpackBlock& pack) { pack.insert(after ? pack.view().next(cursor.offset()) : cursor.offset(), text); });
  } else {
    blocks().insert(cursor, after, text, limit(), keyspace_.allocator());
  }
  return true;
}

size_t ListValue::erase_matching(std::string_view text, size_t most, ListEnd from) {
  if (!entry_) return 0;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const ElementMatcher wanted(text);
  if (!packed()) {
    const size_t erased = blocks().erase_matching(wanted, most, from, keyspace_.allocator());
    if (erased > 0) shrink();
    return erased;
  }
  return change_packed([&](ListpackBlock& pack) {
    size_t erased = 0;
    if (from == ListEnd::kHead) {
      for (size_t at = pack.view().first(); at != Listpack::kEnd && erased < most;) {
        if (!wanted.matches(pack.view().get(at))) {
          at = pack.view().next(at);
          continue;
        }
        pack.erase(at, 1);
        ++erased;
        if (at + 1 == pack.external().size) break;  // it was the last
      }
      return erased;
    }
    for (size_t at = pack.view().previous(Listpack::kEnd); at != Listpack::kEnd && erased < most;) {
      const size_t before = pack.view().previous(at);
      if (wanted.matches(pack.view().get(at))) {
        pack.erase(at, 1);
        ++erased;
      }
      at = before;
    }
    return erased;
  });
}

void ListValue::trim(size_t first, size_t count) {
  const size_t total = size();
  if (count == total) return;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const size_t behind = total - first - count;
  if (packed()) {
    return change_packed([&](ListpackBlock& pack) {
      size_t at = pack.view().first();
      if (first > 0) pack.erase(at, first);
      if (behind == 0) return;
      at = Listpack::kEnd;
      for (size_t i = 0; i < behind; ++i) at = pack.view().previous(at);
      pack.erase(at, behind);
    });
  }
  if (behind > 0) blocks().erase(first + count, behind, keyspace_.allocator());
  if (first > 0) blocks().erase(0, first, keyspace_.allocator());
  shrink();
}

// ---- loading ----

ListLoader::ListLoader(Keyspace& keyspace, const KeyRef& key)
    : keyspace_(keyspace), key_(key), limit_(keyspace.packed_limits().list_max_listpack_size) {
  keyspace.before_change(key);
  Keyspace::Charge charge(keyspace, key.slot);
  entry_ = keyspace.create(key, Type::kList, kBlocks, sizeof(External));
  entry_->set_external(External::of(ListBlocks::make(keyspace.allocator())));
}

void ListLoader::add_listpack(std::string_view listpack) {
  const Listpack pack(listpack);
  const size_t count = pack.count();
  Keyspace::Charge charge(keyspace_, key_.slot);
  auto& list = *static_cast<ListBlocks*>(entry_->external().structure());
  // A block that holds one large element is a plain one here.
  const ListpackElement only = pack.get(pack.first());
  if (count == 1 && !only.integer && limit_.full(Listpack::kEmptySize, 0, only.bytes.size())) {
    list.append_plain(only.bytes, keyspace_.allocator());
  } else {
    list.append_block(pack.elements(), count, keyspace_.allocator());
  }
}

void ListLoader::add(std::string_view text) {
  Keyspace::Charge charge(keyspace_, key_.slot);
  auto& list = *static_cast<ListBlocks*>(entry_->external().structure());
  list.push(ListEnd::kTail, text, limit_, keyspace_.allocator());
}

Entry* ListLoader::finish() {
  Keyspace::Charge charge(keyspace_, key_.slot);
  convert_to_packed_if_small(*entry_, limit_, false, keyspace_.allocator());
  return entry_;
}

}  // namespace guccho::store
