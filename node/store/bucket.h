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

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
    const uint32_t in_use = (1u << size()) - 1;
#ifdef __SSE2__
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes));
    const __m128i equal = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(fragment)));
    return static_cast<uint32_t>(_mm_movemask_epi8(equal)) & in_use;
#else
    uint32_t mask = 0;
    for (unsigned i = 0; i < kItems; ++i) mask |= uint32_t{bytes[i] == (fragment & 0xff)} << i;
    return mask & in_use;
#endif
  }

  void* item(unsigned i) const {
    return reinterpret_cast<void*>(word(i) & ~uint64_t{7});
  }
  unsigned fragment(unsigned i) const {
    return static_cast<unsigned>((word(i) & 7) << 8) | bytes[i];
  }

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
