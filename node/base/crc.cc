// Table-driven CRCs, eight bytes a step ("slicing-by-8"); tables are computed at compile time.
#include "node/base/crc.h"

#include <array>
#include <bit>
#include <cstring>

namespace guccho {
namespace {

using Crc16Tables = std::array<std::array<uint16_t, 256>, 8>;
using Crc64Tables = std::array<std::array<uint64_t, 256>, 8>;

// tables[k][b] is the CRC of byte b followed by k zero bytes, so eight bytes fold with eight look-ups.
constexpr Crc16Tables make_crc16_tables() {
  Crc16Tables t{};
  for (unsigned b = 0; b < 256; ++b) {
    uint16_t crc = static_cast<uint16_t>(b << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    t[0][b] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      const uint16_t prev = t[k - 1][b];
      t[k][b] = static_cast<uint16_t>((prev << 8) ^ t[0][prev >> 8]);
    }
  }
  return t;
}

constexpr uint64_t reflect64(uint64_t v) {
  uint64_t r = 0;
  for (int i = 0; i < 64; ++i) {
    if ((v >> i) & 1) r |= uint64_t{1} << (63 - i);
  }
  return r;
}

constexpr Crc64Tables make_crc64_tables() {
  constexpr uint64_t kPoly = reflect64(0xad93d23594c935a9ULL);
  Crc64Tables t{};
  for (uint64_t b = 0; b < 256; ++b) {
    uint64_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ kPoly : crc >> 1;
    t[0][b] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xff];
  }
  return t;
}

constexpr Crc16Tables kCrc16 = make_crc16_tables();
constexpr Crc64Tables kCrc64 = make_crc64_tables();

}  // namespace

uint16_t crc16(std::string_view bytes) {
  uint16_t crc = 0;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t n = bytes.size();
  for (; n >= 8; p += 8, n -= 8) {
    crc = static_cast<uint16_t>(kCrc16[7][p[0] ^ (crc >> 8)] ^ kCrc16[6][p[1] ^ (crc & 0xff)] ^ kCrc16[5][p[2]] ^
                                kCrc16[4][p[3]] ^ kCrc16[3][p[4]] ^ kCrc16[2][p[5]] ^ kCrc16[1][p[6]] ^
                                kCrc16[0][p[7]]);
  }
  for (; n > 0; ++p, --n) crc = static_cast<uint16_t>((crc << 8) ^ kCrc16[0][(crc >> 8) ^ *p]);
  return crc;
}

uint64_t crc64(uint64_t crc, std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  const char* p = bytes.data();
  size_t n = bytes.size();
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    crc ^= word;
    crc = kCrc64[7][crc & 0xff] ^ kCrc64[6][(crc >> 8) & 0xff] ^ kCrc64[5][(crc >> 16) & 0xff] ^
          kCrc64[4][(crc >> 24) & 0xff] ^ kCrc64[3][(crc >> 32) & 0xff] ^ kCrc64[2][(crc >> 40) & 0xff] ^
          kCrc64[1][(crc >> 48) & 0xff] ^ kCrc64[0][crc >> 56];
  }
  for (; n > 0; ++p, --n) crc = kCrc64[0][(crc ^ static_cast<unsigned char>(*p)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace guccho
