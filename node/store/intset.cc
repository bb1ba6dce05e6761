// Reading, checking and changing intsets.
#include "node/store/intset.h"

#include <algorithm>
#include <cstring>

namespace guccho::store {

namespace {

size_t width_of(int64_t value) {
  if (value >= INT16_MIN && value <= INT16_MAX) return 2;
  return value >= INT32_MIN && value <= INT32_MAX ? 4 : 8;
}

}  // namespace

uint32_t Intset::load32(size_t at) const {
  uint32_t value;
  std::memcpy(&value, block_.data() + at, 4);
  return value;
}

int64_t Intset::load(size_t index, size_t width) const {
  uint64_t bits = 0;
  std::memcpy(&bits, block_.data() + kHeaderSize + index * width, width);
  const auto shift = static_cast<unsigned>(64 - 8 * width);
  return static_cast<int64_t>(bits << shift) >> shift;
}

bool Intset::valid(std::string_view block) {
  if (block.size() < kHeaderSize) return false;
  const Intset set(block);
  const size_t width = set.width();
  if ((width != 2 && width != 4 && width != 8) || block.size() - kHeaderSize != set.count() * width) return false;
  for (size_t i = 1; i < set.count(); ++i) {
    if (set.at(i - 1) >= set.at(i)) return false;
  }
  return true;
}

size_t Intset::lower_bound(int64_t value) const {
  const size_t w = width();
  size_t low = 0;
  size_t high = count();
  // Ascending insertion is common.
  if (high > 0 && load(high - 1, w) < value) return high;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (load(middle, w) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

IntsetBlock IntsetBlock::make(SlabAllocator& alloc) {
  constexpr std::string_view kEmpty("\x02\0\0\0\0\0\0\0", Intset::kHeaderSize);
  return copy(kEmpty, alloc);
}

IntsetBlock IntsetBlock::copy(std::string_view block, SlabAllocator& alloc) {
  const auto size = static_cast<uint32_t>(block.size());
  External external{alloc.allocate(size), size, static_cast<uint32_t>(SlabAllocator::usable(size))};
  std::memcpy(external.data, block.data(), size);
  return {external, alloc};
}

void IntsetBlock::resize(size_t size) {
  if (size > external_.capacity || size < external_.capacity / 2) {
    // As a listpack: a thirty-second of slack when growing out of the small classes.
    const size_t wanted = size > SlabAllocator::kMaxSmall && size > external_.size ? size + size / 32 : size;
    const size_t capacity = SlabAllocator::usable(wanted);
    external_.data = alloc_.reallocate(external_.data, external_.capacity, capacity);
    external_.capacity = static_cast<uint32_t>(capacity);
  }
  external_.size = static_cast<uint32_t>(size);
}

void IntsetBlock::store(size_t index, size_t width, int64_t value) {
  std::memcpy(data() + Intset::kHeaderSize + index * width, &value, width);
}

void IntsetBlock::set_header(size_t width, size_t count) {
  const auto header_width = static_cast<uint32_t>(width);
  const auto header_count = static_cast<uint32_t>(count);
  std::memcpy(data(), &header_width, 4);
  std::memcpy(data() + 4, &header_count, 4);
}

// From the last to the first, so that none is overwritten before it is read.
void IntsetBlock::widen(size_t width) {
  const size_t old_width = view().width();
  const size_t count = view().count();
  resize(Intset::kHeaderSize + count * width);
  for (size_t i = count; i-- > 0;) store(i, width, view().load(i, old_width));
  set_header(width, count);
}

bool IntsetBlock::add(int64_t value) {
  const size_t index = view().lower_bound(value);
  const size_t count = view().count();
  if (index < count && view().at(index) == value) return false;
  if (width_of(value) > view().width()) widen(width_of(value));
  const size_t width = view().width();
  resize(Intset::kHeaderSize + (count + 1) * width);
  char* place = data() + Intset::kHeaderSize + index * width;
  std::memmove(place + width, place, (count - index) * width);
  store(index, width, value);
  set_header(width, count + 1);
  return true;
}

bool IntsetBlock::erase(int64_t value) {
  const size_t index = view().lower_bound(value);
  const size_t count = view().count();
  if (index == count || view().at(index) != value) return false;
  const size_t width = view().width();
  char* place = data() + Intset::kHeaderSize + index * width;
  std::memmove(place, place + width, (count - index - 1) * width);
  resize(Intset::kHeaderSize + (count - 1) * width);
  set_header(width, count - 1);
  return true;
}

}  // namespace guccho::store
