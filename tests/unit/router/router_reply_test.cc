// What the router reads out of error replies, which node a redirection names, and what the router port refuses.
#include "node/runtime/router_reply.h"

#include <gtest/gtest.h>

#include <string>

namespace guccho::runtime {
namespace {

struct ReplyCase {
  std::string reply;
  Refusal kind;
  std::string host;
  uint16_t port = 0;
};

TEST(RouterReply, TellsRefusalsFromAnswers) {
  const ReplyCase cases[] = {
      {"+OK\r\n", Refusal::kNone, ""},
      {"$5\r\nMOVED\r\n", Refusal::kNone, ""},
      {"-ERR value is not an integer or out of range\r\n", Refusal::kNone, ""},
      {"-NOREPLICAS Not enough good replicas to write.\r\n", Refusal::kNone, ""},
      {"-UNCERTAIN anything\r\n", Refusal::kNone, ""},
      {"-MOVEDX 1 a:1\r\n", Refusal::kNone, ""},
      {"-\r\n", Refusal::kNone, ""},
      {"-MOVED 3999 127.0.0.1:6381\r\n", Refusal::kMoved, "127.0.0.1", 6381},
      {"-ASK 3999 127.0.0.1:6381\r\n", Refusal::kAsk, "127.0.0.1", 6381},
      {"-MOVED 3999 ::1:6381\r\n", Refusal::kMoved, "::1", 6381},
      {"-MOVED 3999 node.example:7\r\n", Refusal::kMoved, "node.example", 7},
      {"-MOVED 3999 :6381\r\n", Refusal::kMoved, "", 6381},
      {"-CLUSTERDOWN The cluster is down\r\n", Refusal::kNotNow, ""},
      {"-CLUSTERDOWN Hash slot not served\r\n", Refusal::kNotNow, ""},
      {"-LOADING Redis is loading the dataset in memory\r\n", Refusal::kNotNow, ""},
      {"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", Refusal::kNotNow, ""},
      {"-READONLY You can't write against a read only replica.\r\n", Refusal::kNotNow, ""},
      {"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", Refusal::kNotNow, ""},
      // Redirections that cannot be understood were still not executed.
      {"-MOVED\r\n", Refusal::kNotNow, ""},
      {"-MOVED 3999\r\n", Refusal::kNotNow, ""},
      {"-MOVED 127.0.0.1:6381\r\n", Refusal::kNotNow, ""},
      {"-MOVED 3999 127.0.0.1\r\n", Refusal::kNotNow, ""},
      {"-MOVED 3999 127.0.0.1:\r\n", Refusal::kNotNow, ""},
      {"-MOVED 3999 127.0.0.1:0\r\n", Refusal::kNotNow, ""},
      {"-MOVED 3999 127.0.0.1:70000\r\n", Refusal::kNotNow, ""},
      {"-ASK 3999 127.0.0.1:63x\r\n", Refusal::kNotNow, ""},
  };
  for (const ReplyCase& c : cases) {
    const RefusalReply r = read_refusal(c.reply);
    EXPECT_EQ(r.kind, c.kind) << c.reply;
    if (c.port == 0) continue;
    EXPECT_EQ(r.host, c.host) << c.reply;
    EXPECT_EQ(r.port, c.port) << c.reply;
  }
}

TEST(RouterReply, TellsWhyATransactionWasNotExecuted) {
  const std::string moved = "-MOVED 3999 127.0.0.1:6381\r\n";
  const std::string because = "-EXECABORT Transaction discarded because of: ";
  const std::string earlier = "-EXECABORT Transaction discarded because of previous errors.\r\n";
  EXPECT_EQ(abort_reason(earlier, moved), moved);
  EXPECT_EQ(abort_reason(because + "LOADING later\r\n", ""), "-LOADING later\r\n");
  EXPECT_EQ(abort_reason(because + "LOADING later\r\n", moved), moved) << "what came first";
  EXPECT_EQ(abort_reason(earlier, ""), "");
  // It was executed, or says itself what is wrong.
  EXPECT_EQ(abort_reason("*1\r\n-EXECABORT x\r\n", moved), "");
  EXPECT_EQ(abort_reason(moved, ""), "");
}

TEST(RouterReply, FindsTheNamedNodeByAnyOfItsAddresses) {
  cluster::View view;
  view.nodes.resize(3);
  view.nodes[0].ip = "10.0.0.1";
  view.nodes[0].tcp_port = 6379;
  view.nodes[1].ip = "10.0.0.1";
  view.nodes[1].tcp_port = 6380;
  view.nodes[1].tls_port = 7380;
  view.nodes[1].hostname = "second.example";
  view.nodes[2].ip = "10.0.0.2";
  view.nodes[2].tcp_port = 6379;
  view.nodes[2].client.ipv4 = "192.0.2.7";
  view.nodes[2].client.port = 30002;

  const auto named = [&](std::string_view host, uint16_t port, const cluster::NodeView* asked = nullptr) {
    const cluster::NodeView* node = named_node(view, {.kind = Refusal::kMoved, .host = host, .port = port}, asked);
    return node == nullptr ? -1 : static_cast<int>(node - view.nodes.data());
  };
  EXPECT_EQ(named("10.0.0.1", 6379), 0);
  EXPECT_EQ(named("10.0.0.1", 6380), 1);
  EXPECT_EQ(named("10.0.0.1", 7380), 1);
  EXPECT_EQ(named("second.example", 6380), 1);
  EXPECT_EQ(named("192.0.2.7", 30002), 2);
  EXPECT_EQ(named("10.0.0.2", 6379), 2);
  EXPECT_EQ(named("10.0.0.3", 6379), -1);
  EXPECT_EQ(named("10.0.0.2", 6380), -1);
  // Without a host: the one that was asked.
  EXPECT_EQ(named("", 6380, &view.nodes[0]), 1);
  EXPECT_EQ(named("?", 6379, &view.nodes[2]), 2);
  EXPECT_EQ(named("", 6380), -1);
}

TEST(RouterReply, RefusesWhatOneNodeCannotAnswerForAll) {
  for (const char* name : {"dbsize", "flushall", "flushdb", "keys", "randomkey", "scan", "wait"}) {
    const commands::CommandSpec* spec = commands::find_command(name);
    ASSERT_NE(spec, nullptr) << name;
    EXPECT_TRUE(router_refusal(*spec).starts_with("ERR ")) << name;
  }
  for (const char* name : {"get", "mset", "hscan", "ping", "info", "multi", "exec"}) {
    EXPECT_TRUE(router_refusal(*commands::find_command(name)).empty()) << name;
  }
}

}  // namespace
}  // namespace guccho::runtime
