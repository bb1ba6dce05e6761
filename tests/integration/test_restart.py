"""Processes that are killed and come back: at once and without their data (rule 2, done-when 5), all at the same time and at
other addresses (done-when 9)."""

import os

from integration.lib import ports
from integration.lib.case import Case
from integration.lib.data import Writer
from integration.lib.server import GUCCHO, REDIS, Server, kill_at_once
from integration.lib.wait import hold, until

ROUNDS = int(os.environ.get("GUCCHO_RESTART_ROUNDS", "50"))
RESTART_SECONDS = 0.2


class KillAndRestartAtOnce(Case):
    """A primary without persistence that is back before anyone missed it has lost its data; its replica has not."""

    def test_no_replicated_key_is_lost(self):
        cluster = self.cluster(3, 1, cluster_node_timeout=1000)
        writer = Writer(cluster)
        writer.write(300)
        cluster.wait_replicated()
        slots = [0, 8000, 16000]
        for turn in range(ROUNDS):
            slot = slots[turn % 3]
            old = cluster.owner_of(slot)
            old.kill()
            old.restart(wait=False)
            # It must not serve its slots empty, not even for a moment: the owner to be is the one with the data.
            new = cluster.wait_failover(slot, old)
            cluster.wait_healthy()
            writer.verify()
            self.assertEqual(old.role(), "slave", f"turn {turn}: {old} follows {new}")
            writer.write(10)
            cluster.wait_replicated()

    def test_a_primary_without_any_replica_left_says_that_its_data_is_gone(self):
        cluster = self.cluster(3, 0, cluster_node_timeout=1000)
        Writer(cluster).write(100)
        old = cluster.owner_of(0)
        old.kill()
        old.restart()
        cluster.wait_healthy()
        self.assertEqual(old.call("DBSIZE"), 0)


class WithoutItsOwnFile(Case):
    """Beside nodes.conf lies what a node knows of its data. Without it a primary that owns slots may have lost them."""

    def test_no_replicated_key_is_lost(self):
        for primaries in (1, 3):
            with self.subTest(primaries=primaries):
                cluster = self.cluster(primaries, 1, cluster_node_timeout=1000)
                writer = Writer(cluster)
                writer.write(300)
                cluster.wait_replicated()
                for _ in range(3):
                    old = cluster.owner_of(0)
                    old.kill()
                    os.remove(os.path.join(old.directory, "nodes.conf.guccho"))
                    old.restart(wait=False)
                    new = cluster.wait_failover(0, old)
                    cluster.wait_healthy()
                    writer.verify()
                    self.assertEqual(old.role(), "slave", f"{old} follows {new}")
                cluster.remove()

    def test_nor_where_redis_server_wrote_nodes_conf(self):
        cluster = self.cluster(1, 1, kinds=[REDIS, GUCCHO], cluster_node_timeout=1000)
        writer = Writer(cluster)
        writer.write(300)
        cluster.wait_replicated()
        old = cluster.servers[0]
        old.kill()
        ours = Server(GUCCHO, port=old.port, directory=old.directory, cluster_node_timeout=1000)
        cluster.servers[0] = ours
        ours.start(wait=False)
        cluster.wait_failover(0, ours)
        writer.verify()


def identities(cluster):
    """What must survive: {port index: (id, epoch, slots)} as each server says of itself."""
    found = []
    for server in cluster.servers:
        (me,) = [node for node in server.cluster_nodes() if "myself" in node.flags]
        found.append((me.id, me.epoch, tuple(me.slots), me.primary))
    return found


class AllAtOnce(Case):
    def test_all_come_back_with_their_slots_and_epochs(self):
        cluster = self.cluster(3, 1)
        Writer(cluster).write(100)
        before = identities(cluster)
        kill_at_once(cluster.servers)
        for server in cluster.servers:
            server.restart(wait=False)
        cluster.wait_healthy(60)
        self.assertEqual(identities(cluster), before)
        # Nobody persisted anything but the cluster's shape.
        self.assertEqual([server.call("DBSIZE") for server in cluster.servers], [0] * 6)
        self.assertEqual(cluster.owner_of(0).info("persistence")["loading"], "0")

    def test_all_come_back_on_other_ports(self):
        cluster = self.cluster(3, 1)
        before = identities(cluster)
        kill_at_once(cluster.servers)
        for server, port in zip(cluster.servers, ports.take(6)):
            server.restart(port=port, wait=False)
        for server in cluster.servers:
            server.wait_up()
        # Every address that anyone knew is wrong now; whoever runs them introduces them again.
        first = cluster.servers[0]
        for server in cluster.servers[1:]:
            first.call("CLUSTER", "MEET", "127.0.0.1", server.port)
        cluster.wait_healthy(60)
        self.assertEqual(identities(cluster), before)

    def test_ok_is_not_claimed_while_a_slot_is_not_served(self):
        cluster = self.cluster(3, 1)
        owner = cluster.owner_of(0)
        shard = [owner, *cluster.replicas_of(owner)]
        kill_at_once(cluster.servers)
        for server in cluster.servers:
            if server not in shard:
                server.restart()
        rest = [server for server in cluster.servers if server not in shard]
        until(lambda: all(any(node.failed() for node in server.cluster_nodes()) for server in rest), 30, "they are missed")
        hold(lambda: all(server.cluster_info()["cluster_state"] == "fail" for server in rest), 3, "the state is not ok")
        for server in shard:
            server.restart()
        cluster.wait_healthy(60)


class Graceful(Case):
    def test_sigterm_hands_the_primary_role_over(self):
        cluster = self.cluster(3, 1)
        writer = Writer(cluster)
        writer.write(200)
        cluster.wait_replicated()
        old = cluster.owner_of(0)
        (replica,) = cluster.replicas_of(old)
        self.assertEqual(old.terminate(), 0)
        # The successor was told, so nobody had to find out by silence.
        self.assertIs(cluster.wait_failover(0, old, 5), replica)
        writer.verify()
