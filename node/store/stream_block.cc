// Writing, walking and checking the packed blocks of streams.
#include "node/store/stream_block.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace guccho::store {

namespace {

// What an entry takes besides its texts, at most: flags, two differences, a count and its length; and the byte or two
// by which the master's count may grow.
constexpr size_t kEntryFrame = 2 + 4 * kListpackOverhead + 2;
// The same of a master entry: two counts that are still 0, the number of fields, the end.
constexpr size_t kMasterFrame = 2 + 2 + kListpackOverhead + 2;

// At most what the text takes as an element.
size_t element_bound(std::string_view text) {
  return text.size() + (text.size() < 64 ? 2 : text.size() < 4096 ? 4 : kListpackOverhead);
}

size_t entry_bound(std::span<const std::string_view> texts) {
  size_t bytes = kEntryFrame;
  for (const std::string_view text : texts) bytes += element_bound(text);
  return bytes;
}

}  // namespace

// ---- memory ----

StreamBlock* StreamBlock::allocate(size_t capacity, SlabAllocator& alloc) {
  const size_t usable = SlabAllocator::usable(sizeof(StreamBlock) + capacity) - sizeof(StreamBlock);
  return new (alloc.allocate(sizeof(StreamBlock) + usable)) StreamBlock(static_cast<uint32_t>(usable));
}

StreamBlock* StreamBlock::resize(size_t capacity, SlabAllocator& alloc) {
  const size_t usable = SlabAllocator::usable(sizeof(StreamBlock) + capacity) - sizeof(StreamBlock);
  if (usable == capacity_) return this;
  auto* moved = static_cast<StreamBlock*>(alloc.reallocate(this, allocation_size(), sizeof(StreamBlock) + usable));
  moved->capacity_ = static_cast<uint32_t>(usable);
  return moved;
}

StreamBlock* StreamBlock::adopt(std::string_view listpack, SlabAllocator& alloc) {
  StreamBlock* block = allocate(listpack.size(), alloc);
  std::memcpy(block->pack(), listpack.data(), listpack.size());
  return block;
}

StreamBlock* StreamBlock::copy(SlabAllocator& alloc) const {
  return adopt(listpack(), alloc);
}

size_t StreamBlock::size() const {
  uint32_t size;
  std::memcpy(&size, pack(), sizeof size);
  return size;
}

uint64_t StreamBlock::entries() const {
  return static_cast<uint64_t>(ListpackReader(pack() + Listpack::kHeaderSize).read_integer());
}

uint64_t StreamBlock::deleted() const {
  ListpackReader reader(pack() + Listpack::kHeaderSize);
  reader.skip(1);
  return static_cast<uint64_t>(reader.read_integer());
}

StreamBlock* StreamBlock::reserve(std::span<const std::string_view> fields_and_values, SlabAllocator& alloc) {
  const size_t wanted = size() + entry_bound(fields_and_values);
  if (wanted <= capacity_) return this;
  // Half as much again, so that filling a block of 4 KiB copies it a few times only; never more than a big entry needs.
  return resize(std::max(wanted, std::min<size_t>(capacity_ + capacity_ / 2, capacity_ + 4096)), alloc);
}

StreamBlock* StreamBlock::shrink(SlabAllocator& alloc) {
  return resize(size(), alloc);
}

// ---- writing ----

// The elements end at `end`: writes the end mark and the header.
void StreamBlock::finish(char* end, size_t added_elements) {
  *end++ = '\xff';
  const auto size = static_cast<uint32_t>(end - pack());
  std::memcpy(pack(), &size, sizeof size);
  uint16_t count;
  std::memcpy(&count, pack() + 4, sizeof count);
  count = static_cast<uint16_t>(std::min<size_t>(count + added_elements, 65535));
  std::memcpy(pack() + 4, &count, sizeof count);
}

StreamBlock* StreamBlock::make(std::span<const std::string_view> fields_and_values, SlabAllocator& alloc) {
  const size_t fields = fields_and_values.size() / 2;
  // The first entry has the master's fields: they are counted once.
  StreamBlock* block = allocate(Listpack::kEmptySize + kMasterFrame + entry_bound(fields_and_values), alloc);
  std::memset(block->pack(), 0, Listpack::kHeaderSize);
  char* out = block->pack() + Listpack::kHeaderSize;
  out = write_element(out, int64_t{0});
  out = write_element(out, int64_t{0});
  out = write_element(out, static_cast<int64_t>(fields));
  for (size_t i = 0; i < fields_and_values.size(); i += 2) out = write_element(out, fields_and_values[i]);
  out = write_element(out, int64_t{0});
  block->finish(out, fields + 4);
  return block;
}

void StreamBlock::add(const StreamId& master, const StreamId& id, std::span<const std::string_view> fields_and_values) {
  ListpackReader reader(pack() + Listpack::kHeaderSize);
  const int64_t entries = reader.read_integer();
  reader.skip(1);
  const size_t fields = fields_and_values.size() / 2;
  bool same = reader.read_integer() == static_cast<int64_t>(fields);
  IntText scratch;
  for (size_t i = 0; same && i < fields; ++i) same = reader.read().text(scratch) == fields_and_values[2 * i];

  char* out = pack() + size() - 1;
  out = write_element(out, same ? int64_t{kSameFields} : 0);
  out = write_element(out, static_cast<int64_t>(id.ms - master.ms));
  out = write_element(out, static_cast<int64_t>(id.seq - master.seq));
  if (same) {
    for (size_t i = 1; i < fields_and_values.size(); i += 2) out = write_element(out, fields_and_values[i]);
  } else {
    out = write_element(out, static_cast<int64_t>(fields));
    for (const std::string_view text : fields_and_values) out = write_element(out, text);
  }
  const size_t elements = 3 + (same ? fields : 1 + 2 * fields);
  out = write_element(out, static_cast<int64_t>(elements));
  finish(out, elements + 1);
  // The room that reserve() made has a place for the one byte by which the count may grow.
  replace_integer(Listpack::kHeaderSize, entries + 1);
}

// The element at `offset` becomes this integer; needs room for what it may be longer.
void StreamBlock::replace_integer(size_t offset, int64_t value) {
  char text[kListpackOverhead];
  const auto size_now = static_cast<size_t>(write_element(text, value) - text);
  ListpackReader reader(pack() + offset);
  reader.skip(1);
  const auto old_size = static_cast<size_t>(reader.at() - pack()) - offset;
  if (size_now != old_size) {
    std::memmove(pack() + offset + size_now, pack() + offset + old_size, size() - offset - old_size);
    const auto total = static_cast<uint32_t>(size() - old_size + size_now);
    std::memcpy(pack(), &total, sizeof total);
  }
  std::memcpy(pack() + offset, text, size_now);
}

// ---- deleting ----

void StreamBlock::mark_deleted(const StreamEntry& entry) {
  // The flags are a one-byte integer, below 4.
  pack()[entry.start_ - pack()] |= char{kDeleted};
}

StreamBlock* StreamBlock::count_deleted(uint64_t marked, SlabAllocator& alloc) {
  StreamBlock* block = this;
  const uint64_t entries_now = entries() - marked;
  const uint64_t deleted_now = deleted() + marked;
  if (capacity_ - size() < kListpackOverhead) block = resize(size() + kListpackOverhead, alloc);
  block->replace_integer(Listpack::kHeaderSize, static_cast<int64_t>(entries_now));
  ListpackReader reader(block->pack() + Listpack::kHeaderSize);
  reader.skip(1);
  block->replace_integer(static_cast<size_t>(reader.at() - block->pack()), static_cast<int64_t>(deleted_now));
  return block;
}

void StreamBlock::cut_deleted(const StreamEntry& first, uint64_t entries) {
  size_t elements = 0;
  for (ListpackReader reader(first.start_); !reader.at_end(); reader.skip(1)) ++elements;
  char* end = pack() + (first.start_ - pack());
  *end++ = '\xff';
  const auto size = static_cast<uint32_t>(end - pack());
  std::memcpy(pack(), &size, sizeof size);
  uint16_t count;
  std::memcpy(&count, pack() + 4, sizeof count);
  // 65535 means "too many to count" and stays.
  if (count != 65535) count = static_cast<uint16_t>(count - elements);
  std::memcpy(pack() + 4, &count, sizeof count);
  const uint64_t deleted_now = deleted() - entries;
  ListpackReader reader(pack() + Listpack::kHeaderSize);
  reader.skip(1);
  // A smaller number takes no more room.
  replace_integer(static_cast<size_t>(reader.at() - pack()), static_cast<int64_t>(deleted_now));
}

// ---- walking ----

StreamBlockWalk::StreamBlockWalk(const StreamBlock& block, const StreamId& master) : master_(master) {
  ListpackReader reader(block.pack() + Listpack::kHeaderSize);
  reader.skip(2);
  master_count_ = static_cast<uint64_t>(reader.read_integer());
  master_fields_ = reader.at();
  reader.skip(master_count_ + 1);
  first_ = at_ = reader.at();
  end_ = block.pack() + block.size() - 1;
}

void StreamBlockWalk::parse(StreamEntry& entry) {
  ListpackReader reader(at_);
  entry.start_ = at_;
  const int64_t flags = reader.read_integer();
  entry.deleted = (flags & StreamBlock::kDeleted) != 0;
  entry.same_fields_ = (flags & StreamBlock::kSameFields) != 0;
  entry.id.ms = master_.ms + static_cast<uint64_t>(reader.read_integer());
  entry.id.seq = master_.seq + static_cast<uint64_t>(reader.read_integer());
  entry.field_count_ = entry.same_fields_ ? master_count_ : static_cast<uint64_t>(reader.read_integer());
  entry.master_fields_ = master_fields_;
  entry.values_ = reader.at();
  reader.skip((entry.same_fields_ ? 1 : 2) * entry.field_count_ + 1);
  entry.end_ = reader.at();
}

bool StreamBlockWalk::next(StreamEntry& entry) {
  if (at_ == end_) return false;
  parse(entry);
  at_ = entry.end_;
  return true;
}

bool StreamBlockWalk::previous(StreamEntry& entry) {
  if (at_ == first_) return false;
  ListpackReader reader(at_);
  reader.back();
  const char* const length = reader.at();
  const int64_t elements = reader.read_integer();
  reader = ListpackReader(length);
  reader.back(static_cast<uint64_t>(elements));
  at_ = reader.at();
  parse(entry);
  return true;
}

// ---- checking ----

namespace {

// Reads elements of a well-formed listpack of which nothing else is known.
class Checker {
 public:
  explicit Checker(std::string_view listpack) : reader_(listpack.data() + Listpack::kHeaderSize) {}

  bool at_end() const { return reader_.at_end(); }
  // Whether there was an integer, not below `least`.
  bool integer(int64_t& value, int64_t least = INT64_MIN) {
    if (reader_.at_end()) return false;
    const ListpackElement element = reader_.read();
    if (!element.integer || *element.integer < least) return false;
    value = *element.integer;
    return true;
  }
  bool skip(uint64_t elements) {
    for (; elements > 0; --elements) {
      if (reader_.at_end()) return false;
      reader_.skip(1);
    }
    return true;
  }
  // Flags take one byte, so that they can be changed in place.
  bool flags(int64_t& value) { return static_cast<uint8_t>(*reader_.at()) < 4 && integer(value); }

 private:
  ListpackReader reader_;
};

}  // namespace

std::optional<std::string_view> StreamBlock::damage(std::string_view listpack, const StreamId& master, Bounds& bounds) {
  if (listpack.size() > kMaxBytes * 2 || !Listpack::valid(listpack)) return "not a listpack";
  Checker in(listpack);
  int64_t entries, deleted, fields, end;
  if (!in.integer(entries, 0) || !in.integer(deleted, 0) || !in.integer(fields, 0)) return "a damaged master entry";
  if (!in.skip(static_cast<uint64_t>(fields)) || !in.integer(end, 0) || end != 0) return "a damaged master entry";
  if (in.at_end()) return "no entries";
  StreamId last = master;
  uint64_t found = 0;
  uint64_t found_deleted = 0;
  while (!in.at_end()) {
    int64_t flags, ms, seq, length;
    int64_t count = fields;
    if (!in.flags(flags) || !in.integer(ms) || !in.integer(seq)) return "a damaged entry";
    const bool same = (flags & kSameFields) != 0;
    if (!same && !in.integer(count, 0)) return "a damaged entry";
    const uint64_t texts = (same ? 1 : 2) * static_cast<uint64_t>(count);
    if (!in.skip(texts) || !in.integer(length, 0)) return "a damaged entry";
    if (static_cast<uint64_t>(length) != texts + (same ? 3 : 4)) return "an entry with a wrong length";
    const StreamId id{master.ms + static_cast<uint64_t>(ms), master.seq + static_cast<uint64_t>(seq)};
    if (found == 0 ? id < master : id <= last) return "ids that do not ascend";
    if (found == 0) bounds.first = id;
    last = id;
    ++found;
    if ((flags & kDeleted) != 0) {
      ++found_deleted;
    } else {
      if (!bounds.first_valid) bounds.first_valid = id;
      bounds.last_valid = id;
    }
  }
  bounds.last = last;
  bounds.entries = found - found_deleted;
  if (found_deleted != static_cast<uint64_t>(deleted) || bounds.entries != static_cast<uint64_t>(entries)) {
    return "a wrong count of entries";
  }
  return std::nullopt;
}

}  // namespace guccho::store
