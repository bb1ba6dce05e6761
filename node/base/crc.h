// CRC16 (XMODEM: key to slot) and CRC64 (Jones: the RDB trailer and DUMP), as Redis uses them.
#pragma once

#include <cstdint>
#include <string_view>

namespace guccho {

// CRC16-CCITT/XMODEM: polynomial 0x1021, initial value 0, no reflection. Redis Cluster specification, appendix A.
uint16_t crc16(std::string_view bytes);

// CRC-64/Jones as in RDB files: reflected polynomial 0xad93d23594c935a9; `crc` continues an earlier call (0 to start).
uint64_t crc64(uint64_t crc, std::string_view bytes);

}  // namespace guccho
