// Reads and writes bus messages. Nothing that comes from the wire is trusted: lengths, counts, names, addresses and
// padding are checked before they are used, and a message that fails any check is refused whole, with a named reason.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "node/bus/message.h"

namespace guccho::bus {

// Why a message was refused. The runtime counts each by name.
enum class Reject : uint8_t {
  kTooShort,      // shorter than a header
  kBadSignature,  // not "RCmb"
  kBadVersion,    // not protocol version 1
  kBadLength,     // the length field is not the length of the message
  kUnknownType,
  kBadCount,      // more gossip entries or extensions than the message has room for
  kBadName,       // a node name that is not 40 lower-case hexadecimal characters
  kBadAddress,    // an address without its terminating zero or with characters that no address has
  kBadExtension,  // an extension that is not padded to 8 bytes, or too short for its type
  kBadHostname,
  kBadText,    // a channel or module payload whose lengths do not add up
  kBadVoters,  // a voter list that is too long, unsorted or inconsistent
  kTooLarge,   // longer than the framer's limit
};
inline constexpr size_t kRejectCount = static_cast<size_t>(Reject::kTooLarge) + 1;
// "bad_length"
const char* name(Reject reason);
// "ping"; the names of CLUSTER INFO's message statistics.
const char* name(MessageType type);

// One whole message. O(length).
std::expected<Message, Reject> decode(std::string_view bytes);

// The message's bytes. Texts longer than their field (46 for addresses) are programming errors: they are cut.
std::string encode(const Message& message);

// Cuts a byte stream into messages.
class Framer {
 public:
  // Redis sends published messages whole; 64 MiB is far above what a cluster bus should carry.
  static constexpr size_t kDefaultLimit = size_t{64} << 20;
  explicit Framer(size_t limit = kDefaultLimit) : limit_(limit) {}

  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The next complete message's bytes, empty when more input is needed. A reason means that the stream is lost: close
  // the link. The view is good until the next call of append() or next().
  std::expected<std::string_view, Reject> next();
  size_t buffered() const { return buffer_.size() - begin_; }

 private:
  size_t limit_;
  std::string buffer_;
  size_t begin_ = 0;  // of what was not handed out yet
};

}  // namespace guccho::bus
