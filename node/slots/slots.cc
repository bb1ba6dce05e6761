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

std::vector<SlotRange> SlotSet::ranges() const {
  std::vector<SlotRange> out;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (!bits_.test(s)) continue;
    uint16_t last = s;
    while (last + 1 < kSlotCount && bits_.test(last + 1u)) ++last;
    out.push_back({Slot(s), Slot(last)});
    s = last;
  }
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
