// WAIT and WAITAOF: who is answered when, each client once.
#include "node/runtime/ack_waiters.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace guccho::runtime {
namespace {

using commands::Acknowledged;

constexpr Instant kStart{};
constexpr Acknowledged kApplied = Acknowledged::kApplied;

AckWaiters::Waiter waits(uint64_t client, int64_t position, int64_t replicas, std::optional<Instant> deadline = {},
                         Acknowledged what = kApplied) {
  return {.what = what,
          .position = position,
          .replicas = replicas,
          .deadline = deadline,
          .reply_to = {.worker = 0, .client_id = client}};
}

std::map<uint64_t, std::string> by_client(const std::vector<AckWaiters::Answer>& answers) {
  std::map<uint64_t, std::string> out;
  for (const AckWaiters::Answer& a : answers) {
    EXPECT_TRUE(out.emplace(a.reply_to.client_id, a.reply).second) << "answered twice: " << a.reply_to.client_id;
  }
  return out;
}

using Replies = std::map<uint64_t, std::string>;

}  // namespace

TEST(AckWaiters, AnswersWhenEnoughReplicasAreThere) {
  AckWaiters w;
  EXPECT_FALSE(w.add(waits(1, 100, 1)));
  EXPECT_FALSE(w.add(waits(2, 100, 2)));
  EXPECT_FALSE(w.add(waits(3, 200, 1)));
  EXPECT_EQ(by_client(w.update({{99, 0}, {50, 0}}, kStart)), Replies());
  EXPECT_EQ(by_client(w.update({{100, 0}, {99, 0}}, kStart)), Replies({{1, ":1\r\n"}}));
  EXPECT_EQ(by_client(w.update({{250, 0}, {150, 0}}, kStart)), Replies({{2, ":2\r\n"}, {3, ":1\r\n"}}));
  EXPECT_EQ(w.size(), 0u);
}

TEST(AckWaiters, AnswersAtOnceWhatIsKnownAlready) {
  AckWaiters w;
  EXPECT_EQ(w.add(waits(1, 0, 0))->reply, ":0\r\n");
  (void)w.update({{100, 40}, {70, 0}}, kStart);
  EXPECT_EQ(w.add(waits(1, 70, 1))->reply, ":2\r\n");
  EXPECT_EQ(w.add(waits(1, 40, 1, {}, Acknowledged::kInFile))->reply, "*2\r\n:0\r\n:1\r\n");
  EXPECT_FALSE(w.add(waits(1, 41, 1, {}, Acknowledged::kInFile)));
  EXPECT_EQ(by_client(w.update({{100, 41}}, kStart)), Replies({{1, "*2\r\n:0\r\n:1\r\n"}}));
}

TEST(AckWaiters, TheDeadlineEndsTheWaiting) {
  AckWaiters w;
  EXPECT_EQ(w.next_deadline(), std::nullopt);
  EXPECT_FALSE(w.add(waits(1, 100, 2, kStart + Millis(20))));
  EXPECT_FALSE(w.add(waits(2, 100, 2, kStart + Millis(10))));
  EXPECT_FALSE(w.add(waits(3, 100, 2)));
  EXPECT_EQ(w.next_deadline(), kStart + Millis(10));
  EXPECT_EQ(by_client(w.update({{100, 0}}, kStart + Millis(9))), Replies());
  EXPECT_EQ(by_client(w.update({{100, 0}}, kStart + Millis(10))), Replies({{2, ":1\r\n"}}));
  EXPECT_EQ(w.next_deadline(), kStart + Millis(20));
  // Who is there in time is not timed out as well.
  EXPECT_EQ(by_client(w.update({{100, 0}, {100, 0}}, kStart + Millis(20))), Replies({{1, ":2\r\n"}, {3, ":2\r\n"}}));
  EXPECT_EQ(w.next_deadline(), std::nullopt);
}

TEST(AckWaiters, WhoIsUnblockedOrGoneIsForgotten) {
  AckWaiters w;
  for (uint64_t client = 1; client <= 4; ++client) EXPECT_FALSE(w.add(waits(client, 100, 3, kStart + Millis(10))));
  (void)w.update({{100, 0}, {99, 0}}, kStart);
  EXPECT_EQ(w.unblock(1, false)->reply, ":1\r\n");
  EXPECT_EQ(w.unblock(2, true)->reply, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  EXPECT_FALSE(w.unblock(2, true));
  w.forget(3);
  w.forget(3);
  EXPECT_FALSE(w.unblock(3, false));
  EXPECT_EQ(w.size(), 1u);
  EXPECT_EQ(by_client(w.update({}, kStart + Millis(10))), Replies({{4, ":0\r\n"}}));
}

TEST(AckWaiters, AllAreTakenOutWhenTheirHistoryEnds) {
  AckWaiters w;
  EXPECT_FALSE(w.add(waits(1, 100, 1, kStart + Millis(10))));
  EXPECT_FALSE(w.add(waits(2, 50, 1)));
  EXPECT_EQ(w.take_all().size(), 2u);
  EXPECT_EQ(by_client(w.update({{1000, 1000}}, kStart + Millis(10))), Replies());
  // Of the next history: acknowledgements of the last one say nothing about it.
  (void)w.update({}, kStart);
  EXPECT_FALSE(w.add(waits(1, 10, 1)));
}

// A waiter is taken out by one of two: whoever it is, the client is told once.
TEST(AckWaiters, UnblockAndAcknowledgementMeet) {
  AckWaiters w;
  constexpr uint64_t kClients = 2000;
  size_t unblocked = 0;
  size_t answered = 0;
  for (uint64_t client = 1; client <= kClients; ++client) EXPECT_FALSE(w.add(waits(client, 10, 1)));
  std::thread other([&] {
    for (uint64_t client = kClients; client > 0; --client) unblocked += w.unblock(client, true).has_value();
  });
  while (w.size() > kClients / 2) std::this_thread::yield();
  answered = w.update({{10, 0}}, kStart).size();
  other.join();
  EXPECT_EQ(unblocked + answered, kClients);
  EXPECT_EQ(w.size(), 0u);
}

}  // namespace guccho::runtime
