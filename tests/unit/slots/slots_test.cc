// Hash tags, slot parsing, ranges.
#include "node/slots/slots.h"

#include <gtest/gtest.h>

namespace guccho {

TEST(KeySlot, FollowsTheSpecification) {
  // Values from redis-server 7.0's CLUSTER KEYSLOT.
  EXPECT_EQ(key_slot("foo").value, 12182);
  EXPECT_EQ(key_slot("bar").value, 5061);
  EXPECT_EQ(key_slot("").value, 0);
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("{user1000}.followers"));
  EXPECT_EQ(key_slot("foo{}{bar}").value, 8363);
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{bar"), key_slot("bar"));
}

TEST(ParseSlot, RefusesWhatIsNotASlot) {
  EXPECT_EQ(parse_slot("16383")->value, 16383);
  for (const char* bad : {"", "-1", "16384", "1x", " 1", "99999999"}) EXPECT_FALSE(parse_slot(bad)) << bad;
}

TEST(SlotSet, PrintsRanges) {
  SlotSet s;
  for (const int i : {0, 1, 2, 5, 16382, 16383}) s.insert(Slot(static_cast<uint16_t>(i)));
  EXPECT_EQ(s.str(), "0-2 5 16382-16383");
  EXPECT_EQ(s.size(), 6u);
  s.erase(Slot(1));
  EXPECT_EQ(s.str(), "0 2 5 16382-16383");
}

TEST(SlotSet, IsTheBitmapOfTheBus) {
  SlotSet s;
  for (const uint16_t v : {0, 9, 64, 16383}) s.insert(Slot(v));
  std::array<uint8_t, SlotSet::kBytes> bytes{};
  s.to_bytes(bytes);
  EXPECT_EQ(bytes[0], 0x01);
  EXPECT_EQ(bytes[1], 0x02);
  EXPECT_EQ(bytes[8], 0x01);
  EXPECT_EQ(bytes[2047], 0x80);
  EXPECT_EQ(SlotSet::from_bytes(bytes), s);
}

TEST(SlotSet, Algebra) {
  SlotSet a;
  SlotSet b;
  for (const uint16_t v : {1, 2, 3}) a.insert(Slot(v));
  for (const uint16_t v : {3, 4}) b.insert(Slot(v));
  EXPECT_TRUE(a.intersects(b));
  SlotSet u = a;
  u |= b;
  EXPECT_EQ(u.str(), "1-4");
  SlotSet i = a;
  i &= b;
  EXPECT_EQ(i.str(), "3");
  SlotSet d = a;
  d -= b;
  EXPECT_EQ(d.str(), "1-2");
  EXPECT_FALSE(d.intersects(b));
  EXPECT_TRUE(SlotSet().empty());
}

}  // namespace guccho
