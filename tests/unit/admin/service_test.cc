// The admin service through real gRPC over a Unix socket: what reaches the host, and every refusal with its code.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "guccho/admin/v1/admin.grpc.pb.h"
#include "node/admin/server.h"
#include "tests/unit/admin/fake_host.h"

namespace guccho::admin {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
namespace request = cluster::request;

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() { start(); }
  void start() {
    server_.reset();
    auto started = AdminServer::start(host_, {.socket_path = directory_ / "admin/admin.sock",
                                              .bind = {},
                                              .cert_file = {},
                                              .key_file = {},
                                              .ca_file = {},
                                              .term_file = directory_ / "term"});
    ASSERT_TRUE(started) << started.error().text;
    server_ = std::move(*started);
    stub_ = v1::NodeAdmin::NewStub(
        grpc::CreateChannel("unix:" + directory_ / "admin/admin.sock", grpc::InsecureChannelCredentials()));
  }

  template <class Request>
  Request guarded(uint64_t term = 5, const std::string& id = kSelf.str()) {
    Request r;
    r.mutable_guard()->set_fencing_term(term);
    r.mutable_guard()->set_node_id(id);
    return r;
  }
  template <class Request>
  grpc::Status call(grpc::Status (v1::NodeAdmin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                v1::MutationResponse*),
                    const Request& r, Millis timeout = Millis(10'000)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    v1::MutationResponse response;
    return (*stub_.*method)(&context, r, &response);
  }
  v1::ForgetRequest forget(uint64_t term, const std::string& id = kSelf.str()) {
    auto r = guarded<v1::ForgetRequest>(term, id);
    r.set_forget_id(kOther.str());
    return r;
  }
  v1::NodeStatus status() {
    grpc::ClientContext context;
    v1::NodeStatus response;
    EXPECT_TRUE(stub_->Status(&context, {}, &response).ok());
    return response;
  }

  // A replica of kOther, whose primary owns all slots; kThird is another primary.
  void become_replica() {
    cluster::View view;
    view.nodes = {node(kSelf, bus::kFlagReplica | bus::kFlagMyself), node(kOther, bus::kFlagPrimary),
                  node(kThird, bus::kFlagPrimary)};
    view.nodes[0].primary_id = kOther;
    view.nodes[0].primary = 1;
    view.nodes[1].slot_count = kSlotCount;
    auto slots = std::make_shared<cluster::SlotTable>();
    slots->owner.fill(1);
    slots->assigned = kSlotCount;
    view.slots = slots;
    host_.set_view(view);
  }

  TemporaryDirectory directory_;
  FakeHost host_;
  std::unique_ptr<AdminServer> server_;
  std::unique_ptr<v1::NodeAdmin::Stub> stub_;
};

void expect(const grpc::Status& s, StatusCode code, const std::string& text) {
  EXPECT_EQ(s.error_code(), code) << s.error_message();
  EXPECT_THAT(s.error_message(), HasSubstr(text));
}

TEST_F(ServiceTest, Status) {
  cluster::View view;
  view.nodes = {node(kSelf, bus::kFlagPrimary | bus::kFlagMyself), node(kOther, bus::kFlagReplica | bus::kFlagPfail),
                node(kThird, bus::kFlagPrimary | bus::kFlagFail)};
  view.nodes[1].primary_id = kSelf;
  auto slots = std::make_shared<cluster::SlotTable>();
  for (uint16_t s = 0; s <= 99; ++s) slots->owner[s] = 0;
  for (uint16_t s = 100; s <= 109; ++s) slots->owner[s] = 2;
  slots->owner[16383] = 0;
  slots->assigned = 111;
  slots->migrating = {{Slot(5), kThird}, {Slot(6), kThird}, {Slot(9), kThird}};
  view.slots = slots;
  view.slots_fail = 10;
  view.down_reason = cluster::DownReason::kAwaitingTakeover;
  view.current_epoch = CurrentEpoch(9);
  view.held.generation = DataGeneration(5);
  view.nodes[0].generation.base = DataGeneration(4);
  host_.set_view(view);
  StatusFacts facts;
  facts.version = "1.2";
  facts.keys = 77;
  facts.offset = ReplOffset(1234);
  facts.in_sync = true;
  facts.in_sync_replicas = {kOther};
  host_.set_facts(facts);

  const v1::NodeStatus s = status();
  EXPECT_EQ(s.node_id(), kSelf.view());
  EXPECT_EQ(s.version(), "1.2");
  EXPECT_EQ(s.role(), v1::ROLE_PRIMARY);
  ASSERT_EQ(s.slots_size(), 2);
  EXPECT_EQ(s.slots(0).last(), 99u);
  EXPECT_EQ(s.slots(1).first(), 16383u);
  EXPECT_EQ(s.slots_served(), 101u);
  EXPECT_EQ(s.keys(), 77u);
  EXPECT_TRUE(s.awaiting_data());
  EXPECT_EQ(s.data_generation(), 5u);
  EXPECT_EQ(s.data_base(), 4u);
  EXPECT_EQ(s.current_epoch(), 9u);
  ASSERT_EQ(s.peers_size(), 2);
  EXPECT_EQ(s.peers(0).primary_id(), kSelf.view());
  EXPECT_TRUE(s.peers(0).suspected());
  EXPECT_FALSE(s.peers(0).failed());
  EXPECT_TRUE(s.peers(1).failed());
  ASSERT_EQ(s.peers(1).slots_size(), 1);
  EXPECT_EQ(s.peers(1).slots(0).first(), 100u);
  EXPECT_EQ(s.peers(1).slots(0).last(), 109u);
  ASSERT_EQ(s.migrating_size(), 2);
  EXPECT_EQ(s.migrating(0).last(), 6u);
  EXPECT_EQ(s.in_sync_replicas(0), kOther.view());
}

TEST_F(ServiceTest, OldTermIsRefusedAlsoAfterARestart) {
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::Forget, forget(5)).ok());
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::Forget, forget(5)).ok());
  expect(call(&v1::NodeAdmin::Stub::Forget, forget(4)), StatusCode::PERMISSION_DENIED, "term 4 is older than 5");
  start();
  expect(call(&v1::NodeAdmin::Stub::Forget, forget(4)), StatusCode::PERMISSION_DENIED, "term 4 is older than 5");
  EXPECT_EQ(status().fencing_term(), 5u);
}

TEST_F(ServiceTest, ACallThatIsNotForUsDoesNotRaiseTheTerm) {
  expect(call(&v1::NodeAdmin::Stub::Forget, forget(9, kOther.str())), StatusCode::ABORTED,
         "this is node " + kSelf.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, forget(9, "nonsense")), StatusCode::INVALID_ARGUMENT, "guard.node_id");
  expect(call(&v1::NodeAdmin::Stub::Forget, forget(0)), StatusCode::INVALID_ARGUMENT, "guard.fencing_term");
  EXPECT_EQ(status().fencing_term(), 0u);
  EXPECT_TRUE(host_.requests().empty());
}

TEST_F(ServiceTest, MalformedFieldsAreNamed) {
  auto meet = guarded<v1::MeetRequest>();
  expect(call(&v1::NodeAdmin::Stub::Meet, meet), StatusCode::INVALID_ARGUMENT, "peer.host: '' is no IP address");
  meet.mutable_peer()->set_host("example.com");
  expect(call(&v1::NodeAdmin::Stub::Meet, meet), StatusCode::INVALID_ARGUMENT, "peer.host: 'example.com'");
  meet.mutable_peer()->set_host("::1");
  meet.mutable_peer()->set_port(70000);
  expect(call(&v1::NodeAdmin::Stub::Meet, meet), StatusCode::INVALID_ARGUMENT, "peer.port: 70000");

  auto assign = guarded<v1::AssignSlotsRequest>();
  expect(call(&v1::NodeAdmin::Stub::AssignSlots, assign), StatusCode::INVALID_ARGUMENT, "slots: no slots");
  v1::SlotRange* range = assign.add_slots();
  range->set_first(5);
  range->set_last(16384);
  expect(call(&v1::NodeAdmin::Stub::AssignSlots, assign), StatusCode::INVALID_ARGUMENT, "slots: 5-16384");
  range->set_last(5);
  *assign.add_slots() = *range;
  expect(call(&v1::NodeAdmin::Stub::AssignSlots, assign), StatusCode::INVALID_ARGUMENT, "slot 5 is given twice");

  auto replicate = guarded<v1::ReplicateRequest>();
  replicate.set_primary_id("xyz");
  expect(call(&v1::NodeAdmin::Stub::Replicate, replicate), StatusCode::INVALID_ARGUMENT, "primary_id: 'xyz'");
  expect(call(&v1::NodeAdmin::Stub::Failover, guarded<v1::FailoverRequest>()), StatusCode::INVALID_ARGUMENT, "mode:");
  expect(call(&v1::NodeAdmin::Stub::SetConfig, guarded<v1::SetConfigRequest>()), StatusCode::INVALID_ARGUMENT,
         "values:");
  EXPECT_TRUE(host_.requests().empty());
}

TEST_F(ServiceTest, MeetGoesToTheCore) {
  auto meet = guarded<v1::MeetRequest>();
  meet.mutable_peer()->set_host("10.0.0.1");
  meet.mutable_peer()->set_port(7001);
  meet.mutable_peer()->set_bus_port(17001);
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::Meet, meet).ok());
  const auto* got = host_.last<request::Meet>();
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->ip, "10.0.0.1");
  EXPECT_EQ(got->port, 7001);
  EXPECT_EQ(got->bus_port, 17001);
  host_.reply = fail("ERR Invalid node address specified: 10.0.0.1:7001");
  expect(call(&v1::NodeAdmin::Stub::Meet, meet), StatusCode::FAILED_PRECONDITION, "Invalid node address specified");
}

TEST_F(ServiceTest, AssignSlotsIsIdempotentAndNeverTakes) {
  cluster::View view;
  view.nodes = {node(kSelf, bus::kFlagPrimary), node(kOther, bus::kFlagPrimary)};
  auto slots = std::make_shared<cluster::SlotTable>();
  slots->owner[0] = slots->owner[1] = 0;
  slots->owner[10] = 1;
  view.slots = slots;
  host_.set_view(view);
  auto assign = guarded<v1::AssignSlotsRequest>();
  assign.set_config_epoch(3);
  v1::SlotRange* range = assign.add_slots();
  range->set_first(0);
  range->set_last(1);
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::AssignSlots, assign).ok());
  EXPECT_TRUE(host_.requests().empty());
  range->set_last(3);
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::AssignSlots, assign).ok());
  const auto* got = host_.last<request::AddSlots>();
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->slots.str(), "2-3");
  range->set_last(10);
  expect(call(&v1::NodeAdmin::Stub::AssignSlots, assign), StatusCode::ABORTED, "slot 10 belongs to " + kOther.str());
  EXPECT_EQ(host_.requests().size(), 1u);
}

TEST_F(ServiceTest, EpochIsChosenOnlyByANodeThatIsAlone) {
  auto assign = guarded<v1::AssignSlotsRequest>();
  assign.set_config_epoch(3);
  assign.add_slots();  // 0-0
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::AssignSlots, assign).ok());
  const auto requests = host_.requests();
  ASSERT_EQ(requests.size(), 2u);
  ASSERT_TRUE(std::holds_alternative<request::SetConfigEpoch>(requests[0]));
  EXPECT_EQ(std::get<request::SetConfigEpoch>(requests[0]).epoch, ConfigEpoch(3));
}

TEST_F(ServiceTest, TakeoverDemandsAProofAboutOurPrimary) {
  auto failover = guarded<v1::FailoverRequest>();
  failover.set_mode(v1::FAILOVER_MODE_TAKEOVER);
  expect(call(&v1::NodeAdmin::Stub::Failover, failover), StatusCode::INVALID_ARGUMENT, "proof: demanded");
  failover.mutable_proof()->set_node_id(kThird.str());
  expect(call(&v1::NodeAdmin::Stub::Failover, failover), StatusCode::INVALID_ARGUMENT, "proof.incarnation");
  failover.mutable_proof()->set_incarnation("boot/12/3");
  expect(call(&v1::NodeAdmin::Stub::Failover, failover), StatusCode::INVALID_ARGUMENT, "proof.evidence");
  failover.mutable_proof()->set_evidence("process reaped");
  expect(call(&v1::NodeAdmin::Stub::Failover, failover), StatusCode::ABORTED, "this node is a primary");
  become_replica();
  expect(call(&v1::NodeAdmin::Stub::Failover, failover), StatusCode::ABORTED, "the proof is about " + kThird.str());
  failover.mutable_proof()->set_node_id(kOther.str());
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::Failover, failover).ok());
  const auto* got = host_.last<request::TakeoverOnProof>();
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->node, kOther);
  failover.set_mode(v1::FAILOVER_MODE_GRACEFUL);
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::Failover, failover).ok());
  ASSERT_NE(host_.last<request::Failover>(), nullptr);
  EXPECT_EQ(host_.last<request::Failover>()->mode, request::Failover::Mode::kDefault);
}

TEST_F(ServiceTest, ForgetRefusesWhatOthersNeed) {
  become_replica();
  auto r = guarded<v1::ForgetRequest>();
  r.set_forget_id(kSelf.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "does not forget itself");
  r.set_forget_id(kOther.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "does not forget its primary");
  r.set_forget_id(std::string(40, 'd'));
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::Forget, r).ok());  // unknown already
  EXPECT_TRUE(host_.requests().empty());
  r.set_forget_id(kThird.str());
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::Forget, r).ok());
  ASSERT_NE(host_.last<request::Forget>(), nullptr);

  cluster::View view;
  view.nodes = {node(kSelf, bus::kFlagPrimary), node(kOther, bus::kFlagPrimary), node(kThird, bus::kFlagReplica)};
  view.nodes[2].primary_id = kOther;
  host_.set_view(view);
  r.set_forget_id(kOther.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "is followed by " + kThird.str());
  view.nodes[2].primary_id = NodeId();
  view.nodes[1].slot_count = 12;
  host_.set_view(view);
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "owns 12 slots");
}

TEST_F(ServiceTest, AnOwnerIsForgottenOnlyWithAProofThatItsDataIsGone) {
  cluster::View view;
  view.nodes = {node(kSelf, bus::kFlagPrimary), node(kOther, bus::kFlagPrimary | bus::kFlagFail),
                node(kThird, bus::kFlagReplica)};
  view.nodes[1].slot_count = 12;
  view.nodes[2].primary_id = kOther;
  host_.set_view(view);
  auto r = guarded<v1::ForgetRequest>();
  r.set_forget_id(kOther.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "owns 12 slots");
  r.mutable_proof()->set_node_id(kThird.str());
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::INVALID_ARGUMENT, "proof.incarnation");
  r.mutable_proof()->set_incarnation("boot/12/3");
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::INVALID_ARGUMENT, "proof.evidence: not given");
  r.mutable_proof()->set_evidence("storage deleted");
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::INVALID_ARGUMENT, "proof.node_id: is not forget_id");
  r.mutable_proof()->set_node_id(kOther.str());
  r.mutable_proof()->set_evidence("process reaped");
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::INVALID_ARGUMENT, "does not say that the data is gone");
  r.mutable_proof()->set_evidence("storage deleted");
  expect(call(&v1::NodeAdmin::Stub::Forget, r), StatusCode::FAILED_PRECONDITION, "is followed by " + kThird.str());
  EXPECT_TRUE(host_.requests().empty());
  view.nodes[2].primary_id = NodeId();
  host_.set_view(view);
  EXPECT_TRUE(call(&v1::NodeAdmin::Stub::Forget, r).ok());
  ASSERT_NE(host_.last<request::ForgetOnProof>(), nullptr) << "the core has the last word on whether it failed";
  EXPECT_EQ(host_.last<request::ForgetOnProof>()->node, kOther);
}

TEST_F(ServiceTest, ConfigAndShutdown) {
  grpc::ClientContext context;
  v1::GetConfigRequest get;
  get.add_patterns("hz");
  v1::GetConfigResponse values;
  ASSERT_TRUE(stub_->GetConfig(&context, get, &values).ok());
  EXPECT_EQ(values.values().at("hz"), "1");
  auto set = guarded<v1::SetConfigRequest>();
  (*set.mutable_values())["hz"] = "20";
  set.set_rewrite(true);
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::SetConfig, set).ok());
  EXPECT_THAT(host_.set_pairs, testing::ElementsAre(testing::Pair("hz", "20")));
  EXPECT_TRUE(host_.rewritten);
  auto stop = guarded<v1::ShutdownRequest>();
  stop.set_hand_over(true);
  ASSERT_TRUE(call(&v1::NodeAdmin::Stub::Shutdown, stop).ok());
  EXPECT_EQ(host_.stopped, "handed over");
}

TEST_F(ServiceTest, WhatIsNotBuiltSaysSo) {
  expect(call(&v1::NodeAdmin::Stub::Migrate, guarded<v1::MigrateRequest>()), StatusCode::UNIMPLEMENTED, "");
}

TEST_F(ServiceTest, ANodeThatDoesNotAnswerEndsAtTheDeadline) {
  host_.silent = true;
  expect(call(
             &v1::NodeAdmin::Stub::Replicate,
             [&] {
               auto r = guarded<v1::ReplicateRequest>();
               r.set_primary_id(kOther.str());
               return r;
             }(),
             Millis(100)),
         StatusCode::DEADLINE_EXCEEDED, "");
}

TEST_F(ServiceTest, WatchTellsDiscreteFactsOnly) {
  grpc::ClientContext context;
  auto reader = stub_->Watch(&context, {});
  v1::NodeStatus s;
  ASSERT_TRUE(reader->Read(&s));
  EXPECT_EQ(s.peers_size(), 0);
  StatusFacts facts;
  facts.keys = 9;  // alone no reason to speak
  host_.set_facts(facts);
  become_replica();
  ASSERT_TRUE(reader->Read(&s));
  EXPECT_EQ(s.peers_size(), 2);
  EXPECT_EQ(s.keys(), 9u);
  // Stopping the server ends the watch.
  std::thread stopper([&] { server_.reset(); });
  EXPECT_FALSE(reader->Read(&s));
  stopper.join();
}

}  // namespace
}  // namespace guccho::admin
