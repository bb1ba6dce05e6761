// The list value of a key: a packed block while it is small (list-max-listpack-size), linked blocks after that; and
// back when it has shrunk to half of that, as Redis 7.2 does it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "node/store/keyspace.h"
#include "node/store/list_blocks.h"

namespace guccho::store {

// A list entry for those who only read: its blocks, of which a packed list has one. Stale after any change of the key.
class ListView {
 public:
  explicit ListView(const Entry& entry);
  size_t size() const { return size_; }
  std::span<const ListBlock> blocks() const { return packed_ ? std::span(&one_, 1) : blocks_; }
  // The listpack of a packed list; nothing for linked blocks.
  std::optional<std::string_view> listpack() const;
  // At the end unless index < size().
  ListCursor at(size_t index) const { return {blocks(), size_, index}; }

 private:
  bool packed_;
  ListBlock one_{};
  std::span<const ListBlock> blocks_;
  size_t size_;
};

// Reads and changes the list at a key. A missing key (entry == nullptr) reads as empty and is made by the first push().
// The entry must be of type list and not expired. Removing the last element leaves an empty list behind: the caller,
// who also has to announce the deletion, then calls Keyspace::erase. After a change entry() is where the entry now
// lies; views handed out before are stale. Texts to be stored must not point into this list.
class ListValue {
 public:
  ListValue(Keyspace& keyspace, const KeyRef& key, Entry* entry) : keyspace_(keyspace), key_(key), entry_(entry) {}

  Entry* entry() const { return entry_; }
  size_t size() const { return entry_ ? ListView(*entry_).size() : 0; }

  // One after the other. Amortised constant time an element in big lists.
  void push(ListEnd end, std::span<const std::string_view> texts);
  void push(ListEnd end, std::string_view text) { push(end, {&text, 1}); }
  // count <= size(). Constant time an element.
  void pop(ListEnd end, size_t count);
  // index < size().
  void set(size_t index, std::string_view text);
  // Beside the first element that equals `pivot`; false when none does.
  bool insert(std::string_view pivot, bool after, std::string_view text);
  // How many elements equal to `text` were erased: up to `limit`, counted from one end.
  size_t erase_matching(std::string_view text, size_t limit, ListEnd from);
  // Keeps `count` elements from `first` on; first + count <= size().
  void trim(size_t first, size_t count);

 private:
  bool packed() const { return entry_->repr() == uint8_t(Entry::ListRepr::kPacked); }
  ListBlocks& blocks() const { return *static_cast<ListBlocks*>(entry_->external().structure()); }
  ListLimit limit() const { return ListLimit(keyspace_.packed_limits().list_max_listpack_size); }
  void convert_to_blocks();
  // Before `count` texts of `bytes` in all come in.
  void grow(size_t bytes, size_t count);
  // After elements went.
  void shrink();
  template <class Change>
  auto change_packed(Change change);

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* entry_;
};

// For loading (RDB): makes a list block by block, then gives it the form that its size asks for. The key must be
// absent.
class ListLoader {
 public:
  ListLoader(Keyspace& keyspace, const KeyRef& key);
  // A well-formed listpack with at least one element.
  void add_listpack(std::string_view listpack);
  // An element of any size.
  void add(std::string_view text);
  // At least one element was added.
  Entry* finish();

 private:
  Keyspace& keyspace_;
  const KeyRef key_;
  const ListLimit limit_;
  Entry* entry_;
};

// A listpack of the elements of one block (not a plain one), in `out`, whose bytes are replaced.
void write_block_as_listpack(const ListBlock& block, std::string& out);

}  // namespace guccho::store
