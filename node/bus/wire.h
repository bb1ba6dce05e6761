// The bytes of the Redis Cluster bus, protocol version 1, as redis-server 7.0 writes them. Integers are big-endian.
// Every struct below is made of bytes only (alignment 1), so its layout is the wire's; static_assert pins each offset.
//
// A message is a header of 2256 bytes and a body that depends on the type:
//   PING PONG MEET  `count` gossip entries of 104 bytes, then `extensions` extensions (if mflags[0] has bit 2)
//   FAIL            40 bytes: the name of the failed node
//   PUBLISH(SHARD)  u32 channel length, u32 message length, channel, message
//   UPDATE          u64 config epoch, 40 bytes name, 2048 bytes slot bitmap
//   MODULE          u64 module id, u32 length, u8 type, payload
//   AUTH_REQUEST AUTH_ACK MFSTART  nothing
//   ELECTORATE      ours, see WireElectorate
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace guccho::bus::wire {

// An unsigned integer as it lies on the wire.
template <class T>
struct BigEndian {
  uint8_t bytes[sizeof(T)];
  T get() const {
    T v = 0;
    for (const uint8_t b : bytes) v = static_cast<T>((v << 7 << 1) | b);
    return v;
  }
  void set(T v) {
    for (size_t i = sizeof(T); i-- > 0; v = static_cast<T>(v >> 7 >> 1)) bytes[i] = static_cast<uint8_t>(v);
  }
};
using Be16 = BigEndian<uint16_t>;
using Be32 = BigEndian<uint32_t>;
using Be64 = BigEndian<uint64_t>;

inline constexpr char kSignature[4] = {'R', 'C', 'm', 'b'};
inline constexpr uint16_t kVersion = 1;
inline constexpr size_t kNameLength = 40;
inline constexpr size_t kIpLength = 46;  // INET6_ADDRSTRLEN: text, zero-terminated, zero-padded

// How a Guccho node is known: these bytes at the start of `notused1`, which Redis zeroes when it writes and never reads
// (tried on 7.0.15: no warning, no effect).
inline constexpr char kOwnMark[4] = {'G', 'U', 'C', 'C'};

struct Header {
  char signature[4];  // "RCmb"
  Be32 total_length;  // of the message, header included
  Be16 version;       // 1
  Be16 port;          // base port (TLS port when the bus uses TLS)
  Be16 type;
  Be16 count;  // gossip entries of PING, PONG, MEET
  Be64 current_epoch;
  Be64 config_epoch;
  Be64 offset;
  char sender[kNameLength];
  uint8_t slots[2048];        // bit s%8 of byte s/8
  char primary[kNameLength];  // zero bytes: the sender is a primary
  char ip[kIpLength];         // empty: to be taken from the socket
  Be16 extensions;            // number of extensions after the gossip entries
  char own_mark[4];           // here `notused1` begins: 30 bytes that Redis leaves zero
  uint8_t own_version;
  uint8_t own_flags;  // bit 0: a successor of the voter list was accepted; bit 1: votes are counted by the list; bit 2:
                      // these are meant
  Be64 own_electorate_tag;
  uint8_t zero[16];  // here it ends
  Be16 plain_port;
  Be16 bus_port;
  Be16 flags;
  uint8_t state;  // 0 ok, 1 fail
  uint8_t message_flags[3];
};
static_assert(offsetof(Header, total_length) == 4);
static_assert(offsetof(Header, version) == 8);
static_assert(offsetof(Header, port) == 10);
static_assert(offsetof(Header, type) == 12);
static_assert(offsetof(Header, count) == 14);
static_assert(offsetof(Header, current_epoch) == 16);
static_assert(offsetof(Header, config_epoch) == 24);
static_assert(offsetof(Header, offset) == 32);
static_assert(offsetof(Header, sender) == 40);
static_assert(offsetof(Header, slots) == 80);
static_assert(offsetof(Header, primary) == 2128);
static_assert(offsetof(Header, ip) == 2168);
static_assert(offsetof(Header, extensions) == 2214);
static_assert(offsetof(Header, own_mark) == 2216);
static_assert(offsetof(Header, own_electorate_tag) == 2222);
static_assert(offsetof(Header, plain_port) == 2246);
static_assert(offsetof(Header, bus_port) == 2248);
static_assert(offsetof(Header, flags) == 2250);
static_assert(offsetof(Header, state) == 2252);
static_assert(offsetof(Header, message_flags) == 2253);
static_assert(sizeof(Header) == 2256 && alignof(Header) == 1);

struct Gossip {
  char name[kNameLength];
  Be32 ping_sent;      // seconds since 1970
  Be32 pong_received;  // seconds since 1970
  char ip[kIpLength];
  Be16 port;
  Be16 bus_port;
  Be16 flags;
  Be16 plain_port;
  Be16 zero;
};
static_assert(offsetof(Gossip, ping_sent) == 40);
static_assert(offsetof(Gossip, ip) == 48);
static_assert(offsetof(Gossip, port) == 94);
static_assert(offsetof(Gossip, plain_port) == 100);
static_assert(sizeof(Gossip) == 104 && alignof(Gossip) == 1);

struct Fail {
  char name[kNameLength];
};
static_assert(sizeof(Fail) == 40);

struct Publish {
  Be32 channel_length;
  Be32 message_length;
};
static_assert(sizeof(Publish) == 8);

struct Update {
  Be64 config_epoch;
  char name[kNameLength];
  uint8_t slots[2048];
};
static_assert(sizeof(Update) == 2096);

struct Module {
  Be64 module_id;
  Be32 length;
  uint8_t type;
};
static_assert(sizeof(Module) == 13);

// --- extensions ---

// Redis 7.0 knows type 0 only and logs a warning for any other; so the others go only to peers that sent one of them
// (7.2) or that carry our mark.
enum ExtensionType : uint16_t {
  kExtHostname = 0,
  kExtHumanName = 1,
  kExtForgotten = 2,
  kExtShardId = 3,
  kExtGeneration = 0x4701,
  kExtClientAddress = 0x4702,
  kExtVoters = 0x4703,
};

struct Extension {
  Be32 length;  // of this header and the data, a multiple of 8
  Be16 type;
  Be16 zero;
};
static_assert(sizeof(Extension) == 8);

struct Forgotten {
  char name[kNameLength];
  Be64 ttl;  // seconds
};
static_assert(sizeof(Forgotten) == 48);

struct Generation {
  Be64 generation;
  Be64 base;
  Be64 held_generation;
  char held_source[kNameLength];  // zero bytes: none
  char candidate[kNameLength];    // zero bytes: none
  uint8_t flags;                  // bit 0 awaiting takeover, bit 1 loss accepted, bit 2 held data may be old
  uint8_t zero[7];
};
static_assert(sizeof(Generation) == 112);

struct ClientAddress {
  char ipv4[kIpLength];
  char ipv6[kIpLength];
  Be16 port;
  Be16 tls_port;
};
static_assert(sizeof(ClientAddress) == 96);

// Followed by `count` names. Also the value inside WireElectorate.
struct Voters {
  Be64 version;
  char founder[kNameLength];  // zero bytes: none
  uint8_t primaries;
  uint8_t zero;
  Be16 count;
  uint8_t zero2[4];
};
static_assert(sizeof(Voters) == 56);

struct Electorate {
  uint8_t step;
  uint8_t zero[7];
  Be64 version;
  char founder[kNameLength];
  Be64 ballot_round;
  char ballot_node[kNameLength];
  Be64 accepted_round;
  char accepted_node[kNameLength];
  // Voters and its names follow.
};
static_assert(sizeof(Electorate) == 152);

}  // namespace guccho::bus::wire
