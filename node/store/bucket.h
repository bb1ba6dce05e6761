// One cache line of a table: nine items with a one-byte tag each.
//
//   bytes 0-8    tags: the low 8 bits of the item's 11-bit hash fragment
//   byte  9      low half: items in use (0-9); high half: how many items passed over this full bucket to a later one,
//                15 meaning "15 or more, no longer counted"
//   bytes 10-63  nine 48-bit words: the item's address, whose low 3 bits (zero, as items are aligned to 8) hold the
//                high 3 bits of the fragment
//
// With the whole fragment at hand a segment is laid out again, larger or smaller, without reading a single item.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace guccho::store {

struct alignas(64) Bucket {
  static constexpr unsigned kItems = 9;
  static constexpr unsigned kFragmentBits = 11;
  static constexpr unsigned kUncounted = 15;

  uint8_t bytes[64];

  unsigned size() const { return bytes[9] & 15; }
  bool full() const { return size() == kItems; }
  unsigned passed() const { return bytes[9] >> 4; }

  void note_passed() {
    if (passed() < kUncounted) bytes[9] = static_cast<uint8_t>(bytes[9] + 16);
  }
  void note_unpassed() {
    if (passed() < kUncounted) bytes[9] = static_cast<uint8_t>(bytes[9] - 16);
  }

  // Bit i is set when tag i equals the fragment's.
  uint32_t match(unsigned fragment) const {
    // Eight tags at once: a byte of `equal` is 0x80 where the tag's difference is zero, and only there.
    constexpr uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
    uint64_t tags;
    std::memcpy(&tags, bytes, 8);
    const uint64_t difference = tags ^ (uint64_t{0x0101010101010101} * (fragment & 0xff));
    const uint64_t equal = ~(((difference & kLow7) + kLow7) | difference | kLow7);
    // The multiplication gathers the eight top bits, in order, in the top byte.
    const auto first_eight = static_cast<uint32_t>(((equal >> 7) * 0x0102040810204080) >> 56);
    const uint32_t ninth = uint32_t{bytes[8] == (fragment & 0xff)} << 8;
    return (first_eight | ninth) & ((1u << size()) - 1);
  }

  void* item(unsigned i) const { return reinterpret_cast<void*>(word(i) & ~uint64_t{7}); }
  unsigned fragment(unsigned i) const { return static_cast<unsigned>((word(i) & 7) << 8) | bytes[i]; }

  void set(unsigned i, void* item, unsigned fragment) {
    const uint64_t value = reinterpret_cast<uint64_t>(item) | (fragment >> 8);
    bytes[i] = static_cast<uint8_t>(fragment);
    std::memcpy(bytes + 10 + 6 * i, &value, 6);
  }
  void push(void* item, unsigned fragment) {
    set(size(), item, fragment);
    ++bytes[9];
  }
  // The last item takes the place of the removed one.
  void remove(unsigned i) {
    const unsigned last = size() - 1;
    if (i != last) set(i, item(last), fragment(last));
    --bytes[9];
  }

 private:
  // Two bytes early and shifted, so that the load of the last word ends with the line.
  uint64_t word(unsigned i) const {
    uint64_t value;
    std::memcpy(&value, bytes + 8 + 6 * i, 8);
    return value >> 16;
  }
};
static_assert(sizeof(Bucket) == 64 && alignof(Bucket) == 64);
static_assert(std::endian::native == std::endian::little, "the 48-bit words are cut from little-endian integers");

}  // namespace guccho::store
