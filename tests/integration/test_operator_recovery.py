"""The operator after the worst: proof of death in small clusters, all nodes killed at once, other ports (issue 3, "Done
when" 6 and 9)."""

import os
import shutil
import signal

from integration.lib.local import parse_identity, running
from integration.lib.wait import until
from integration.test_operator import OperatorCase


def epoch_of(node):
    """The config epoch that the node itself claims its slots with."""
    lines = node.call("CLUSTER", "NODES").decode().splitlines()
    return int(next(line for line in lines if "myself" in line).split()[6])


def shards(cluster, count=3):
    """Shard -> (slots, id of their owner, its config epoch), when the owners of all have answered."""
    def found():
        owners = {node.place.split("-")[0]: (node.slots, node.id, epoch_of(node)) for node in cluster.nodes() if node.slots}
        return owners if len(owners) == count else None
    return until(found, 10, "the owners of all slots answer")


class Small(OperatorCase):
    def test_one_plus_one_takes_over_by_proof_of_death(self):
        cluster = self.local(1, 1).up().wait_settled()
        self.assertEqual(cluster.condition("NoAutomaticFailover"), "True", "two are too few to vote")
        primary = next(node for node in cluster.nodes() if node.slots)
        self.assertEqual(primary.call("SET", "key", "value"), "OK")
        self.assertEqual(primary.call("WAIT", "1", "5000"), 1)
        cluster.run("kill", primary.place)
        new = until(lambda: next((node for node in cluster.nodes() if node.slots and node.id != primary.id), None), 30,
                    "the replica took over")
        self.assertEqual(new.call("GET", "key"), b"value")
        cluster.wait_settled()
        self.assertEqual(cluster.node(new.place).call("GET", "key"), b"value", "also after the old one is back")

    def test_one_plus_one_does_nothing_on_silence(self):
        cluster = self.local(1, 1).up().wait_settled()
        self.assertEqual(cluster.condition("NoAutomaticFailover"), "True", "two are too few to vote")
        primary = next(node for node in cluster.nodes() if node.slots)
        cluster.run("kill", primary.place, "--signal", "STOP")
        try:
            until(lambda: cluster.status()["phase"] == "Degraded", 20, "the silence is noticed")
            self.assertFalse(any(" Failover: " in line for line in cluster.events()))
            self.assertTrue(all(not node.slots for node in cluster.nodes() if node.id != primary.id))
        finally:
            cluster.run("kill", primary.place, "--signal", "CONT")
        cluster.wait_settled()
        self.assertEqual(cluster.node(primary.place).role, "primary")

    def test_one_plus_two_and_two_pairs_fail_over_by_vote_alone(self):
        for primaries, replicas in ((1, 2), (2, 1)):
            with self.subTest(f"{primaries} primaries with {replicas}"):
                cluster = self.local(primaries, replicas).up().wait_settled()
                # The three or four agree on their list of voters soon after they met.
                until(lambda: cluster.condition("NoAutomaticFailover") == "False", 30, "there are voters enough")
                cluster.kill_operator()
                primary = next(node for node in cluster.nodes() if node.slots)
                cluster.run("kill", primary.place)
                until(lambda: any(node.slots == primary.slots and node.id != primary.id for node in cluster.nodes()),
                      30, "a replica was elected")
                cluster.remove()


class AllAtOnce(OperatorCase):
    def kill_everything(self, cluster):
        """SIGKILL to supervisors and nodes, as a machine that lost its power."""
        nodes = [parse_identity(node.incarnation) for node in cluster.nodes()]
        for pid, start_time in [*cluster.supervisors().values(), *nodes]:
            if running(pid, start_time):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not cluster.still_running(), 10, "all are dead")

    def test_all_six_come_back_with_slots_and_epochs(self):
        cluster = self.local(3, 1).up().wait_settled()
        before = shards(cluster)
        places = {node.place: node.id for node in cluster.nodes()}
        ports_before = {node.port for node in cluster.nodes()}
        writer = next(node for node in cluster.nodes() if node.slots)
        key = next(key for key in map(str, range(10000)) if owns(writer, key))
        self.assertEqual(writer.call("SET", key, "value"), "OK")
        cluster.kill_operator()
        self.kill_everything(cluster)

        cluster.up(file=False).wait_settled()
        # Not before every node answers again may anyone claim that all is well.
        self.assertEqual({node.place: node.id for node in cluster.nodes()}, places)
        self.assert_same_shards(before, shards(cluster))
        # Nothing is kept on disk and nobody survived: the data is gone, and that is said.
        self.assertEqual(cluster.condition("DataLost"), "True")
        until(lambda: [node.keys for node in cluster.nodes()] == [0] * 6, 10, "all nodes say that they are empty")

        cluster.kill_operator()
        self.kill_everything(cluster)
        cluster.use_new_ports()
        cluster.up().wait_settled()
        self.assertEqual({node.place: node.id for node in cluster.nodes()}, places)
        self.assertFalse({node.port for node in cluster.nodes()} & ports_before, "all on other ports")
        self.assert_same_shards(before, shards(cluster))

    def assert_same_shards(self, before, now):
        """Each shard has its slots; which of its nodes owns them may have changed, with a greater epoch then."""
        self.assertEqual({shard: slots for shard, (slots, _, _) in now.items()},
                         {shard: slots for shard, (slots, _, _) in before.items()})
        for shard, (_, owner, epoch) in now.items():
            if owner == before[shard][1]:
                self.assertGreaterEqual(epoch, before[shard][2])
            else:
                self.assertGreater(epoch, before[shard][2])

    def test_never_ready_while_a_slot_is_not_served(self):
        cluster = self.local(3, 0).up().wait_settled()
        victim = next(node for node in cluster.nodes() if node.slots)
        cluster.run("kill", victim.place, "--signal", "STOP")
        try:
            until(lambda: cluster.condition("Ready") == "False", 20, "Ready is taken back")
        finally:
            cluster.run("kill", victim.place, "--signal", "CONT")
        cluster.wait_settled()


class LostData(OperatorCase):
    def lose_data(self, cluster, place):
        """The node dies, and its disk is empty when its supervisor starts it again."""
        node = cluster.node(place)
        supervisor, _ = cluster.supervisors()[place]
        os.kill(supervisor, signal.SIGSTOP)
        os.kill(node.pid, signal.SIGKILL)
        until(lambda: not running(node.pid), 10, "the node is dead")
        data = os.path.join(cluster.state, "nodes", place, "data")
        for name in os.listdir(data):
            path = os.path.join(data, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        os.kill(supervisor, signal.SIGCONT)
        return node

    def test_a_primary_without_replicas_is_replaced(self):
        for primaries in (3, 2):
            with self.subTest(f"{primaries} primaries"):
                cluster = self.local(primaries, 0).up().wait_settled()
                old = self.lose_data(cluster, "1-0")
                until(lambda: cluster.node("1-0").id not in (None, old.id), 30, "another node is there")
                cluster.wait_settled()
                self.assertEqual(cluster.node("1-0").slots, old.slots)
                self.assertEqual(cluster.condition("DataLost"), "True")
                for node in cluster.nodes():
                    known = node.call("CLUSTER", "NODES").decode()
                    self.assertNotIn(old.id, known)
                    self.assertIn("cluster_state:ok", node.call("CLUSTER", "INFO").decode())
                cluster.remove()

    def test_a_shard_that_lost_all_its_copies_is_replaced(self):
        cluster = self.local(3, 1).up().wait_settled()
        cluster.kill_operator()  # or the replica would have its data again
        old = [self.lose_data(cluster, "1-0"), self.lose_data(cluster, "1-1")]
        cluster.up(file=False)
        until(lambda: cluster.condition("DataLost") == "True", 60, "the loss is noticed")
        cluster.wait_settled()
        self.assertFalse({node.id for node in cluster.nodes()} & {node.id for node in old})


class ChangedSpec(OperatorCase):
    def test_reaches_nodes_that_are_restarted_by_hand(self):
        cluster = self.local(1, 2).up().wait_settled()
        cluster.kill_operator()
        cluster.write(config={"hz": 37})
        cluster.up()
        until(lambda: cluster.condition("RolloutPending") == "True", 20, "the change is seen")
        for place in ("0-2", "0-1", "0-0"):
            before = cluster.node(place)
            cluster.run("kill", place)
            until(lambda: cluster.node(place).pid not in (None, before.pid), 20, f"{place} runs again")
            cluster.wait_settled()
            self.assertEqual(cluster.node(place).call("CONFIG", "GET", "hz"), [b"hz", b"37"])
        self.assertEqual(cluster.condition("RolloutPending"), "False")

    def test_a_password_comes_to_all_nodes_at_once(self):
        cluster = self.local(1, 1).up().wait_settled()
        cluster.kill_operator()
        with open(os.path.join(cluster.directory, "password"), "w") as file:
            file.write("open sesame\n")
        cluster.write(replicasPerPrimary=2, auth={"passwordFile": "password"})  # beside the resource's file
        # A newcomer with the password could not follow a primary without it.
        cluster.up().wait_settled()
        self.assertEqual(cluster.condition("RolloutPending"), "True")
        cluster.run("kill", "0-1")
        cluster.wait_settled()
        self.assertEqual([node.call("PING") for node in cluster.nodes()], ["PONG"] * 3)
        cluster.down()
        cluster.up(file=False).wait_settled()
        self.assertEqual(cluster.condition("RolloutPending"), "False")
        for node in cluster.nodes():
            with self.assertRaisesRegex(Exception, "NOAUTH"):
                node.call("GET", "key")


def owns(node, key):
    """Whether this node serves the key itself."""
    try:
        node.call("GET", key)
        return True
    except Exception as error:  # MOVED
        if str(error).startswith("MOVED"):
            return False
        raise
