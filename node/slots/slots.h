// Hash slots: key -> slot with hash tags, sets and ranges of slots. Redis Cluster specification, "Key distribution model".
#pragma once

#include <bitset>
#include <cstdint>
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
  bool contains(Slot s) const { return bits_.test(s.value); }
  void insert(Slot s) { bits_.set(s.value); }
  void erase(Slot s) { bits_.reset(s.value); }
  void clear() { bits_.reset(); }
  size_t size() const { return bits_.count(); }
  bool empty() const { return bits_.none(); }
  std::vector<SlotRange> ranges() const;
  // "0-5460 10923": ranges in ascending order, a single slot without the dash.
  std::string str() const;
  friend bool operator==(const SlotSet&, const SlotSet&) = default;

 private:
  std::bitset<kSlotCount> bits_;
};

}  // namespace guccho
