// Bytes -> Message, refusing whatever does not add up.
#include <algorithm>
#include <cstring>

#include "node/bus/codec.h"
#include "node/bus/wire.h"

namespace guccho::bus {
namespace {

// Redis limits host names to 255 characters.
constexpr size_t kMaxHostname = 255;

// Thrown inside this file only: decode() turns it into its result. A parser of nested parts stays readable this way.
struct Refused {
  Reject reason;
};

[[noreturn]] void refuse(Reject reason) {
  throw Refused{reason};
}

// Takes parts off the front of a byte range; running out is refused with the given reason.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(size_t n, Reject reason) {
    if (rest_.size() < n) refuse(reason);
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  template <class T>
  T pod(Reject reason) {
    T out;
    std::memcpy(&out, take(sizeof(T), reason).data(), sizeof(T));
    return out;
  }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

NodeId get_name(const char (&field)[wire::kNameLength]) {
  const auto id = NodeId::parse(std::string_view(field, wire::kNameLength));
  if (!id) refuse(Reject::kBadName);
  return *id;
}

// Zero bytes mean "no node".
NodeId get_optional_name(const char (&field)[wire::kNameLength]) {
  if (std::all_of(std::begin(field), std::end(field), [](char c) { return c == '\0'; })) return NodeId();
  return get_name(field);
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// An address of the wire is text that goes into nodes.conf and replies: only the characters of addresses may pass.
std::string get_ip(const char (&field)[wire::kIpLength]) {
  const size_t length = strnlen(field, sizeof(field));
  if (length == sizeof(field)) refuse(Reject::kBadAddress);
  const std::string_view text(field, length);
  const auto ok = [](char c) { return is_alnum(c) || c == '.' || c == ':' || c == '-' || c == '%'; };
  if (!std::all_of(text.begin(), text.end(), ok)) refuse(Reject::kBadAddress);
  return std::string(text);
}

std::shared_ptr<const SlotSet> get_slots(const uint8_t (&field)[2048]) {
  auto slots = std::make_shared<SlotSet>(SlotSet::from_bytes(std::span<const uint8_t, SlotSet::kBytes>(field)));
  if (slots->empty()) return nullptr;
  return slots;
}

Gossip decode_gossip(const wire::Gossip& w) {
  return {.id = get_name(w.name),
          .ping_sent_s = w.ping_sent.get(),
          .pong_received_s = w.pong_received.get(),
          .ip = get_ip(w.ip),
          .port = w.port.get(),
          .bus_port = w.bus_port.get(),
          .flags = w.flags.get(),
          .plain_port = w.plain_port.get()};
}

bool is_hostname(std::string_view text) {
  const auto ok = [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; };
  return text.size() <= kMaxHostname && std::all_of(text.begin(), text.end(), ok);
}

// Zero-terminated text, host name characters only.
std::string decode_hostname(std::string_view data) {
  const size_t length = data.find('\0');
  if (length == std::string_view::npos) refuse(Reject::kBadExtension);
  const std::string_view text = data.substr(0, length);
  if (!is_hostname(text)) refuse(Reject::kBadHostname);
  return std::string(text);
}

// A name for people to read: Redis 7.2 and Valkey allow nearly any character in it ('/', spaces), and nothing depends
// on it. What we would not print is as good as not sent.
std::optional<std::string> decode_human_name(std::string_view data) {
  const std::string_view text = data.substr(0, data.find('\0'));
  if (text.size() == data.size() || !is_hostname(text)) return std::nullopt;
  return std::string(text);
}

GenerationInfo decode_generation(const wire::Generation& w) {
  return {.generation = DataGeneration(w.generation.get()),
          .base = DataGeneration(w.base.get()),
          .awaiting_takeover = (w.flags & 1) != 0,
          .loss_accepted = (w.flags & 2) != 0,
          .candidate = get_optional_name(w.candidate),
          .held_source = get_optional_name(w.held_source),
          .held_generation = DataGeneration(w.held_generation.get()),
          .held_partial = (w.flags & 4) != 0};
}

VoterList decode_voters(Reader& in) {
  const auto w = in.pod<wire::Voters>(Reject::kBadVoters);
  VoterList list{.version = w.version.get(), .founder = get_optional_name(w.founder), .primaries = w.primaries != 0};
  const size_t count = w.count.get();
  if (count > kMaxVoters) refuse(Reject::kBadVoters);
  for (size_t i = 0; i < count; ++i) {
    const auto id = NodeId::parse(in.take(wire::kNameLength, Reject::kBadVoters));
    if (!id || (i > 0 && !(list.voters.back() < *id))) refuse(Reject::kBadVoters);
    list.voters.push_back(*id);
  }
  if (list.version != 0 && list.voters.empty()) refuse(Reject::kBadVoters);
  return list;
}

void decode_extension(uint16_t type, std::string_view data, Extensions& out) {
  Reader in(data);
  switch (type) {
    case wire::kExtHostname:
      out.hostname = decode_hostname(data);
      break;
    case wire::kExtHumanName:
      out.human_name = decode_human_name(data);
      break;
    case wire::kExtForgotten: {
      const auto w = in.pod<wire::Forgotten>(Reject::kBadExtension);
      out.forgotten.push_back({.id = get_name(w.name), .ttl_s = w.ttl.get()});
      break;
    }
    case wire::kExtShardId: {
      const auto id = NodeId::parse(in.take(wire::kNameLength, Reject::kBadExtension));
      if (!id) refuse(Reject::kBadName);
      out.shard_id = *id;
      break;
    }
    case wire::kExtGeneration:
      out.generation = decode_generation(in.pod<wire::Generation>(Reject::kBadExtension));
      break;
    case wire::kExtClientAddress: {
      const auto w = in.pod<wire::ClientAddress>(Reject::kBadExtension);
      out.client_address = ClientAddress{
          .ipv4 = get_ip(w.ipv4), .ipv6 = get_ip(w.ipv6), .port = w.port.get(), .tls_port = w.tls_port.get()};
      break;
    }
    case wire::kExtVoters:
      out.voters = decode_voters(in);
      break;
    default:  // of a newer Redis: skipped, as Redis skips what it does not know
      break;
  }
}

PingBody decode_ping(const wire::Header& header, Reader& in) {
  PingBody body;
  const size_t count = header.count.get();
  if (count * sizeof(wire::Gossip) > in.left()) refuse(Reject::kBadCount);
  body.gossip.reserve(count);
  for (size_t i = 0; i < count; ++i) body.gossip.push_back(decode_gossip(in.pod<wire::Gossip>(Reject::kBadCount)));
  // Without the flag the field is not meant, as in Redis.
  const size_t extensions = (header.message_flags[0] & kMessageExtensions) != 0 ? header.extensions.get() : 0;
  for (size_t i = 0; i < extensions; ++i) {
    const auto head = in.pod<wire::Extension>(Reject::kBadCount);
    const size_t length = head.length.get();
    if (length < sizeof(head) || length % 8 != 0) refuse(Reject::kBadExtension);
    decode_extension(head.type.get(), in.take(length - sizeof(head), Reject::kBadExtension), body.extensions);
  }
  return body;
}

PublishBody decode_publish(Reader& in) {
  const auto w = in.pod<wire::Publish>(Reject::kBadText);
  PublishBody body;
  body.channel = in.take(w.channel_length.get(), Reject::kBadText);
  body.message = in.take(w.message_length.get(), Reject::kBadText);
  return body;
}

UpdateBody decode_update(Reader& in) {
  const auto w = in.pod<wire::Update>(Reject::kBadLength);
  return {.config_epoch = ConfigEpoch(w.config_epoch.get()), .node = get_name(w.name), .slots = get_slots(w.slots)};
}

ModuleBody decode_module(Reader& in) {
  const auto w = in.pod<wire::Module>(Reject::kBadText);
  return {.module_id = w.module_id.get(),
          .type = w.type,
          .payload = std::string(in.take(w.length.get(), Reject::kBadText))};
}

ElectorateBody decode_electorate(Reader& in) {
  const auto w = in.pod<wire::Electorate>(Reject::kBadVoters);
  if (w.step < static_cast<uint8_t>(ElectorateBody::Step::kPrepare) ||
      w.step > static_cast<uint8_t>(ElectorateBody::Step::kRefuse)) {
    refuse(Reject::kBadVoters);
  }
  ElectorateBody body{.step = static_cast<ElectorateBody::Step>(w.step),
                      .version = w.version.get(),
                      .founder = get_optional_name(w.founder),
                      .ballot_round = w.ballot_round.get(),
                      .ballot_node = get_optional_name(w.ballot_node),
                      .accepted_round = w.accepted_round.get(),
                      .accepted_node = get_optional_name(w.accepted_node)};
  body.value = decode_voters(in);
  return body;
}

Header decode_header(const wire::Header& w, MessageType type) {
  Header h{.type = type,
           .sender = get_name(w.sender),
           .current_epoch = CurrentEpoch(w.current_epoch.get()),
           .config_epoch = ConfigEpoch(w.config_epoch.get()),
           .offset = ReplOffset(static_cast<int64_t>(w.offset.get())),
           .slots = get_slots(w.slots),
           .ip = get_ip(w.ip),
           .port = w.port.get(),
           .plain_port = w.plain_port.get(),
           .bus_port = w.bus_port.get(),
           .flags = w.flags.get(),
           .cluster_ok = w.state == 0,
           .message_flags = w.message_flags[0]};
  if (const NodeId primary = get_optional_name(w.primary); !primary.is_null()) h.primary = primary;
  if (std::memcmp(w.own_mark, wire::kOwnMark, sizeof(w.own_mark)) == 0) {
    h.own = OwnHeader{.version = w.own_version,
                      .electorate_tag = w.own_electorate_tag.get(),
                      .list_accepted = (w.own_flags & 1) != 0,
                      .by_list = (w.own_flags & 2) != 0,
                      .meant = (w.own_flags & 4) != 0};
  }
  return h;
}

Body decode_body(MessageType type, const wire::Header& header, Reader& in) {
  switch (type) {
    case MessageType::kPing:
    case MessageType::kPong:
    case MessageType::kMeet:
      return decode_ping(header, in);
    case MessageType::kFail: {
      const auto w = in.pod<wire::Fail>(Reject::kBadLength);
      return FailBody{.failed = get_name(w.name)};
    }
    case MessageType::kPublish:
    case MessageType::kPublishShard:
      return decode_publish(in);
    case MessageType::kFailoverAuthRequest:
    case MessageType::kFailoverAuthAck:
    case MessageType::kManualFailoverStart:
      return EmptyBody{};
    case MessageType::kUpdate:
      return decode_update(in);
    case MessageType::kModule:
      return decode_module(in);
    case MessageType::kElectorate:
      return decode_electorate(in);
  }
  refuse(Reject::kUnknownType);
}

}  // namespace

std::expected<Message, Reject> decode(std::string_view bytes) {
  try {
    Reader in(bytes);
    const auto header = in.pod<wire::Header>(Reject::kTooShort);
    if (std::memcmp(header.signature, wire::kSignature, sizeof(header.signature)) != 0) refuse(Reject::kBadSignature);
    if (header.version.get() != wire::kVersion) refuse(Reject::kBadVersion);
    if (header.total_length.get() != bytes.size()) refuse(Reject::kBadLength);
    const auto type = static_cast<MessageType>(header.type.get());
    // The body first: an unknown type is named as such even when the rest is odd too.
    Body body = decode_body(type, header, in);
    if (in.left() != 0) refuse(Reject::kBadLength);
    return Message{.header = decode_header(header, type), .body = std::move(body)};
  } catch (const Refused& r) {
    return std::unexpected(r.reason);
  }
}

}  // namespace guccho::bus
