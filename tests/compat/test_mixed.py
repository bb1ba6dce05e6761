"""Debian's redis-server and our nodes in one cluster (done-when 3): they see each other as healthy, agree on failures, vote
for each other's replicas in both directions, and replicate from each other."""

import os
import re

from compat.test_cluster_cli import redis_cli
from integration.lib.case import Case
from integration.lib.data import Writer
from integration.lib.server import REDIS, SUBJECT
from integration.lib.wait import hold, until

HEALTHY_SECONDS = float(os.environ.get("GUCCHO_MIXED_SECONDS", "45"))

# Both logs mark a warning with '#' behind the date.
WARNING = re.compile(r"^\d+:\w \d+ \w+ \d+ [\d:.]+ # (.*)$", re.MULTILINE)


def warnings(server, since):
    return WARNING.findall(server.log()[since:])


class Mixed(Case):
    def setUp(self):
        super().setUp()
        # primaries A (Redis), B (ours), C (Redis), and for each a replica of the other kind
        ours = SUBJECT
        self.mixed = self.cluster(3, 1, kinds=[REDIS, ours, REDIS, ours, REDIS, ours])
        self.a, self.b, self.c, self.replica_a, self.replica_b, self.replica_c = self.mixed.servers

    def check_is_clean(self, server):
        status, output = redis_cli("check", f"127.0.0.1:{server.port}")
        self.assertEqual(status, 0, output)
        self.assertNotIn("[WARNING]", output)
        self.assertNotIn("[ERR]", output)

    def test_healthy_without_a_warning(self):
        # A node that a busy machine stops for two seconds is rightly suspected by those who wait for no longer.
        for server in self.mixed.servers:
            server.call("CONFIG", "SET", "cluster-node-timeout", 5000)
        writer = Writer(self.mixed)
        writer.write(300)
        marks = {server: len(server.log()) for server in self.mixed.servers}

        def nobody_suspected():
            return all(not node.flags & {"fail", "fail?", "handshake", "noaddr"} and node.link == "connected"
                       for server in self.mixed.servers for node in server.cluster_nodes())
        hold(nobody_suspected, HEALTHY_SECONDS, "no node is suspected by any other")
        for server, mark in marks.items():
            self.assertEqual(warnings(server, mark), [], f"{server} warned")
        self.check_is_clean(self.a)
        self.check_is_clean(self.b)
        self.mixed.wait_replicated()
        writer.verify()

    def test_failures_are_agreed_and_votes_pass_both_ways(self):
        writer = Writer(self.mixed)
        writer.write(300)
        self.mixed.wait_replicated()

        # Three primaries: the two left must both vote, so a vote of each kind for each kind of candidate is needed.
        slot_of_a, slot_of_b = 0, 8000
        held_by_a = Writer.held_by(self.a)
        self.assertGreater(len(held_by_a), 50)
        self.a.kill()  # redis-server; ours takes over
        for server in self.mixed.living():
            until(lambda: any(node.id and node.port == self.a.port and node.failed() for node in server.cluster_nodes()),
                  30, f"{server} sees that {self.a} failed")
        self.assertIs(self.mixed.wait_failover(slot_of_a, self.a), self.replica_a)
        self.assertEqual(Writer.held_by(self.replica_a), held_by_a)
        writer.verify()

        # The dead primary comes back as a replica of its successor, which is of the other kind, and gets its data.
        self.a.restart()
        self.mixed.wait_healthy()
        until(lambda: self.a.role() == "slave", 30, f"{self.a} follows its successor")
        writer.write(100)
        self.mixed.wait_replicated()
        self.assertEqual(writer.held_by(self.a), writer.held_by(self.replica_a))

        self.mixed.wait_replicated()
        held_by_b = Writer.held_by(self.b)
        self.b.kill()  # ours; redis-server takes over
        for server in self.mixed.living():
            until(lambda: any(node.port == self.b.port and node.failed() for node in server.cluster_nodes()),
                  30, f"{server} sees that {self.b} failed")
        self.assertIs(self.mixed.wait_failover(slot_of_b, self.b), self.replica_b)
        self.assertEqual(Writer.held_by(self.replica_b), held_by_b)
        writer.verify()
        self.b.restart()
        self.mixed.wait_healthy()
        self.mixed.wait_replicated()
        self.assertEqual(writer.held_by(self.b), writer.held_by(self.replica_b))
        self.check_is_clean(self.a)

    def test_manual_failover_between_kinds(self):
        self.assertEqual(self.replica_a.call("CLUSTER", "FAILOVER"), "OK")
        self.assertIs(self.mixed.wait_failover(0, self.a), self.replica_a)
        self.assertEqual(self.replica_b.call("CLUSTER", "FAILOVER"), "OK")
        self.assertIs(self.mixed.wait_failover(8000, self.b), self.replica_b)
        self.mixed.wait_healthy()
