// Message -> bytes.
#include <algorithm>
#include <cstring>

#include "node/bus/codec.h"
#include "node/bus/wire.h"

namespace guccho::bus {
namespace {

template <size_t N>
void put_text(char (&field)[N], std::string_view text) {
  std::memset(field, 0, N);
  std::memcpy(field, text.data(), std::min(text.size(), N - 1));
}

void put_name(char (&field)[wire::kNameLength], const NodeId& id) {
  std::memcpy(field, id.view().data(), wire::kNameLength);
}

// "No node" is zero bytes on the wire.
void put_optional_name(char (&field)[wire::kNameLength], const NodeId& id) {
  if (id.is_null()) {
    std::memset(field, 0, sizeof(field));
  } else {
    put_name(field, id);
  }
}

void put_slots(uint8_t (&field)[2048], const SlotSet* slots) {
  if (slots != nullptr) slots->to_bytes(std::span<uint8_t, SlotSet::kBytes>(field));
}

template <class T>
void append(std::string& out, const T& pod) {
  out.append(reinterpret_cast<const char*>(&pod), sizeof(pod));
}

// Appends extensions and counts them.
class ExtensionWriter {
 public:
  explicit ExtensionWriter(std::string& out) : out_(out) {}

  void add(wire::ExtensionType type, std::string_view data) {
    const size_t padded = (data.size() + 7) / 8 * 8;
    wire::Extension head{};
    head.length.set(static_cast<uint32_t>(sizeof(head) + padded));
    head.type.set(type);
    append(out_, head);
    out_.append(data);
    out_.append(padded - data.size(), '\0');
    ++count_;
  }
  uint16_t count() const { return count_; }

 private:
  std::string& out_;
  uint16_t count_ = 0;
};

template <class T>
std::string_view bytes_of(const T& pod) {
  return {reinterpret_cast<const char*>(&pod), sizeof(pod)};
}

std::string encode_voters(const VoterList& list) {
  std::string out;
  wire::Voters head{};
  head.version.set(list.version);
  put_optional_name(head.founder, list.founder);
  head.primaries = list.primaries ? 1 : 0;
  head.count.set(static_cast<uint16_t>(list.voters.size()));
  append(out, head);
  for (const NodeId& id : list.voters) out.append(id.view());
  return out;
}

wire::Generation encode_generation(const GenerationInfo& info) {
  wire::Generation g{};
  g.generation.set(info.generation.value);
  g.base.set(info.base.value);
  g.held_generation.set(info.held_generation.value);
  put_optional_name(g.held_source, info.held_source);
  put_optional_name(g.candidate, info.candidate);
  g.flags = static_cast<uint8_t>((info.awaiting_takeover ? 1 : 0) | (info.loss_accepted ? 2 : 0) |
                                 (info.held_partial ? 4 : 0));
  return g;
}

wire::ClientAddress encode_client(const ClientAddress& a) {
  wire::ClientAddress w{};
  put_text(w.ipv4, a.ipv4);
  put_text(w.ipv6, a.ipv6);
  w.port.set(a.port);
  w.tls_port.set(a.tls_port);
  return w;
}

uint16_t append_extensions(std::string& out, const Extensions& e) {
  ExtensionWriter writer(out);
  // With its terminating zero, which Redis reads up to.
  if (e.hostname) writer.add(wire::kExtHostname, std::string_view(e.hostname->c_str(), e.hostname->size() + 1));
  if (e.human_name) writer.add(wire::kExtHumanName, std::string_view(e.human_name->c_str(), e.human_name->size() + 1));
  for (const ForgottenNode& f : e.forgotten) {
    wire::Forgotten w{};
    put_name(w.name, f.id);
    w.ttl.set(f.ttl_s);
    writer.add(wire::kExtForgotten, bytes_of(w));
  }
  if (e.shard_id) writer.add(wire::kExtShardId, e.shard_id->view());
  if (e.generation) writer.add(wire::kExtGeneration, bytes_of(encode_generation(*e.generation)));
  if (e.client_address) writer.add(wire::kExtClientAddress, bytes_of(encode_client(*e.client_address)));
  if (e.voters) writer.add(wire::kExtVoters, encode_voters(*e.voters));
  return writer.count();
}

void append_gossip(std::string& out, const Gossip& g) {
  wire::Gossip w{};
  put_name(w.name, g.id);
  w.ping_sent.set(g.ping_sent_s);
  w.pong_received.set(g.pong_received_s);
  put_text(w.ip, g.ip);
  w.port.set(g.port);
  w.bus_port.set(g.bus_port);
  w.flags.set(g.flags);
  w.plain_port.set(g.plain_port);
  append(out, w);
}

wire::Header encode_header(const Header& h) {
  wire::Header w{};
  std::memcpy(w.signature, wire::kSignature, sizeof(w.signature));
  w.version.set(wire::kVersion);
  w.port.set(h.port);
  w.type.set(static_cast<uint16_t>(h.type));
  w.current_epoch.set(h.current_epoch.value);
  w.config_epoch.set(h.config_epoch.value);
  w.offset.set(static_cast<uint64_t>(h.offset.value));
  put_name(w.sender, h.sender);
  put_slots(w.slots, h.slots.get());
  put_optional_name(w.primary, h.primary.value_or(NodeId()));
  put_text(w.ip, h.ip);
  w.plain_port.set(h.plain_port);
  w.bus_port.set(h.bus_port);
  w.flags.set(h.flags);
  w.state = h.cluster_ok ? 0 : 1;
  w.message_flags[0] = h.message_flags;
  if (h.own) {
    std::memcpy(w.own_mark, wire::kOwnMark, sizeof(w.own_mark));
    w.own_version = h.own->version;
    w.own_electorate_tag.set(h.own->electorate_tag);
    w.own_flags =
        static_cast<uint8_t>((h.own->list_accepted ? 1 : 0) | (h.own->by_list ? 2 : 0) | (h.own->meant ? 4 : 0));
  }
  return w;
}

// Appends the body; sets count and extensions in the header.
struct BodyWriter {
  std::string& out;
  wire::Header& header;

  void operator()(const EmptyBody&) {}
  void operator()(const PingBody& body) {
    for (const Gossip& g : body.gossip) append_gossip(out, g);
    header.count.set(static_cast<uint16_t>(body.gossip.size()));
    header.extensions.set(append_extensions(out, body.extensions));
    if (!body.extensions.empty()) header.message_flags[0] |= kMessageExtensions;
  }
  void operator()(const FailBody& body) { out.append(body.failed.view()); }
  void operator()(const PublishBody& body) {
    wire::Publish w{};
    w.channel_length.set(static_cast<uint32_t>(body.channel.size()));
    w.message_length.set(static_cast<uint32_t>(body.message.size()));
    append(out, w);
    out += body.channel;
    out += body.message;
    header.count.set(1);  // as Redis does
  }
  void operator()(const UpdateBody& body) {
    wire::Update w{};
    w.config_epoch.set(body.config_epoch.value);
    put_name(w.name, body.node);
    put_slots(w.slots, body.slots.get());
    append(out, w);
  }
  void operator()(const ModuleBody& body) {
    wire::Module w{};
    w.module_id.set(body.module_id);
    w.length.set(static_cast<uint32_t>(body.payload.size()));
    w.type = body.type;
    append(out, w);
    out += body.payload;
  }
  void operator()(const ElectorateBody& body) {
    wire::Electorate w{};
    w.step = static_cast<uint8_t>(body.step);
    w.version.set(body.version);
    put_optional_name(w.founder, body.founder);
    w.ballot_round.set(body.ballot_round);
    put_optional_name(w.ballot_node, body.ballot_node);
    w.accepted_round.set(body.accepted_round);
    put_optional_name(w.accepted_node, body.accepted_node);
    append(out, w);
    out += encode_voters(body.value);
  }
};

}  // namespace

std::string encode(const Message& message) {
  wire::Header header = encode_header(message.header);
  std::string out(sizeof(header), '\0');
  std::visit(BodyWriter{.out = out, .header = header}, message.body);
  header.total_length.set(static_cast<uint32_t>(out.size()));
  std::memcpy(out.data(), &header, sizeof(header));
  return out;
}

}  // namespace guccho::bus
