// The local backend with real supervisors and processes; tests/unit/operator_local/stand_in_node.cc stands in for
// guccho-node.
#include "operator/backend/local/local_backend.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>

#include "node/supervise/files.h"
#include "operator/backend/local/local_store.h"
#include "tests/unit/operator_local/fixture.h"

namespace guccho::ops::local {
namespace {

using testing::HasSubstr;

constexpr uint16_t kFirstPort = 20600;

class LocalBackendTest : public StateDirTest {
 protected:
  LocalBackendTest() {
    cluster_.key = {"default", "demo"};
    cluster_.spec.primaries = 1;
    cluster_.spec.replicas_per_primary = 1;
    cluster_.spec.version = "0.1.0";
    cluster_.spec.local = {"127.0.0.1", kFirstPort, kFirstPort + 100};
    EXPECT_TRUE(apply(state(), cluster_));
  }
  ~LocalBackendTest() override {
    EXPECT_TRUE(until([&] { return *backend_->stop_all(); }));
  }

  // A new operator over the same directory.
  void come_back() {
    backend_ = std::make_unique<LocalBackend>(state(), STAND_IN_NODE, [this](const Event& e) { events_.push_back(e); });
  }
  World observe() { return *backend_->observe(cluster_.key, call_); }
  Answer ensure(int size, const std::string& revision = "r1") {
    return backend_->ensure_shard(cluster_, 0, size, revision, call_);
  }
  bool runs(InstanceId id) {
    return until([&] { return is_running(observe(), id); });
  }
  static bool is_running(const World& world, InstanceId id) {
    const Instance* found = world.find(id);
    return found && std::holds_alternative<Running>(found->life) && is_node(process_of(*found));
  }
  // A process is recorded, and so running, before its supervisor lets it become a node; if that dies in between, so
  // does the process.
  static bool is_node(pid_t pid) {
    const auto line = supervise::read_file(fmt::format("/proc/{}/cmdline", pid));
    return line && !line->empty() && !line->contains("--supervise");
  }
  static pid_t process_of(const Instance& instance) {
    return supervise::ProcessIdentity::parse(instance.incarnation.value)->pid;
  }
  // Waits until another process runs in the place.
  bool runs_after(InstanceId id, const Incarnation& old) {
    return until([&] {
      const World world = observe();
      return is_running(world, id) && world.find(id)->incarnation != old;
    });
  }
  pid_t pid(InstanceId id) { return process_of(*observe().find(id)); }
  pid_t supervisor(InstanceId id) { return state().facts(id)->record->supervisor.pid; }

  RedisCluster cluster_;
  CallContext call_{Millis(10000), {}};
  std::vector<Event> events_;
  std::unique_ptr<LocalBackend> backend_ =
      std::make_unique<LocalBackend>(state(), STAND_IN_NODE, [this](const Event& e) { events_.push_back(e); });
};

constexpr InstanceId kFirst{0, 0};
constexpr InstanceId kSecond{0, 1};

TEST_F(LocalBackendTest, MakesPlacesOnceAndKeepsThem) {
  EXPECT_TRUE(observe().complete);
  EXPECT_TRUE(observe().instances.empty());
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const World world = observe();
  const Instance& first = *world.find(kFirst);
  EXPECT_EQ(first.revision, "r1");
  EXPECT_EQ(first.endpoints.host, "127.0.0.1");
  EXPECT_GE(first.endpoints.port, kFirstPort);
  EXPECT_EQ(first.endpoints.bus_port, first.endpoints.port + 10000);
  EXPECT_EQ(first.endpoints.admin, "unix:" + state().data_path(kFirst) + "/admin/admin.sock");
  EXPECT_NE(first.endpoints.port, world.find(kSecond)->endpoints.port);
  EXPECT_NE(first.endpoints.router_port, world.find(kSecond)->endpoints.router_port);

  ASSERT_EQ(ensure(2), Answer::accepted());
  come_back();
  ASSERT_EQ(ensure(2), Answer::accepted());
  World again = observe();
  again.at = world.at;
  EXPECT_EQ(again.instances, world.instances) << "adopted as they were";
}

TEST_F(LocalBackendTest, APlaceWhoseMakerDiedHalfWayIsMissingUntilItIsMade) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  Place half = state().facts(kFirst)->place;
  half.port = kFirstPort + 50;
  half.bus_port = static_cast<uint16_t>(half.port + 10000);
  half.router_port = kFirstPort + 51;
  ASSERT_TRUE(state().write_place(kSecond, half));
  come_back();
  EXPECT_EQ(observe().find(kSecond), nullptr) << "else nobody would go on with it";
  ASSERT_EQ(ensure(2), Answer::accepted());
  EXPECT_TRUE(runs(kSecond));
}

TEST_F(LocalBackendTest, NeverRemovesOrRestartsByEnsuring) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const Incarnation before = observe().find(kSecond)->incarnation;
  EXPECT_EQ(ensure(1).kind, Answer::Kind::kRefused);
  EXPECT_EQ(ensure(2, "r2"), Answer::accepted());
  EXPECT_EQ(observe().find(kSecond)->incarnation, before);
  EXPECT_EQ(observe().find(kSecond)->revision, "r1") << "what it was started with";

  EXPECT_EQ(backend_->restart(cluster_.key, kSecond, {"another/1/1"}, call_).kind, Answer::Kind::kConflict);
  EXPECT_EQ(backend_->restart(cluster_.key, kSecond, before, call_), Answer::accepted());
  ASSERT_TRUE(runs_after(kSecond, before));
  EXPECT_EQ(observe().find(kSecond)->revision, "r2");
}

TEST_F(LocalBackendTest, ADeadNodeIsGoneWithProofAndComesBackByItself) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Incarnation before = observe().find(kFirst)->incarnation;
  ::kill(pid(kFirst), SIGKILL);
  ASSERT_TRUE(until([&] {
    const Life life = observe().find(kFirst)->life;
    const auto* gone = std::get_if<Gone>(&life);
    return gone && gone->detail == "killed by signal 9";
  }));
  EXPECT_EQ(observe().find(kFirst)->incarnation, before) << "the proof names the process";
  EXPECT_TRUE(runs_after(kFirst, before));
}

TEST_F(LocalBackendTest, AMissingSupervisorIsPutBackAndTheNodeAdopted) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Incarnation before = observe().find(kFirst)->incarnation;
  const pid_t old = supervisor(kFirst);
  ::kill(old, SIGKILL);
  EXPECT_TRUE(until([&] {
    observe();
    return supervisor(kFirst) != old;
  }));
  EXPECT_EQ(observe().find(kFirst)->incarnation, before);
}

TEST_F(LocalBackendTest, RemovalKeepsTheStorageUntilItIsReleased) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const Instance second = *observe().find(kSecond);
  EXPECT_EQ(backend_->remove_highest(cluster_.key, kFirst, observe().find(kFirst)->incarnation, call_).kind,
            Answer::Kind::kRefused);
  EXPECT_EQ(backend_->remove_highest(cluster_.key, kSecond, {"another/1/1"}, call_).kind, Answer::Kind::kConflict);
  EXPECT_EQ(backend_->release_storage(cluster_.key, second.storage.id, "test", call_).kind, Answer::Kind::kRefused);
  EXPECT_EQ(backend_->remove_highest(cluster_.key, kSecond, second.incarnation, call_), Answer::accepted());
  EXPECT_EQ(backend_->remove_highest(cluster_.key, kSecond, second.incarnation, call_), Answer::accepted());
  ASSERT_TRUE(until([&] { return observe().find(kSecond) == nullptr; }));
  ASSERT_EQ(observe().left_storage.size(), 1u);
  EXPECT_EQ(observe().left_storage[0].id, second.storage.id);
  EXPECT_TRUE(std::filesystem::exists(second.storage.id));

  EXPECT_EQ(backend_->release_storage(cluster_.key, second.storage.id, "test", call_), Answer::accepted());
  EXPECT_FALSE(std::filesystem::exists(second.storage.id));
  EXPECT_TRUE(observe().left_storage.empty());
  EXPECT_EQ(backend_->release_storage(cluster_.key, second.storage.id, "test", call_), Answer::accepted());
  EXPECT_EQ(events_.back().reason, "StorageReleased");
}

TEST_F(LocalBackendTest, ARemovedPlaceThatIsWantedAgainRunsOnItsOldStorage) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kSecond));
  const Instance second = *observe().find(kSecond);
  ASSERT_EQ(backend_->remove_highest(cluster_.key, kSecond, second.incarnation, call_), Answer::accepted());
  ASSERT_TRUE(until([&] { return observe().find(kSecond) == nullptr; }));
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs_after(kSecond, second.incarnation));
  EXPECT_TRUE(observe().left_storage.empty());
  EXPECT_EQ(observe().find(kSecond)->endpoints, second.endpoints);
}

// Holds a port as another program would.
supervise::Fd hold_port(uint16_t port) {
  supervise::Fd holder(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int on = 1;
  ::setsockopt(holder.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  EXPECT_EQ(::bind(holder.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(holder.get(), 1), 0);
  return holder;
}

TEST_F(LocalBackendTest, ANodeWhosePortWasTakenWhileItWasDownGetsAnother) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Instance before = *observe().find(kFirst);
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  const auto holder = hold_port(before.endpoints.port);
  ASSERT_TRUE(backend_->resume_all());
  come_back();
  ASSERT_TRUE(runs_after(kFirst, before.incarnation));
  EXPECT_NE(observe().find(kFirst)->endpoints.port, before.endpoints.port);
}

TEST_F(LocalBackendTest, ANodeThatCannotStartBecauseItsPortWasTakenGetsAnother) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Instance before = *observe().find(kFirst);
  ::kill(pid(kFirst), SIGKILL);  // its supervisor starts it again, a second later
  ASSERT_TRUE(
      until([&] { return !supervise::is_running(*supervise::ProcessIdentity::parse(before.incarnation.value)); }));
  const auto holder = hold_port(before.endpoints.port);
  EXPECT_TRUE(until([&] {
    const World world = observe();
    return is_running(world, kFirst) && world.find(kFirst)->endpoints.port != before.endpoints.port;
  }));
}

// Nothing can be had, and then everything again: as when an interface goes and comes.
TEST_F(LocalBackendTest, ANodeForWhichThereAreNoPortsStartsOnceThereAre) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Instance before = *observe().find(kFirst);
  cluster_.spec.local.host = "203.0.113.7";
  ASSERT_TRUE(apply(state(), cluster_));
  ::kill(pid(kFirst), SIGKILL);
  ASSERT_TRUE(
      until([&] { return !supervise::is_running(*supervise::ProcessIdentity::parse(before.incarnation.value)); }));
  auto holder = hold_port(before.endpoints.port);
  const auto not_started = [&] {
    observe();
    return std::ranges::any_of(events_, [](const Event& e) {
      return e.reason == "NotStarted" && e.message == "0-0: spec.local.host: 203.0.113.7 is no address of this machine";
    });
  };
  ASSERT_TRUE(until(not_started));
  EXPECT_EQ(state().facts(kFirst)->desired->goal, supervise::Desired::Goal::kRun) << "its supervisor goes on";
  cluster_.spec.local.host = "127.0.0.1";
  ASSERT_TRUE(apply(state(), cluster_));
  EXPECT_TRUE(runs_after(kFirst, before.incarnation));
}

TEST_F(LocalBackendTest, ANodeLeftStoppedByAnInterruptedMoveIsStarted) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Incarnation before = observe().find(kFirst)->incarnation;
  supervise::Desired stop = *state().facts(kFirst)->desired;
  stop.goal = supervise::Desired::Goal::kStop;
  ASSERT_TRUE(state().write_desired(kFirst, stop));
  ASSERT_TRUE(until([&] { return is_down(*state().facts(kFirst)); }));
  EXPECT_TRUE(runs_after(kFirst, before)) << "nobody asked for its end";
}

// ---- a changed spec ----

class ChangedSpecTest : public LocalBackendTest {
 protected:
  // As a person applies it.
  void change(std::map<std::string, std::string> config) {
    cluster_.spec.config = std::move(config);
    ASSERT_TRUE(apply(state(), cluster_));
  }
  Answer ensure_now(int size) { return ensure(size, revision_of(cluster_.spec)); }
  std::string config_of(InstanceId id) { return *supervise::read_file(state().node_config_path(id)); }
  void kill_and_wait(InstanceId id) {
    const Incarnation before = observe().find(id)->incarnation;
    ::kill(pid(id), SIGKILL);
    ASSERT_TRUE(runs_after(id, before));
  }
  void down_and_up() {
    const World before = observe();
    ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
    come_back();
    ASSERT_TRUE(backend_->resume_all());
    for (const Instance& instance : before.instances) ASSERT_TRUE(runs_after(instance.id, instance.incarnation));
  }
  std::string revision(InstanceId id) { return observe().find(id)->revision; }
};

TEST_F(ChangedSpecTest, ReachesANodeThatIsRestartedByHand) {
  ASSERT_EQ(ensure_now(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const std::string old = revision(kFirst);
  change({{"hz", "20"}});
  const std::string wanted = revision_of(cluster_.spec);
  observe();
  EXPECT_THAT(config_of(kFirst), testing::Not(HasSubstr("hz 20"))) << "it runs, and is left alone";
  kill_and_wait(kFirst);
  EXPECT_EQ(revision(kFirst), wanted);
  EXPECT_THAT(config_of(kFirst), HasSubstr("\nhz 20\n"));
  EXPECT_EQ(revision(kSecond), old) << "it was not restarted";
  EXPECT_THAT(config_of(kSecond), testing::Not(HasSubstr("hz 20")));
}

TEST_F(ChangedSpecTest, ReachesAllAfterDownAndUp) {
  ASSERT_EQ(ensure_now(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  change({{"hz", "20"}});
  down_and_up();
  for (const InstanceId id : {kFirst, kSecond}) {
    EXPECT_EQ(revision(id), revision_of(cluster_.spec));
    EXPECT_THAT(config_of(id), HasSubstr("\nhz 20\n"));
  }
}

TEST_F(ChangedSpecTest, OneThatNoNodeCanRunByTouchesNoFile) {
  ASSERT_EQ(ensure_now(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const std::string before = config_of(kFirst);
  const std::string old = revision(kFirst);
  change({{"maxmemory-policy", "allkeys-lru2"}});
  const Answer refused = ensure_now(3);
  EXPECT_EQ(refused.kind, Answer::Kind::kRefused);
  EXPECT_THAT(refused.reason, HasSubstr("spec.config.maxmemory-policy: "));
  EXPECT_EQ(observe().instances.size(), 2u);
  for (const InstanceId id : {kFirst, kSecond}) EXPECT_EQ(state().facts(id)->desired->revision, old);
  EXPECT_EQ(config_of(kFirst), before);

  kill_and_wait(kFirst);
  EXPECT_EQ(revision(kFirst), old) << "with what it had";
  EXPECT_EQ(config_of(kFirst), before);
  down_and_up();
  EXPECT_EQ(config_of(kFirst), before);
  EXPECT_TRUE(std::ranges::any_of(events_, [](const Event& e) { return e.reason == "SpecNotUsed"; }));
}

// Nodes with and without a password do not replicate from each other.
TEST_F(ChangedSpecTest, AnotherPasswordWaitsUntilNoNodeRuns) {
  ASSERT_EQ(ensure_now(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  ASSERT_TRUE(supervise::write_atomically(root_ + "/password", "open sesame\n"));
  cluster_.spec.auth.password_file = root_ + "/password";
  change({{"hz", "20"}});
  const std::string wanted = revision_of(cluster_.spec);
  ASSERT_EQ(ensure_now(2), Answer::accepted());
  ASSERT_TRUE(runs(kSecond));
  EXPECT_THAT(config_of(kSecond), HasSubstr("\nhz 20\n"));
  EXPECT_THAT(config_of(kSecond), testing::Not(HasSubstr("requirepass"))) << "the primary has none";
  EXPECT_EQ(revision(kSecond), wanted + "+former-password") << "not what is asked for";
  kill_and_wait(kFirst);
  EXPECT_THAT(config_of(kFirst), HasSubstr("\nhz 20\n"));
  EXPECT_THAT(config_of(kFirst), testing::Not(HasSubstr("requirepass")));
  EXPECT_EQ(revision(kFirst), wanted + "+former-password");

  down_and_up();
  for (const InstanceId id : {kFirst, kSecond}) {
    EXPECT_THAT(config_of(id), HasSubstr("\nrequirepass \"open sesame\"\nmasterauth \"open sesame\"\n"));
    EXPECT_EQ(revision(id), wanted);
  }
  // Another one in the same file, which no revision tells of.
  ASSERT_TRUE(supervise::write_atomically(root_ + "/password", "another\n"));
  ASSERT_EQ(ensure_now(3), Answer::accepted());
  ASSERT_TRUE(runs({0, 2}));
  EXPECT_THAT(config_of({0, 2}), HasSubstr("open sesame"));
  down_and_up();
  EXPECT_THAT(config_of(kFirst), HasSubstr("requirepass another"));
}

TEST_F(ChangedSpecTest, ANodeIsNotStartedWithAnotherPasswordThanThoseThatRun) {
  ASSERT_EQ(ensure_now(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  ASSERT_TRUE(supervise::write_atomically(root_ + "/password", "open sesame\n"));
  cluster_.spec.auth.password_file = root_ + "/password";
  change({});
  // Only the first comes back: it has the new password, and the file is gone when it is the other's turn.
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  const std::string kept = state().place_path(kSecond);
  std::filesystem::rename(kept, root_ + "/kept");
  come_back();
  ASSERT_TRUE(backend_->resume_all());
  ASSERT_TRUE(runs(kFirst));
  std::filesystem::rename(root_ + "/kept", kept);
  std::filesystem::remove(root_ + "/password");
  EXPECT_TRUE(until([&] {
    observe();
    return std::ranges::any_of(events_, [](const Event& e) {
      return e.reason == "NotStarted" && e.message.contains("another password than the nodes that run");
    });
  }));
  EXPECT_TRUE(is_down(*state().facts(kSecond)));
}

TEST_F(LocalBackendTest, OtherFirstPortsMoveANodeAtItsNextStart) {
  ASSERT_EQ(ensure(1), Answer::accepted());
  ASSERT_TRUE(runs(kFirst));
  const Instance before = *observe().find(kFirst);
  cluster_.spec.local.first_port = kFirstPort + 50;
  ASSERT_TRUE(apply(state(), cluster_));
  ASSERT_EQ(ensure(1), Answer::accepted());
  EXPECT_EQ(observe().find(kFirst)->endpoints, before.endpoints) << "a running node stays where it is";
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  ASSERT_TRUE(backend_->resume_all());
  come_back();
  ASSERT_TRUE(runs_after(kFirst, before.incarnation));
  EXPECT_GE(observe().find(kFirst)->endpoints.port, kFirstPort + 50);
}

TEST_F(LocalBackendTest, StopAllLeavesNothingAndResumeBringsItBack) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const World before = observe();
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  for (const Instance& instance : before.instances) {
    EXPECT_FALSE(supervise::is_running(*supervise::ProcessIdentity::parse(instance.incarnation.value)));
  }
  ASSERT_TRUE(backend_->resume_all());
  come_back();
  EXPECT_TRUE(runs_after(kFirst, before.find(kFirst)->incarnation));
  EXPECT_TRUE(runs_after(kSecond, before.find(kSecond)->incarnation));
  EXPECT_EQ(observe().find(kFirst)->endpoints, before.find(kFirst)->endpoints);
}

TEST_F(LocalBackendTest, StopAllEndsANodeWithoutSupervisorAndStartsNothing) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  const World before = observe();
  // 0-0 lost its supervisor, 0-1 both.
  ::kill(supervisor(kFirst), SIGKILL);
  ::kill(supervisor(kSecond), SIGKILL);
  ::kill(pid(kSecond), SIGKILL);
  ASSERT_TRUE(until([&] {
    return is_down(*state().facts(kSecond)) && state().facts(kFirst)->supervisor == supervise::Presence::kGone;
  }));
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  EXPECT_FALSE(supervise::is_running(*supervise::ProcessIdentity::parse(before.find(kFirst)->incarnation.value)));
  for (const InstanceId id : {kFirst, kSecond}) {
    EXPECT_EQ(incarnation_of(*state().facts(id)), before.find(id)->incarnation) << "no other process was ever started";
    EXPECT_EQ(state().facts(id)->desired->goal, supervise::Desired::Goal::kStop);
  }
}

TEST_F(LocalBackendTest, ReplicasEndBeforePrimaries) {
  ASSERT_EQ(ensure(2), Answer::accepted());
  ASSERT_TRUE(runs(kFirst) && runs(kSecond));
  ASSERT_EQ(backend_->set_roles(cluster_.key, {{kFirst, Role::kReplica}, {kSecond, Role::kPrimary}}, call_),
            Answer::accepted());
  EXPECT_FALSE(*backend_->stop_all());
  EXPECT_EQ(state().facts(kFirst)->desired->goal, supervise::Desired::Goal::kStop);
  EXPECT_EQ(state().facts(kSecond)->desired->goal, supervise::Desired::Goal::kRun) << "its turn comes later";
  ASSERT_TRUE(until([&] { return *backend_->stop_all(); }));
  const auto ended_at = [&](InstanceId id) { return state().facts(id)->record->last_exit->at; };
  EXPECT_LE(ended_at(kFirst), ended_at(kSecond));
}

TEST_F(LocalBackendTest, APasswordFileThatIsMissingIsRefusedByName) {
  cluster_.spec.auth.password_file = root_ + "/none";
  EXPECT_THAT(ensure(1).reason, HasSubstr("spec.auth.passwordFile: " + root_ + "/none: No such file"));
  EXPECT_TRUE(observe().instances.empty());
}

}  // namespace
}  // namespace guccho::ops::local
