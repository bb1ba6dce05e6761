// Hash tags, slot sets.
#include "node/slots/slots.h"

#include <charconv>

#include "node/base/crc.h"

namespace guccho {

Slot key_slot(std::string_view key) {
  if (const size_t open = key.find('{'); open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return Slot(static_cast<uint16_t>(crc16(key) % kSlotCount));
}

Result<Slot> parse_slot(std::string_view text) {
  uint16_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value >= kSlotCount) {
    return fail("Invalid or out of range slot");
  }
  return Slot(value);
}

void SlotSet::insert(SlotRange range) {
  for (int slot = range.first.value; slot <= range.last.value; ++slot) insert(Slot(static_cast<uint16_t>(slot)));
}

size_t SlotSet::size() const {
  size_t n = 0;
  for (const uint64_t w : words_) n += static_cast<size_t>(std::popcount(w));
  return n;
}

bool SlotSet::intersects(const SlotSet& other) const {
  for (size_t w = 0; w < words_.size(); ++w) {
    if ((words_[w] & other.words_[w]) != 0) return true;
  }
  return false;
}

SlotSet& SlotSet::operator|=(const SlotSet& other) {
  for (size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
  return *this;
}

SlotSet& SlotSet::operator&=(const SlotSet& other) {
  for (size_t w = 0; w < words_.size(); ++w) words_[w] &= other.words_[w];
  return *this;
}

SlotSet& SlotSet::operator-=(const SlotSet& other) {
  for (size_t w = 0; w < words_.size(); ++w) words_[w] &= ~other.words_[w];
  return *this;
}

SlotSet SlotSet::from_bytes(std::span<const uint8_t, kBytes> bytes) {
  SlotSet out;
  for (size_t i = 0; i < kBytes; ++i) out.words_[i / 8] |= uint64_t{bytes[i]} << (8 * (i % 8));
  return out;
}

void SlotSet::to_bytes(std::span<uint8_t, kBytes> bytes) const {
  for (size_t i = 0; i < kBytes; ++i) bytes[i] = static_cast<uint8_t>(words_[i / 8] >> (8 * (i % 8)));
}

std::vector<SlotRange> SlotSet::ranges() const {
  std::vector<SlotRange> out;
  for_each([&out](Slot s) {
    if (!out.empty() && out.back().last.value + 1 == s.value) {
      out.back().last = s;
    } else {
      out.push_back({s, s});
    }
  });
  return out;
}

std::string SlotSet::str() const {
  std::string out;
  for (const SlotRange& r : ranges()) {
    if (!out.empty()) out += ' ';
    out += std::to_string(r.first.value);
    if (r.first != r.last) out += '-' + std::to_string(r.last.value);
  }
  return out;
}

}  // namespace guccho
