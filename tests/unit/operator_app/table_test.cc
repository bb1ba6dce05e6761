// The table of nodes: what is shown for each state of a node.
#include "operator/app/table.h"

#include <gmock/gmock.h>

namespace guccho::ops::app {
namespace {

using testing::ElementsAre;

const NodeId kA = *NodeId::parse(std::string(40, 'a'));
const NodeId kB = *NodeId::parse(std::string(40, 'b'));

Instance instance(InstanceId id, uint16_t port, Life life = Running{}) {
  Instance out;
  out.id = id;
  out.life = std::move(life);
  out.endpoints.host = "127.0.0.1";
  out.endpoints.port = port;
  out.endpoints.router_port = static_cast<uint16_t>(port + 400);
  return out;
}

Observed pair() {
  Observed observed;
  observed.world.complete = true;
  observed.world.instances = {instance({0, 0}, 7000), instance({0, 1}, 7001)};
  NodeStatus primary;
  primary.id = kA;
  primary.slots = {{Slot(0), Slot(99)}, {Slot(200), Slot(200)}};
  primary.cluster_ok = true;
  primary.keys = 12;
  primary.in_sync = true;
  NodeStatus replica;
  replica.id = kB;
  replica.role = Role::kReplica;
  replica.primary = kA;
  replica.link = ReplicationLink::kUp;
  replica.keys = 12;
  replica.in_sync = true;
  observed.nodes = {{{0, 0}, primary}, {{0, 1}, replica}};
  return observed;
}

TEST(Table, AHealthyPair) {
  EXPECT_EQ(table_text(rows_of(pair(), {})),
            "NODE  ID        ROLE            SLOTS     KEYS  IN SYNC  ADDRESS                      STATE\n"
            "0-0   aaaaaaaa  primary         0-99 200  12    yes      127.0.0.1:7000, router 7400  serving\n"
            "0-1   bbbbbbbb  replica of 0-0            12    yes      127.0.0.1:7001, router 7401  following\n");
}

TEST(Table, StatesOfNodesThatAreNotWell) {
  Observed observed = pair();
  observed.nodes.at({0, 0}).awaiting_data = true;
  observed.nodes.at({0, 1}).link = ReplicationLink::kSyncing;
  observed.nodes.at({0, 1}).in_sync = false;
  auto rows = rows_of(observed, {});
  EXPECT_EQ(rows[0].state, "without data, waits for a replica");
  EXPECT_EQ(rows[1].state, "syncing");
  EXPECT_EQ(rows[1].in_sync, "no");

  RedisClusterStatus memory;
  memory.nodes.resize(1);
  memory.nodes[0].id = kA;
  memory.nodes[0].instance = {0, 0};
  observed.nodes.erase({0, 0});
  rows = rows_of(observed, memory);
  EXPECT_EQ(rows[0].state, "silent");
  EXPECT_EQ(rows[0].id, kA.str()) << "as it was last known";
  EXPECT_EQ(rows[0].keys, std::nullopt) << "nothing is made up for a silent node";
  EXPECT_EQ(rows[1].role, "replica of 0-0");
  observed.world.instances[0].life = Gone{Evidence::kProcessReaped, "killed by signal 9"};
  EXPECT_EQ(rows_of(observed, memory)[0].state, "gone (process reaped): killed by signal 9");
}

TEST(Changes, OneLineForEachNodeThatChangedKeysApart) {
  const auto before = rows_of(pair(), {});
  EXPECT_THAT(changes(before, before), ElementsAre());
  Observed more = pair();
  more.nodes.at({0, 0}).keys = 13;
  EXPECT_THAT(changes(before, rows_of(more, {})), ElementsAre());
  more.nodes.at({0, 1}).in_sync = false;
  EXPECT_THAT(changes(before, rows_of(more, {})),
              ElementsAre("0-1 bbbbbbbb replica of 0-0 slots [] in sync no 127.0.0.1:7001, router 7401 following"));
  more.world.instances.pop_back();
  EXPECT_THAT(changes(before, rows_of(more, {})), ElementsAre("0-1 removed"));
}

TEST(Summary, ShowsWhatIsNotAsItShouldBe) {
  RedisCluster cluster;
  cluster.key = {"default", "demo"};
  cluster.spec.primaries = 1;
  cluster.spec.replicas_per_primary = 1;
  cluster.status.phase = Phase::kDegraded;
  cluster.status.primaries = 1;
  cluster.status.ready_instances = 1;
  cluster.status.conditions = {{"Ready", ConditionStatus::kTrue, "AllSlotsServed", "", {}},
                               {"Degraded", ConditionStatus::kTrue, "InstanceSilent", "0-1 is silent", {}},
                               {"DataLost", ConditionStatus::kFalse, "NothingLost", "", {}},
                               {"SlotsAssigned", ConditionStatus::kFalse, "Unassigned", "1 slot", {}}};
  EXPECT_THAT(
      summary_lines(cluster),
      ElementsAre("demo: Degraded, 1 of 1 primaries, 0 of 1 replicas, 1 of 2 instances ready",
                  "  Degraded True: InstanceSilent: 0-1 is silent", "  SlotsAssigned False: Unassigned: 1 slot"));
}

}  // namespace
}  // namespace guccho::ops::app
