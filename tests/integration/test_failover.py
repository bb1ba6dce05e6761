"""A primary dies, freezes, or hands over: who takes over, by which electorate, and what is kept (done-when 6, rules 5 and 2)."""

import time

from integration.lib.case import Case
from integration.lib.data import Writer
from integration.lib.resp import ReplyError, encode
from integration.lib.server import GUCCHO, NODE_TIMEOUT_MS
from integration.lib.slots import slot_of
from integration.lib.wait import hold, until


class Failover(Case):
    def replicated(self, cluster, count=300):
        writer = Writer(cluster)
        writer.write(count)
        cluster.wait_replicated()
        return writer

    def takes_over(self, cluster, slot=0):
        """Kills the owner of the slot; its replica takes over with the data, and the dead one comes back as a replica."""
        writer = self.replicated(cluster)
        old = cluster.owner_of(slot)
        heirs = cluster.replicas_of(old)
        old.kill()
        new = cluster.wait_failover(slot, old)
        self.assertIn(new, heirs)
        writer.verify()
        old.restart()
        until(lambda: old.role() == "slave", 30, f"{old} follows {new}")
        cluster.wait_healthy()
        cluster.wait_replicated()
        self.assertEqual(writer.held_by(old), writer.held_by(new))

    def test_three_primaries(self):
        self.takes_over(self.cluster(3, 1))

    def test_three_primaries_with_three_workers(self):
        self.takes_over(self.cluster(3, 1, io_threads=3))

    def test_every_shard_in_turn(self):
        cluster = self.cluster(3, 1)
        writer = self.replicated(cluster)
        for slot in (0, 8000, 16000):
            old = cluster.owner_of(slot)
            old.kill()
            cluster.wait_failover(slot, old)
            writer.verify()
            old.restart()
            cluster.wait_healthy()
            cluster.wait_replicated()

    def test_frozen_primary_is_replaced_and_comes_back_as_replica(self):
        for threads in (1, 3):
            with self.subTest(io_threads=threads):
                self.thaws_as_replica(self.cluster(3, 1, io_threads=threads))

    def thaws_as_replica(self, cluster):
        writer = self.replicated(cluster)
        old = cluster.owner_of(0)
        key = next(f"frozen:{number}" for number in range(1000) if slot_of(f"frozen:{number}") < 5461)
        with old.connect() as connection:
            old.freeze()
            new = cluster.wait_failover(0, old)
            # It lies in the frozen process's socket: it must not be acknowledged by the stale primary.
            connection.send(encode("SET", key, "v"))
            old.thaw()
            try:
                reply = connection.read()
                self.assertTrue(isinstance(reply, ReplyError) and str(reply).startswith("MOVED"), reply)
            except (EOFError, OSError):
                pass  # an end without an answer promises nothing either
        until(lambda: old.role() == "slave", 30, f"{old} follows {new}")
        cluster.wait_healthy()
        writer.verify()

    def test_a_stand_still_that_nobody_acted_on_costs_no_answer(self):
        cluster = self.cluster(3, 1, io_threads=3)
        owner = cluster.owner_of(0)
        keys = [key for key in (f"short:{number}" for number in range(1000)) if slot_of(key) < 5461]
        with owner.connect() as connection:
            owner.freeze()
            connection.send(b"".join(encode("SET", key, "v") for key in keys))
            time.sleep(0.7 * NODE_TIMEOUT_MS / 1000)
            owner.thaw()
            self.assertEqual([connection.read() for _ in keys], ["OK"] * len(keys))
        self.assertIs(cluster.owner_of(0), owner)
        self.assertIn("did not run for", owner.log())
        self.assertEqual([owner.call("GET", key) for key in keys], [b"v"] * len(keys))

    def test_more_slots_after_a_stand_still_cost_no_answer(self):
        """The answer to what brought the slots is there before the process stands still, and leaves after it."""
        for delay in (0, 0.0003, 0.0006, 0.001, 0.0015):
            server = self.server(GUCCHO)
            with server.connect() as connection:
                connection.send(encode("CLUSTER", "ADDSLOTSRANGE", 0, 16383))
                time.sleep(delay)
                server.freeze()
                time.sleep(0.7 * NODE_TIMEOUT_MS / 1000)
                server.thaw()
                self.assertEqual(connection.read(), "OK")

    def test_manual_failover_loses_nothing(self):
        cluster = self.cluster(3, 1)
        writer = self.replicated(cluster)
        for _ in range(2):
            old = cluster.owner_of(0)
            (replica,) = cluster.replicas_of(old)
            self.assertEqual(replica.call("CLUSTER", "FAILOVER"), "OK")
            self.assertIs(cluster.wait_failover(0, old), replica)
            cluster.wait_healthy()
            writer.verify()
            writer.write(50)

    def test_replica_without_failover_stays_replica(self):
        cluster = self.cluster(3, 1, cluster_replica_no_failover="yes")
        old = cluster.owner_of(0)
        (replica,) = cluster.replicas_of(old)
        old.kill()
        until(lambda: any(node.port == old.port and node.failed() for node in replica.cluster_nodes()), 20, "it failed")
        hold(lambda: replica.role() == "slave", 3 * NODE_TIMEOUT_MS / 1000, "the replica stays a replica")
        self.assertEqual(replica.call("CLUSTER", "FAILOVER", "FORCE"), "OK")
        self.assertIs(cluster.wait_failover(0, old), replica)

    def test_orphaned_primary_is_given_a_replica(self):
        cluster = self.cluster(3, 2, cluster_migration_barrier=1)
        primary = cluster.owner_of(0)
        for replica in cluster.replicas_of(primary):
            replica.kill()
        until(lambda: len(cluster.replicas_of(primary)) == 1, 60, "a spare replica of another shard moves over")


class SmallElectorates(Case):
    """All members vote where fewer than three primaries own slots: Redis cannot do this, so only ours is tested."""

    def test_one_primary_and_two_replicas(self):
        Failover.takes_over(self, self.cluster(1, 2))

    def test_two_primaries_with_a_replica_each(self):
        Failover.takes_over(self, self.cluster(2, 1), slot=0)

    def test_second_of_two_primaries(self):
        Failover.takes_over(self, self.cluster(2, 1), slot=16000)

    replicated = Failover.replicated

    def test_one_and_one_decides_nothing_by_vote(self):
        cluster = self.cluster(1, 1)
        writer = self.replicated(cluster)
        primary, replica = cluster.servers
        primary.kill()
        hold(lambda: replica.role() == "slave", 5 * NODE_TIMEOUT_MS / 1000, "nobody can vote for the replica")
        # What a supervisor orders that saw the process end.
        self.assertEqual(replica.call("CLUSTER", "FAILOVER", "TAKEOVER"), "OK")
        cluster.wait_failover(0, primary)
        writer.verify()

    def test_minority_of_a_small_electorate_stays_down(self):
        cluster = self.cluster(1, 2)
        primary, first, second = cluster.servers
        second.kill()
        primary.kill()
        hold(lambda: first.role() == "slave", 5 * NODE_TIMEOUT_MS / 1000, "one of three voters is no majority")
