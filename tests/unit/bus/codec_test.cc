// Every message type there and back; every kind of corruption refused with its own reason.
#include "node/bus/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "node/base/random.h"
#include "node/bus/wire.h"

namespace guccho::bus {
namespace {

NodeId id(uint64_t n) {
  return Rng(n).node_id();
}

Header header(MessageType type) {
  SlotSet slots;
  for (uint16_t s = 100; s < 200; ++s) slots.insert(Slot(s));
  return {.type = type,
          .sender = id(1),
          .current_epoch = CurrentEpoch(7),
          .config_epoch = ConfigEpoch(5),
          .offset = ReplOffset(123456789012),
          .slots = std::make_shared<const SlotSet>(slots),
          .primary = id(2),
          .ip = "10.1.2.3",
          .port = 6379,
          .plain_port = 6380,
          .bus_port = 16379,
          .flags = kFlagMyself | kFlagReplica,
          .cluster_ok = true,
          .message_flags = kMessageForceAck,
          .own = OwnHeader{.version = 1, .electorate_tag = 3, .list_accepted = true, .by_list = true, .meant = true}};
}

Gossip gossip(uint64_t n) {
  return {.id = id(n),
          .ping_sent_s = 1,
          .pong_received_s = 2,
          .ip = "fe80::1",
          .port = 7000,
          .bus_port = 17000,
          .flags = kFlagPrimary | kFlagPfail,
          .plain_port = 7001};
}

VoterList voters() {
  VoterList v{.version = 4, .founder = id(9), .voters = {id(1), id(2), id(3)}};
  std::sort(v.voters.begin(), v.voters.end());
  return v;
}

Message full_ping() {
  PingBody body;
  body.gossip = {gossip(3), gossip(4)};
  body.extensions.hostname = "node-1.example";
  body.extensions.human_name = "n1";
  body.extensions.forgotten = {{.id = id(5), .ttl_s = 60}};
  body.extensions.shard_id = id(6);
  body.extensions.generation = GenerationInfo{.generation = DataGeneration(8),
                                              .base = DataGeneration(7),
                                              .awaiting_takeover = true,
                                              .candidate = id(2),
                                              .held_source = id(1),
                                              .held_generation = DataGeneration(6),
                                              .held_partial = true};
  body.extensions.client_address = ClientAddress{.ipv4 = "1.2.3.4", .ipv6 = "::1", .port = 1, .tls_port = 2};
  body.extensions.voters = voters();
  return {.header = header(MessageType::kPing), .body = body};
}

Message electorate_message() {
  return {.header = header(MessageType::kElectorate),
          .body = ElectorateBody{.step = ElectorateBody::Step::kAccept,
                                 .version = 5,
                                 .founder = id(9),
                                 .ballot_round = 2,
                                 .ballot_node = id(1),
                                 .accepted_round = 1,
                                 .accepted_node = id(2),
                                 .value = voters()}};
}

std::vector<Message> one_of_each() {
  auto slots = header(MessageType::kPing).slots;
  return {
      full_ping(),
      {.header = header(MessageType::kMeet), .body = PingBody{}},
      {.header = header(MessageType::kFail), .body = FailBody{.failed = id(3)}},
      {.header = header(MessageType::kPublish), .body = PublishBody{.channel = "c", .message = "hello"}},
      {.header = header(MessageType::kPublishShard), .body = PublishBody{.channel = "", .message = ""}},
      {.header = header(MessageType::kFailoverAuthRequest), .body = EmptyBody{}},
      {.header = header(MessageType::kFailoverAuthAck), .body = EmptyBody{}},
      {.header = header(MessageType::kManualFailoverStart), .body = EmptyBody{}},
      {.header = header(MessageType::kUpdate),
       .body = UpdateBody{.config_epoch = ConfigEpoch(9), .node = id(4), .slots = slots}},
      {.header = header(MessageType::kModule), .body = ModuleBody{.module_id = 77, .type = 3, .payload = "xyz"}},
      electorate_message(),
  };
}

TEST(Codec, RoundTripsEveryType) {
  for (const Message& m : one_of_each()) {
    const std::string bytes = encode(m);
    const auto back = decode(bytes);
    ASSERT_TRUE(back.has_value()) << name(m.header.type) << ": " << name(back.error());
    EXPECT_EQ(encode(*back), bytes) << name(m.header.type);
    EXPECT_EQ(back->header.sender, m.header.sender);
    EXPECT_EQ(back->header.offset, m.header.offset);
    EXPECT_EQ(back->header.primary, m.header.primary);
    EXPECT_EQ(*back->header.slots, *m.header.slots);
    EXPECT_EQ(back->header.own, m.header.own);
    EXPECT_EQ(back->header.ip, m.header.ip);
    EXPECT_EQ(back->body.index(), m.body.index());
  }
}

TEST(Codec, KeepsEveryExtension) {
  const Message m = full_ping();
  const auto back = decode(encode(m));
  ASSERT_TRUE(back.has_value()) << name(back.error());
  const auto& a = std::get<PingBody>(m.body);
  const auto& b = std::get<PingBody>(back->body);
  EXPECT_EQ(a.gossip, b.gossip);
  EXPECT_EQ(a.extensions.hostname, b.extensions.hostname);
  EXPECT_EQ(a.extensions.human_name, b.extensions.human_name);
  EXPECT_EQ(a.extensions.forgotten, b.extensions.forgotten);
  EXPECT_EQ(a.extensions.shard_id, b.extensions.shard_id);
  EXPECT_EQ(a.extensions.generation, b.extensions.generation);
  EXPECT_EQ(a.extensions.client_address, b.extensions.client_address);
  EXPECT_EQ(a.extensions.voters, b.extensions.voters);
}

TEST(Codec, RefusesEveryTruncation) {
  for (const Message& m : one_of_each()) {
    const std::string bytes = encode(m);
    for (size_t n = 0; n < bytes.size(); n += n < 2256 ? 97 : 1) {
      std::string cut = bytes.substr(0, n);
      EXPECT_FALSE(decode(cut).has_value()) << name(m.header.type) << " cut to " << n;
      if (n < 2256) continue;
      // And with a length field that agrees with the truncation.
      wire::Be32 length;
      length.set(static_cast<uint32_t>(n));
      std::memcpy(cut.data() + 4, &length, 4);
      EXPECT_FALSE(decode(cut).has_value()) << name(m.header.type) << " shortened to " << n;
    }
  }
}

struct Corruption {
  const char* what;
  size_t at;
  std::string bytes;
  Reject reason;
};

class Corrupted : public ::testing::TestWithParam<Corruption> {};

TEST_P(Corrupted, IsRefusedByName) {
  std::string bytes = encode(full_ping());
  bytes.replace(GetParam().at, GetParam().bytes.size(), GetParam().bytes);
  const auto m = decode(bytes);
  ASSERT_FALSE(m.has_value());
  EXPECT_STREQ(name(m.error()), name(GetParam().reason));
}

constexpr size_t kGossip = sizeof(wire::Header);
constexpr size_t kExt = kGossip + 2 * sizeof(wire::Gossip);
const std::string kNul(1, '\0');

INSTANTIATE_TEST_SUITE_P(
    Each, Corrupted,
    ::testing::Values(Corruption{"signature", 0, "RCmc", Reject::kBadSignature},
                      Corruption{"length", 4, std::string("\x7f\xff\xff\xff", 4), Reject::kBadLength},
                      Corruption{"version", 9, "\x02", Reject::kBadVersion},
                      Corruption{"type", 12, "\x7f\x7f", Reject::kUnknownType},
                      Corruption{"count too great", 14, "\xff\xff", Reject::kBadCount},
                      Corruption{"count one more", 15, "\x03", Reject::kBadName},
                      Corruption{"sender", 40, "Z", Reject::kBadName},
                      Corruption{"upper case sender", 40, "A", Reject::kBadName},
                      Corruption{"half a primary", 2128, kNul, Reject::kBadName},
                      Corruption{"address without an end", 2168, std::string(46, '1'), Reject::kBadAddress},
                      Corruption{"address with a line feed", 2168, "10.0\n", Reject::kBadAddress},
                      Corruption{"more extensions than there are", 2215, "\x09", Reject::kBadCount},
                      Corruption{"gossip name", kGossip, " ", Reject::kBadName},
                      Corruption{"gossip address", kGossip + 48, "a b", Reject::kBadAddress},
                      Corruption{"extension length 0", kExt, std::string("\0\0\0\0", 4), Reject::kBadExtension},
                      Corruption{"extension not padded", kExt + 3, "\x17", Reject::kBadExtension},
                      Corruption{"extension beyond the end", kExt, "\x01", Reject::kBadExtension},
                      Corruption{"host name", kExt + 8, "a,b", Reject::kBadHostname}),
    [](const auto& test) {
      std::string n = test.param.what;
      for (char& c : n) c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return n;
    });

TEST(Codec, RefusesOddVoterLists) {
  Message m = electorate_message();
  auto& body = std::get<ElectorateBody>(m.body);
  std::reverse(body.value.voters.begin(), body.value.voters.end());
  EXPECT_EQ(decode(encode(m)).error(), Reject::kBadVoters);
  body.value.voters = {id(1), id(1)};
  EXPECT_EQ(decode(encode(m)).error(), Reject::kBadVoters);
  body.value.voters.clear();
  EXPECT_EQ(decode(encode(m)).error(), Reject::kBadVoters);
  body.value = VoterList();
  EXPECT_TRUE(decode(encode(m)).has_value()) << "no list is a value";
}

// Whatever single byte is changed, decoding ends without trouble (run under asan too).
TEST(Codec, SurvivesAnyByte) {
  Rng rng(42);
  for (const Message& m : one_of_each()) {
    const std::string bytes = encode(m);
    for (int i = 0; i < 2000; ++i) {
      std::string bad = bytes;
      for (int k = 0; k < 3; ++k) bad[rng.below(bad.size())] = static_cast<char>(rng.next());
      (void)decode(bad);
    }
  }
}

TEST(Codec, SkipsExtensionsItDoesNotKnow) {
  std::string bytes = encode(full_ping());
  bytes[kExt + 4] = 0x33;  // the host name becomes an unknown type
  const auto m = decode(bytes);
  ASSERT_TRUE(m.has_value());
  EXPECT_FALSE(std::get<PingBody>(m->body).extensions.hostname.has_value());
  EXPECT_EQ(std::get<PingBody>(m->body).extensions.human_name, "n1");
}

// Redis 7.2 and Valkey allow nearly any name for people; the rest of such a message counts.
TEST(Codec, AnOddHumanNameIsLeftOut) {
  for (const char* name : {"rack 7/node 1", "a=b", "n\xc3\xa9", ""}) {
    Message m = full_ping();
    std::get<PingBody>(m.body).extensions.human_name = name;
    const auto back = decode(encode(m));
    ASSERT_TRUE(back.has_value()) << name;
    EXPECT_EQ(std::get<PingBody>(back->body).extensions.human_name.value_or(""), "") << name;
    EXPECT_TRUE(std::get<PingBody>(back->body).extensions.hostname.has_value());
  }
}

}  // namespace
}  // namespace guccho::bus
