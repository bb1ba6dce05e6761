// Messages of the cluster bus. What is read and written again reads as the same; a stream is cut the same however it arrives.
#include "node/bus/codec.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {
namespace {

constexpr size_t kLimit = 1 << 16;

// The lengths of the messages in a stream, and why it ended.
std::vector<size_t> frames(std::string_view input, size_t piece) {
  std::vector<size_t> out;
  bus::Framer framer(kLimit);
  for (size_t at = 0; at < input.size(); at += piece) {
    framer.append(input.substr(at, piece));
    for (;;) {
      const auto message = framer.next();
      if (!message) {
        out.push_back(SIZE_MAX - static_cast<size_t>(message.error()));
        return out;
      }
      if (message->empty()) break;
      out.push_back(message->size());
    }
  }
  return out;
}

}  // namespace

bool bus(std::string_view input) {
  const auto message = bus::decode(input);
  if (message) {
    const std::string written = bus::encode(*message);
    const auto again = bus::decode(written);
    require(again.has_value());
    require(bus::encode(*again) == written);
  }
  const auto whole = frames(input, std::max<size_t>(input.size(), 1));
  require(frames(input, 1000) == whole);
  return message.has_value();
}

std::vector<std::string> bus_seeds() {
  const NodeId id = *NodeId::parse("0a1978f582afd36c55c3d4151429e43614521c28");
  const auto slots = std::make_shared<SlotSet>();
  slots->insert(Slot(7));
  const bus::VoterList voters{.version = 2, .founder = id, .voters = {id}};

  bus::PingBody ping{.gossip = {{.id = id, .ip = "127.0.0.1", .port = 7000, .bus_port = 17000}}, .extensions = {}};
  ping.extensions.hostname = "host-a.example";
  ping.extensions.forgotten = {{.id = id, .ttl_s = 60}};
  ping.extensions.shard_id = id;
  ping.extensions.generation = bus::GenerationInfo{};
  ping.extensions.client_address = bus::ClientAddress{.ipv4 = "10.0.0.1", .port = 6379};
  ping.extensions.voters = voters;

  using enum bus::MessageType;
  const std::pair<bus::MessageType, bus::Body> messages[] = {
      {kPing, ping},
      {kPong, bus::PingBody{}},
      {kFail, bus::FailBody{id}},
      {kPublish, bus::PublishBody{.channel = "channel", .message = "message"}},
      {kPublishShard, bus::PublishBody{.channel = "c", .message = ""}},
      {kFailoverAuthRequest, bus::EmptyBody{}},
      {kUpdate, bus::UpdateBody{.config_epoch = ConfigEpoch(3), .node = id, .slots = slots}},
      {kModule, bus::ModuleBody{.module_id = 1, .type = 2, .payload = "payload"}},
      {kElectorate, bus::ElectorateBody{.version = 3, .founder = id, .value = voters}},
  };
  std::vector<std::string> seeds;
  for (const auto& [type, body] : messages) {
    bus::Message message{.header = {.type = type, .sender = id, .slots = slots, .own = bus::OwnHeader{}}, .body = body};
    if (type == kPing) message.header.message_flags = bus::kMessageExtensions;
    seeds.push_back(bus::encode(message));
  }
  return seeds;
}

}  // namespace guccho::fuzz
