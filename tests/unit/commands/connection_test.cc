// Connections: PING, HELLO, AUTH, CLIENT, MULTI; what they change of the session.
#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

TEST(Connection, Basics) {
  Node node;
  const Step steps[] = {
      {"PING", "+PONG|"},
      {"PING hello", "$5|hello|"},
      {"PING a b", "-ERR wrong number of arguments for 'ping' command|"},
      {"ECHO x", "$1|x|"},
      {"SELECT 0", "+OK|"},
      {"SELECT 1", "-ERR SELECT is not allowed in cluster mode|"},
      {"SELECT x", "-ERR value is not an integer or out of range|"},
      {"AUTH x",
       "-ERR AUTH <password> called without any password configured for the default user. Are you sure your "
       "configuration is correct?|"},
      {"AUTH default x", "+OK|"},
      {"AUTH nosuch x", "-WRONGPASS invalid username-password pair or user is disabled.|"},
      {"AUTH a b c", "-ERR syntax error|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.run("QUIT"), "+OK|");
  EXPECT_TRUE(node.session.close_after_reply);
}

TEST(Connection, Hello) {
  Node node;
  const Step steps[] = {
      {"HELLO",
       "*14|$6|server|$5|redis|$7|version|$5|7.2.4|$5|proto|:2|$2|id|:3|$4|mode|$7|cluster|$4|role|$6|master|"
       "$7|modules|*0|"},
      {"HELLO 4", "-NOPROTO unsupported protocol version|"},
      {"HELLO x", "-ERR Protocol version is not an integer or out of range|"},
      {"HELLO 2 foo", "-ERR Syntax error in HELLO option 'foo'|"},
      {"HELLO 2 AUTH a", "-ERR Syntax error in HELLO option 'AUTH'|"},
      {"HELLO 2 AUTH a b", "-WRONGPASS invalid username-password pair or user is disabled.|"},
      {"HELLO 2 SETNAME \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters.|"},
      {"HELLO 3 SETNAME me",
       "%7|$6|server|$5|redis|$7|version|$5|7.2.4|$5|proto|:3|$2|id|:3|$4|mode|$7|cluster|$4|role|$6|master|"
       "$7|modules|*0|"},
      {"CLIENT GETNAME", "$2|me|"},
      {"RESET", "+RESET|"},
      {"CLIENT GETNAME", "$-1|"},
  };
  run_steps(node, steps);
}

TEST(Connection, PasswordsAreAskedFor) {
  Node node;
  node.host.set_password("secret");
  node.session.authenticated = false;
  EXPECT_TRUE(node.run("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client already authenticated"));
  EXPECT_EQ(node.session.resp, resp::Version::kResp2);
  EXPECT_EQ(node.run("AUTH wrong"), "-WRONGPASS invalid username-password pair or user is disabled.|");
  EXPECT_FALSE(node.session.authenticated);
  EXPECT_EQ(node.run("AUTH secret"), "+OK|");
  EXPECT_TRUE(node.session.authenticated);
  EXPECT_EQ(node.run("RESET"), "+RESET|");
  EXPECT_FALSE(node.session.authenticated);
  EXPECT_TRUE(node.run("HELLO 3 AUTH default secret").starts_with("%7|"));
  EXPECT_TRUE(node.session.authenticated);
}

TEST(Connection, MultiAndDiscard) {
  Node node;
  EXPECT_EQ(node.run("DISCARD"), "-ERR DISCARD without MULTI|");
  EXPECT_EQ(node.run("MULTI"), "+OK|");
  EXPECT_TRUE(node.session.transaction.active);
  EXPECT_EQ(node.run("MULTI"), "-ERR MULTI calls can not be nested|");
  node.session.transaction.watch_broken = std::make_shared<std::atomic<bool>>(false);
  EXPECT_EQ(node.run("DISCARD"), "+OK|");
  EXPECT_FALSE(node.session.transaction.active);
  EXPECT_EQ(node.session.transaction.watch_broken, nullptr);
}

TEST(Client, Itself) {
  Node node;
  const Step steps[] = {
      {"CLIENT ID", ":3|"},
      {"CLIENT SETNAME \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters.|"},
      {"CLIENT SETNAME me", "+OK|"},
      {"CLIENT GETNAME", "$2|me|"},
      {"CLIENT SETNAME \"\"", "+OK|"},
      {"CLIENT GETNAME", "$-1|"},
      {"CLIENT SETINFO LIB-NAME redis-py", "+OK|"},
      {"CLIENT SETINFO lib-ver 5.0", "+OK|"},
      {"CLIENT SETINFO LIB-VER \"a b\"", "-ERR LIB-VER cannot contain spaces, newlines or special characters.|"},
      {"CLIENT SETINFO FOO x", "-ERR Unrecognized option 'FOO'|"},
      {"CLIENT NO-EVICT on", "+OK|"},
      {"CLIENT NO-TOUCH on", "+OK|"},
      {"CLIENT NO-TOUCH foo", "-ERR syntax error|"},
      {"CLIENT REPLY foo", "-ERR syntax error|"},
      {"CLIENT REPLY ON", "+OK|"},
      {"CLIENT TRACKING off", "+OK|"},
      {"CLIENT TRACKING on", "+OK|"},
      {"CLIENT GETREDIR", ":0|"},
      {"CLIENT TRACKING off", "+OK|"},
      {"CLIENT GETREDIR", ":-1|"},
      {"CLIENT TRACKINGINFO", "*6|$5|flags|*1|$3|off|$8|redirect|:-1|$8|prefixes|*0|"},
      {"CLIENT FOO", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.|"},
      {"CLIENT", "-ERR wrong number of arguments for 'client' command|"},
  };
  run_steps(node, steps);
  EXPECT_TRUE(node.session.no_evict);
  EXPECT_TRUE(node.session.no_touch);
  node.now += Millis(2500);
  EXPECT_EQ(node.run("CLIENT INFO").substr(5),
            "id=3 addr=127.0.0.1:4711 laddr=127.0.0.1:6379 fd=-1 name= age=2 idle=2 flags=eT db=0 sub=0 psub=0 ssub=0 "
            "multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=" +
                std::to_string(sizeof(Session)) +
                " events=r cmd=client|info user=default redir=-1 resp=2 lib-name=redis-py lib-ver=5.0\n|");
  EXPECT_EQ(node.run("CLIENT REPLY OFF"), "");
  EXPECT_EQ(node.session.reply_mode, ReplyMode::kOff);
  EXPECT_EQ(node.run("CLIENT REPLY SKIP"), "");
  EXPECT_EQ(node.session.reply_mode, ReplyMode::kOff);
}

// Three clients: the caller (id 3), one from elsewhere, a replica.
Node& with_clients(Node& node) {
  for (const uint64_t id : {3, 5, 4}) {
    auto session = std::make_unique<Session>();
    session->id = id;
    session->address = "10.0.0." + std::to_string(id) + ":1";
    if (id == 4) session->kind = SessionKind::kReplica;
    node.host.sessions.push_back(std::move(session));
  }
  return node;
}

TEST(Client, ListsOthers) {
  Node node;
  with_clients(node);
  const std::string all = node.run("CLIENT LIST");
  const size_t third = all.find("id=3 "), fourth = all.find("id=4 "), fifth = all.find("id=5 ");
  EXPECT_LT(third, fourth);
  EXPECT_LT(fourth, fifth);
  EXPECT_NE(fifth, std::string::npos);
  EXPECT_NE(node.run("CLIENT LIST TYPE replica").find("id=4 "), std::string::npos);
  EXPECT_EQ(node.run("CLIENT LIST TYPE replica").find("id=5 "), std::string::npos);
  EXPECT_EQ(node.run("CLIENT LIST ID 5").find("id=4 "), std::string::npos);
  const std::string asked = node.run("CLIENT LIST ID 5 99 3 5");
  const size_t first = asked.find("id=5 ");
  EXPECT_LT(first, asked.find("id=3 ")) << "in the order asked for";
  EXPECT_NE(asked.find("id=5 ", first + 1), std::string::npos) << "as often as asked for";
  const Step steps[] = {
      {"CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'|"},
      {"CLIENT LIST TYPE master", "$0||"},
      {"CLIENT LIST ID x", "-ERR Invalid client ID|"},
      {"CLIENT LIST ID 99", "$0||"},
      {"CLIENT LIST ID", "-ERR syntax error|"},
      {"CLIENT LIST FOO", "-ERR syntax error|"},
  };
  run_steps(node, steps);
}

TEST(Client, AMonitorIsANormalClient) {
  Node node;
  with_clients(node);
  node.host.sessions[1]->kind = SessionKind::kMonitor;
  EXPECT_NE(node.run("CLIENT LIST TYPE normal").find("id=5 "), std::string::npos);
  EXPECT_EQ(node.run("CLIENT LIST TYPE replica").find("id=5 "), std::string::npos);
  EXPECT_EQ(node.run("CLIENT KILL TYPE normal"), ":1|");
  EXPECT_EQ(node.host.calls, std::vector<std::string>{"close 5"});
}

TEST(Client, KillsOthers) {
  Node node;
  with_clients(node);
  const Step steps[] = {
      {"CLIENT KILL foo", "-ERR No such client|"},
      {"CLIENT KILL 10.0.0.5:1", "+OK|"},
      {"CLIENT KILL ID x", "-ERR client-id should be greater than 0|"},
      {"CLIENT KILL ID 0", "-ERR client-id should be greater than 0|"},
      {"CLIENT KILL ID 999", ":0|"},
      {"CLIENT KILL ID 3", ":0|"},
      {"CLIENT KILL ID 3 SKIPME no", ":1|"},
      {"CLIENT KILL TYPE replica", ":1|"},
      {"CLIENT KILL ADDR 10.0.0.5:1 TYPE replica", ":0|"},
      {"CLIENT KILL TYPE foo", "-ERR Unknown client type 'foo'|"},
      {"CLIENT KILL USER nosuch", "-ERR No such user 'nosuch'|"},
      {"CLIENT KILL SKIPME maybe", "-ERR syntax error|"},
      {"CLIENT KILL FOO bar", "-ERR syntax error|"},
      {"CLIENT KILL ID 5 LADDR", "-ERR syntax error|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.host.calls, (std::vector<std::string>{"close 5", "close 3 after reply", "close 4"}));
}

TEST(Client, PausesAndUnblocks) {
  Node node;
  const Step steps[] = {
      {"CLIENT PAUSE x", "-ERR timeout is not an integer or out of range|"},
      {"CLIENT PAUSE -1", "-ERR timeout is negative|"},
      {"CLIENT PAUSE 1 foo", "-ERR CLIENT PAUSE mode must be WRITE or ALL|"},
      {"CLIENT PAUSE 1 ALL extra",
       "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.|"},
      {"CLIENT PAUSE 1000", "+OK|"},
      {"CLIENT PAUSE 1000 WRITE", "+OK|"},
      {"CLIENT UNPAUSE", "+OK|"},
      {"CLIENT UNBLOCK x", "-ERR value is not an integer or out of range|"},
      {"CLIENT UNBLOCK 99 foo", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR|"},
      {"CLIENT UNBLOCK 99", ":0|"},
      {"CLIENT UNBLOCK 7 ERROR", ":1|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.host.calls, (std::vector<std::string>{"pause 1700000001000 all", "pause 1700000001000 writes",
                                                       "unpause", "unblock 99", "unblock 7 with error"}));
}

}  // namespace
}  // namespace guccho::commands::testing
