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

}  // namespace guccho
