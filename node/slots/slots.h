// Hash slots: key -> slot with hash tags, sets and ranges of slots. Redis Cluster specification, "Key distribution
// model".
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace guccho {

inline constexpr uint16_t kSlotCount = 16384;

// A hash slot, 0 to 16383.
struct Slot {
  uint16_t value = 0;
  constexpr Slot() = default;
  constexpr explicit Slot(uint16_t v) : value(v) {}
  friend constexpr auto operator<=>(const Slot&, const Slot&) = default;
};

// CRC16 of the key mod 16384; of the part between the first '{' and the next '}' when that part is not empty.
Slot key_slot(std::string_view key);

// Nothing unless the text is a decimal number from 0 to 16383.
Result<Slot> parse_slot(std::string_view text);

// Inclusive on both ends.
struct SlotRange {
  Slot first;
  Slot last;
  friend constexpr auto operator<=>(const SlotRange&, const SlotRange&) = default;
};

// A set of slots: 2 KiB, the bitmap of the bus and of nodes.conf.
class SlotSet {
 public:
  static constexpr size_t kBytes = kSlotCount / 8;

  bool contains(Slot s) const { return (words_[s.value / 64] >> (s.value % 64) & 1) != 0; }
  void insert(Slot s) { words_[s.value / 64] |= uint64_t{1} << (s.value % 64); }
  void insert(SlotRange range);
  void erase(Slot s) { words_[s.value / 64] &= ~(uint64_t{1} << (s.value % 64)); }
  void clear() { words_.fill(0); }
  size_t size() const;
  bool empty() const { return *this == SlotSet(); }
  bool intersects(const SlotSet& other) const;
  SlotSet& operator|=(const SlotSet& other);
  SlotSet& operator&=(const SlotSet& other);
  SlotSet& operator-=(const SlotSet& other);
  // Calls f(Slot) for each member in ascending order.
  template <class F>
  void for_each(F&& f) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        f(Slot(static_cast<uint16_t>(w * 64 + static_cast<size_t>(std::countr_zero(bits)))));
      }
    }
  }
  // Bit s%8 of byte s/8, as on the cluster bus.
  static SlotSet from_bytes(std::span<const uint8_t, kBytes> bytes);
  void to_bytes(std::span<uint8_t, kBytes> bytes) const;
  std::vector<SlotRange> ranges() const;
  // "0-5460 10923": ranges in ascending order, a single slot without the dash.
  std::string str() const;
  friend bool operator==(const SlotSet&, const SlotSet&) = default;

 private:
  std::array<uint64_t, kSlotCount / 64> words_{};
};

}  // namespace guccho
