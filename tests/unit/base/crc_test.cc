// CRCs against published check values.
#include "node/base/crc.h"

#include <gtest/gtest.h>

namespace guccho {

TEST(Crc16, MatchesTheSpecificationsCheckValue) {
  EXPECT_EQ(crc16("123456789"), 0x31C3);  // Redis Cluster specification, appendix A
  EXPECT_EQ(crc16(""), 0);
}

TEST(Crc16, SlicedAndBytewisePathsAgree) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    uint16_t bytewise = 0;
    for (char c : text) {
      bytewise ^= static_cast<uint16_t>(static_cast<unsigned char>(c) << 8);
      for (int b = 0; b < 8; ++b) bytewise = static_cast<uint16_t>(bytewise & 0x8000 ? (bytewise << 1) ^ 0x1021 : bytewise << 1);
    }
    EXPECT_EQ(crc16(text), bytewise) << text.size();
    text.push_back(static_cast<char>(i * 37));
  }
}

TEST(Crc64, MatchesRedisCheckValueAndContinues) {
  EXPECT_EQ(crc64(0, "123456789"), 0xe9c6d914c4b8d9caULL);
  EXPECT_EQ(crc64(crc64(0, "1234"), "56789"), 0xe9c6d914c4b8d9caULL);
}

}  // namespace guccho
