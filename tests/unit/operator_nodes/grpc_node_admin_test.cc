// The gRPC client against a real server on a Unix socket: what it sends, what each status code becomes, and that no
// call outlives its deadline or a stop.
#include "operator/backend/nodes/grpc_node_admin.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "guccho/admin/v1/admin.grpc.pb.h"

namespace guccho::ops {
namespace {

namespace wire = admin::v1;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kIdText(40, 'a');
const std::string kOtherText(40, 'b');
const NodeId kId = *NodeId::parse(kIdText);
const NodeId kOther = *NodeId::parse(kOtherText);

// Answers with what the test put in, and keeps the last request.
class FakeNode final : public wire::NodeAdmin::Service {
 public:
  grpc::Status Status(grpc::ServerContext* context, const wire::StatusRequest*, wire::NodeStatus* response) override {
    asked = true;
    while (silent && !context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    *response = status;
    return answer;
  }
  grpc::Status Failover(grpc::ServerContext*, const wire::FailoverRequest* request, wire::MutationResponse*) override {
    failover = *request;
    return answer;
  }
  grpc::Status AssignSlots(grpc::ServerContext*, const wire::AssignSlotsRequest* request,
                           wire::MutationResponse*) override {
    assign = *request;
    return answer;
  }
  grpc::Status Forget(grpc::ServerContext*, const wire::ForgetRequest* request, wire::MutationResponse*) override {
    forget = *request;
    return answer;
  }
  std::atomic<bool> silent = false;
  std::atomic<bool> asked = false;
  grpc::Status answer;
  wire::NodeStatus status;
  wire::FailoverRequest failover;
  wire::AssignSlotsRequest assign;
  wire::ForgetRequest forget;
};

class GrpcNodeAdminTest : public testing::Test {
 protected:
  GrpcNodeAdminTest() {
    std::string name = testing::TempDir() + "guccho-nodes-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    target_ = "unix:" + directory_ + "/admin.sock";
    node_.status.set_node_id(kIdText);
    node_.status.set_role(wire::ROLE_PRIMARY);
    listen();
  }
  ~GrpcNodeAdminTest() override {
    hang_up();
    std::filesystem::remove_all(directory_);
  }
  void listen() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(target_, grpc::InsecureServerCredentials());
    builder.RegisterService(&node_);
    server_ = builder.BuildAndStart();
    ASSERT_TRUE(server_);
  }
  void hang_up() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  Result<NodeStatus> ask(Millis timeout = Millis(5000)) {
    const NodeRef ref = here();
    return client_->status({&ref, 1}, {timeout, {}}).front();
  }
  NodeRef here() const { return {target_, kId}; }

  std::string directory_;
  std::string target_;
  FakeNode node_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<NodeAdmin> client_ = make_grpc_node_admin();
};

TEST_F(GrpcNodeAdminTest, ReadsEveryPartOfAStatus) {
  auto& s = node_.status;
  s.set_version("0.1.0");
  s.set_incarnation("boot/1/2");
  s.set_role(wire::ROLE_REPLICA);
  s.set_primary_id(kOtherText);
  s.set_shard_id("shard");
  s.set_current_epoch(7);
  s.set_config_epoch(6);
  s.set_cluster_ok(true);
  s.set_slots_served(16384);
  s.set_keys(5);
  s.set_used_memory(99);
  s.set_replication_offset(-1);
  s.set_link(wire::REPLICATION_LINK_UP);
  s.set_in_sync(true);
  s.add_in_sync_replicas(kOtherText);
  s.set_data_generation(3);
  s.set_data_base(2);
  s.set_awaiting_data(true);
  s.mutable_electorate()->set_version(2);
  s.mutable_electorate()->add_voter_ids(kIdText);
  s.set_fencing_term(8);
  s.add_migrating()->set_last(1);
  auto* peer = s.add_peers();
  peer->set_node_id(kOtherText);
  peer->mutable_endpoint()->set_host("127.0.0.1");
  peer->mutable_endpoint()->set_port(7000);
  peer->mutable_endpoint()->set_bus_port(17000);
  peer->set_role(wire::ROLE_PRIMARY);
  peer->set_config_epoch(4);
  peer->add_slots()->set_last(16383);
  peer->set_failed(true);

  const auto read = ask();
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->id, kId);
  EXPECT_EQ(read->version, "0.1.0");
  EXPECT_EQ(read->incarnation, Incarnation{"boot/1/2"});
  EXPECT_EQ(read->role, Role::kReplica);
  EXPECT_EQ(read->primary, kOther);
  EXPECT_EQ(read->shard_id, "shard");
  EXPECT_EQ(read->current_epoch, CurrentEpoch(7));
  EXPECT_EQ(read->config_epoch, ConfigEpoch(6));
  EXPECT_TRUE(read->cluster_ok);
  EXPECT_EQ(read->slots_served, 16384u);
  EXPECT_EQ(read->keys, 5u);
  EXPECT_EQ(read->used_memory, 99u);
  EXPECT_EQ(read->offset, ReplOffset(-1));
  EXPECT_EQ(read->link, ReplicationLink::kUp);
  EXPECT_TRUE(read->in_sync);
  EXPECT_THAT(read->in_sync_replicas, ElementsAre(kOther));
  EXPECT_EQ(read->generation, DataGeneration(3));
  EXPECT_EQ(read->base, DataGeneration(2));
  EXPECT_TRUE(read->awaiting_data);
  EXPECT_EQ(read->electorate, (ElectorateView{2, {kId}, false}));
  EXPECT_EQ(read->fencing_term, 8u);
  EXPECT_TRUE(read->migrating);
  PeerView peer_view;
  peer_view.id = kOther;
  peer_view.host = "127.0.0.1";
  peer_view.port = 7000;
  peer_view.bus_port = 17000;
  peer_view.config_epoch = ConfigEpoch(4);
  peer_view.slots = {{Slot(0), Slot(16383)}};
  peer_view.failed = true;
  peer_view.is_guccho = false;
  EXPECT_THAT(read->peers, ElementsAre(peer_view));
}

TEST_F(GrpcNodeAdminTest, DoesNotBelieveNonsense) {
  node_.status.set_node_id("short");
  EXPECT_THAT(ask().error().text, HasSubstr("node_id: 'short' is not a node id"));
  node_.status.set_node_id(kIdText);
  node_.status.add_slots()->set_last(16384);
  EXPECT_THAT(ask().error().text, HasSubstr("slots: 0-16384 is no range of slots"));
}

TEST_F(GrpcNodeAdminTest, CarriesTermNodeAndProof) {
  client_->set_term({5});
  client_->set_term({4});  // terms never go down
  const ProofOfDeath proof{kOther, {"boot/9/9"}, Evidence::kProcessReaped};
  EXPECT_EQ(client_->failover(here(), FailoverMode::kTakeover, &proof, {}), Answer::accepted());
  EXPECT_EQ(node_.failover.guard().fencing_term(), 5u);
  EXPECT_EQ(node_.failover.guard().node_id(), kIdText);
  EXPECT_EQ(node_.failover.mode(), wire::FAILOVER_MODE_TAKEOVER);
  EXPECT_EQ(node_.failover.proof().node_id(), kOtherText);
  EXPECT_EQ(node_.failover.proof().incarnation(), "boot/9/9");
  EXPECT_EQ(node_.failover.proof().evidence(), "process reaped");

  EXPECT_EQ(client_->forget(here(), kOther, nullptr, {}), Answer::accepted());
  EXPECT_EQ(node_.forget.forget_id(), kOtherText);
  EXPECT_FALSE(node_.forget.has_proof());
  const ProofOfDeath loss{kOther, {"boot/10/10"}, Evidence::kStorageDeleted};
  EXPECT_EQ(client_->forget(here(), kOther, &loss, {}), Answer::accepted());
  EXPECT_EQ(node_.forget.proof().node_id(), kOtherText);
  EXPECT_EQ(node_.forget.proof().incarnation(), "boot/10/10");
  EXPECT_EQ(node_.forget.proof().evidence(), "storage deleted") << "as the service knows it";

  const std::vector<SlotRange> slots = {{Slot(0), Slot(5)}, {Slot(7), Slot(7)}};
  EXPECT_EQ(client_->assign_slots(here(), slots, ConfigEpoch(3), {}), Answer::accepted());
  ASSERT_EQ(node_.assign.slots_size(), 2);
  EXPECT_EQ(node_.assign.slots(1).first(), 7u);
  EXPECT_EQ(node_.assign.config_epoch(), 3u);
}

TEST_F(GrpcNodeAdminTest, EachStatusCodeHasItsAnswer) {
  const std::vector<std::pair<grpc::StatusCode, Answer::Kind>> cases = {
      {grpc::StatusCode::ABORTED, Answer::Kind::kConflict},
      {grpc::StatusCode::PERMISSION_DENIED, Answer::Kind::kFenced},
      {grpc::StatusCode::FAILED_PRECONDITION, Answer::Kind::kRefused},
      {grpc::StatusCode::INVALID_ARGUMENT, Answer::Kind::kRefused},
      {grpc::StatusCode::UNIMPLEMENTED, Answer::Kind::kRefused},
      {grpc::StatusCode::UNAUTHENTICATED, Answer::Kind::kRefused},
      {grpc::StatusCode::INTERNAL, Answer::Kind::kUnanswered},
      {grpc::StatusCode::UNAVAILABLE, Answer::Kind::kUnanswered},
  };
  for (const auto& [code, kind] : cases) {
    node_.answer = grpc::Status(code, "why");
    const Answer answer = client_->failover(here(), FailoverMode::kForce, nullptr, {});
    EXPECT_EQ(answer.kind, kind) << code;
    EXPECT_EQ(answer.reason, "why") << code;
  }
}

TEST_F(GrpcNodeAdminTest, ASilentNodeCostsItsDeadlineOnlyAndTheOthersAreHeard) {
  FakeNode silent;
  silent.silent = true;
  const std::string silent_target = "unix:" + directory_ + "/silent.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort(silent_target, grpc::InsecureServerCredentials());
  builder.RegisterService(&silent);
  const auto server = builder.BuildAndStart();
  const std::vector<NodeRef> refs = {{silent_target, kOther}, here(), {"unix:" + directory_ + "/nobody.sock", kOther}};
  const auto answers = client_->status(refs, {Millis(300), {}});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_FALSE(answers[0]);
  ASSERT_TRUE(answers[1]) << answers[1].error().text;
  EXPECT_EQ(answers[1]->id, kId);
  EXPECT_FALSE(answers[2]);
  server->Shutdown(std::chrono::system_clock::now());
}

TEST_F(GrpcNodeAdminTest, AStopEndsACallUnderWay) {
  node_.silent = true;
  std::stop_source stop;
  std::thread stopper([&] {
    while (!node_.asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop.request_stop();
  });
  const NodeRef ref = here();
  // The deadline is longer than any test may take: only the stop can end this.
  const auto answers = client_->status({&ref, 1}, {Millis(3'600'000), stop.get_token()});
  stopper.join();
  EXPECT_FALSE(answers.front());
}

TEST_F(GrpcNodeAdminTest, ARestartedNodeIsFoundAgain) {
  ASSERT_TRUE(ask());
  hang_up();
  EXPECT_FALSE(ask(Millis(200)));
  listen();
  Result<NodeStatus> answer = fail("not asked");
  for (int i = 0; i < 1000 && !answer; ++i) {
    answer = ask();
    if (!answer) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(answer);
}

}  // namespace
}  // namespace guccho::ops
