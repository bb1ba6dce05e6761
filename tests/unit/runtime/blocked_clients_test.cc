// Who waits for which key, in which order, and until when.
#include "node/runtime/blocked_clients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "node/acl/user.h"
#include "node/base/random.h"

namespace guccho::runtime {
namespace {

BlockedCommand waits(uint64_t client, std::vector<std::string> keys, uint64_t deadline = 0, bool when_gone = false) {
  BlockedCommand c;
  c.place.client = client;
  c.keys = std::move(keys);
  c.deadline = deadline;
  c.when_gone = when_gone;
  return c;
}

// Clients that wait for the key, first comers first.
std::vector<uint64_t> waiters(const BlockedClients& b, std::string_view key) {
  std::vector<uint64_t> out;
  BlockedClients::Ticket last = 0;
  while (const auto ticket = b.next(key, last)) {
    last = *ticket;
    out.push_back(b.find(last)->place.client);
  }
  return out;
}

std::vector<std::string> ready(BlockedClients& b) {
  std::vector<std::string> out;
  while (b.has_ready()) out.push_back(b.take_ready());
  return out;
}

using Clients = std::vector<uint64_t>;
using Keys = std::vector<std::string>;

}  // namespace

TEST(BlockedClients, AreServedInTheOrderOfArrival) {
  BlockedClients b;
  b.add(waits(7, {"a"}));
  b.add(waits(3, {"b", "a"}));
  b.add(waits(5, {"a", "c"}));
  EXPECT_EQ(waiters(b, "a"), (Clients{7, 3, 5}));
  EXPECT_EQ(waiters(b, "b"), (Clients{3}));
  EXPECT_EQ(waiters(b, "d"), Clients());
  b.remove(*b.of_client(3));
  EXPECT_EQ(waiters(b, "a"), (Clients{7, 5}));
  EXPECT_EQ(waiters(b, "b"), Clients()) << "who is served leaves all its keys";
  EXPECT_EQ(b.keys(), 2u);
  EXPECT_EQ(b.of_client(3), std::nullopt);
}

TEST(BlockedClients, AKeyNamedTwiceIsWaitedForOnce) {
  BlockedClients b;
  b.add(waits(1, {"a", "a"}, 0, true));
  EXPECT_EQ(waiters(b, "a"), (Clients{1}));
  EXPECT_EQ(b.keys_when_gone(), 1u);
  b.remove(*b.of_client(1));
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.keys(), 0u);
}

TEST(BlockedClients, ASecondCommandTakesThePlaceOfTheFirst) {
  BlockedClients b;
  b.add(waits(1, {"a"}, 10));
  b.add(waits(1, {"b"}));
  EXPECT_EQ(b.size(), 1u);
  EXPECT_EQ(waiters(b, "a"), Clients());
  EXPECT_EQ(b.next_deadline(), 0u);
}

TEST(BlockedClients, WhoEndsWaitsNoMoreNorLater) {
  BlockedClients b;
  b.add(waits(1, {"a"}, 10, true));
  b.add(waits(2, {"a"}));
  b.end(1);
  EXPECT_EQ(waiters(b, "a"), (Clients{2}));
  EXPECT_EQ(b.next_deadline(), 0u);
  b.end(3);
  EXPECT_EQ(b.add(waits(3, {"a"})), 0u) << "it was on its way";
  EXPECT_EQ(waiters(b, "a"), (Clients{2}));
  b.forget(2);
  EXPECT_TRUE(b.empty());
  b.forget(3);
  b.forget(4);
  EXPECT_NE(b.add(waits(3, {"a"})), 0u) << "nothing is kept of those that are gone";
}

TEST(BlockedClients, ACommandFollowsItsUser) {
  BlockedClients b;
  const auto user = std::make_shared<const acl::User>("u", true);
  b.add(waits(1, {"a"}));
  b.set_user(1, user);
  EXPECT_EQ(b.find(*b.of_client(1))->caller.user, user);
  b.set_user(2, user);
  b.set_user(1, nullptr);
  EXPECT_EQ(b.find(*b.of_client(1))->caller.user, nullptr);
}

TEST(BlockedClients, TouchedKeysAreReadyOnceInTheOrderOfTheirChange) {
  BlockedClients b;
  b.touch("a");
  EXPECT_FALSE(b.has_ready()) << "nobody waits for it";
  b.add(waits(1, {"a", "b", "c"}));
  b.touch("c");
  b.touch("a");
  b.touch("c");
  b.touch("x");
  EXPECT_EQ(ready(b), (Keys{"c", "a"}));
  b.touch("c");
  EXPECT_EQ(ready(b), (Keys{"c"})) << "once taken it may become ready again";
  b.touch_all();
  Keys all = ready(b);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Keys{"a", "b", "c"}));
}

TEST(BlockedClients, DeadlinesComeInTheirOrder) {
  BlockedClients b;
  b.add(waits(1, {"a"}, 300));
  b.add(waits(2, {"a"}));
  b.add(waits(3, {"a"}, 100));
  EXPECT_EQ(b.next_deadline(), 100u);
  EXPECT_EQ(b.due(99), std::nullopt);
  EXPECT_EQ(b.find(*b.due(100))->place.client, 3u);
  b.remove(*b.due(100));
  EXPECT_EQ(b.next_deadline(), 300u);
  b.remove(*b.due(1000));
  EXPECT_EQ(b.next_deadline(), 0u);
  EXPECT_EQ(b.size(), 1u);
}

TEST(BlockedClients, TellsWhoseEndMatters) {
  BlockedClients b;
  b.add(waits(1, {"a", "b"}, 0, true));
  b.add(waits(2, {"b", "c"}));
  EXPECT_TRUE(b.wanted_when_gone("a"));
  EXPECT_TRUE(b.wanted_when_gone("b"));
  EXPECT_FALSE(b.wanted_when_gone("c"));
  EXPECT_EQ(b.keys_when_gone(), 2u);
  b.remove(*b.of_client(1));
  EXPECT_FALSE(b.wanted_when_gone("b"));
}

// Against lists searched from end to end.
TEST(BlockedClients, AgreeWithASimpleModel) {
  struct Entry {
    uint64_t client;
    std::set<std::string> keys;
    uint64_t deadline;
  };
  Rng random(20240611);
  for (int round = 0; round < 20; ++round) {
    BlockedClients b;
    std::vector<Entry> model;
    for (int step = 0; step < 500; ++step) {
      const uint64_t client = random.next() % 20;
      const auto mine = std::ranges::find_if(model, [&](const Entry& e) { return e.client == client; });
      if (random.next() % 3 != 0) {
        if (mine != model.end()) model.erase(mine);
        Keys keys;
        for (uint64_t n = 1 + random.next() % 3; n > 0; --n)
          keys.emplace_back(1, static_cast<char>('a' + random.next() % 6));
        const uint64_t deadline = random.next() % 2 == 0 ? 0 : 1 + random.next() % 50;
        model.push_back({client, {keys.begin(), keys.end()}, deadline});
        b.add(waits(client, keys, deadline));
      } else if (mine != model.end()) {
        b.remove(*b.of_client(client));
        model.erase(mine);
      }
      std::set<std::string> all_keys;
      uint64_t nearest = 0;
      for (const Entry& e : model) {
        all_keys.insert(e.keys.begin(), e.keys.end());
        if (e.deadline != 0 && (nearest == 0 || e.deadline < nearest)) nearest = e.deadline;
      }
      ASSERT_EQ(b.size(), model.size());
      ASSERT_EQ(b.keys(), all_keys.size());
      ASSERT_EQ(b.next_deadline(), nearest);
      for (char key = 'a'; key < 'g'; ++key) {
        Clients want;
        for (const Entry& e : model) {
          if (e.keys.contains(std::string(1, key))) want.push_back(e.client);
        }
        ASSERT_EQ(waiters(b, std::string(1, key)), want);
      }
    }
  }
}

}  // namespace guccho::runtime
