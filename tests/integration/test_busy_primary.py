"""A primary with a worker that is busy with a script: to its cluster it is alive, other replicas are served, and it can be
stopped."""

import threading

from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.resp import encode
from integration.lib.slots import slot_of
from integration.lib.wait import hold, until
from integration.test_order import keys_of_workers
from integration.test_scripts import BUSY_SCRIPT, ENDLESS, Endless

THRESHOLD_MS = 100
TIMEOUT_MS = 1000
MISSED_SECONDS = 4 * TIMEOUT_MS / 1000  # a silent node would have been taken for dead


def failing(server, other):
    """Whether the server suspects the other."""
    return any(node.port == other.port and node.flags & {"fail", "fail?"} for node in server.cluster_nodes())


class Writer(threading.Thread):
    """Sets the key to 0, 1, 2, ... until an answer is not OK, which may be that the connection "closed"."""

    def __init__(self, client, key):
        super().__init__(daemon=True)
        self.replies = []
        self._client, self._key, self._stopped = client, key, False
        self.start()

    def run(self):
        try:
            while not self._stopped and (not self.replies or self.replies[-1] == "OK"):
                self.replies.append(self._client.ask("SET", self._key, len(self.replies)))
        except (EOFError, OSError):
            self.replies.append("closed")

    def hears_nothing(self):
        before = len(self.replies)
        self.join(0.5)
        return len(self.replies) == before

    def stop(self):
        self._stopped = True
        self.join(20)


class BusyPrimary(Case):
    def formed(self, primaries, replicas):
        return self.cluster(primaries, replicas, io_threads=3, busy_reply_threshold=THRESHOLD_MS,
                            cluster_node_timeout=TIMEOUT_MS)

    def make_busy(self, server, key):
        endless = Endless(server, "EVAL", ENDLESS, 1, key)
        until(lambda: str(server.ask("GET", key)) == BUSY_SCRIPT, 10, "the worker is busy")
        return endless

    def served(self, server, key):
        """A connection on which commands on the key are served: one that a worker has that is not busy."""
        def find():
            connection = server.connect()
            if connection.ask("SET", key, 1) == "OK":
                return connection
            connection.close()
            return None
        connection = until(find, 10, f"{key} is served")
        self.addCleanup(connection.close)
        return connection

    def end_script(self, server, endless):
        self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
        self.assertIn("SCRIPT KILL", str(endless.answer()))

    def ask_for_all(self, primary, replica):
        """The replica comes back without its data, and waits for a cut that needs all workers."""
        before = primary.log().count("Full resync requested")
        replica.kill()
        replica.restart()
        until(lambda: primary.log().count("Full resync requested") > before, 30, f"{replica} asks for all")

    def test_a_full_sync_that_must_wait_holds_up_nobody(self):
        cluster = self.formed(1, 2)
        primary, kept, again = cluster.servers
        (busy,), (key,), _ = keys_of_workers(1)
        endless = self.make_busy(primary, busy)
        self.ask_for_all(primary, again)
        client = self.served(primary, key)
        for turn in range(20):
            self.assertEqual(client.pipeline([("SET", key, turn), ("WAIT", 1, 5000)]), ["OK", 1])
        hold(lambda: not failing(kept, primary), MISSED_SECONDS, f"{primary} is alive")
        self.assertEqual(client.pipeline([("SET", key, "end"), ("WAIT", 1, 5000)]), ["OK", 1])
        self.assertNotEqual(again.call("ROLE")[3], b"connected")
        self.end_script(primary, endless)
        until(lambda: again.call("ROLE")[3] == b"connected" and offset(again) == offset(primary), 30, f"{again} is synced")
        self.assertEqual(primary.role(), "master")

    def test_good_replicas_are_counted_meanwhile(self):
        cluster = self.formed(1, 2)
        primary, kept, again = cluster.servers
        (busy,), (key,), _ = keys_of_workers(1)
        primary.call("CONFIG", "SET", "min-replicas-max-lag", 2, "min-replicas-to-write", 1)
        endless = self.make_busy(primary, busy)
        self.ask_for_all(primary, again)
        client = self.served(primary, key)
        kept.freeze()
        until(lambda: str(client.ask("SET", key, 2)).startswith("NOREPLICAS"), 20, "nobody is there to have it")
        kept.thaw()
        until(lambda: client.ask("SET", key, 2) == "OK", 20, "it is back")
        self.end_script(primary, endless)

    def test_it_can_be_stopped_while_a_replica_waits_for_its_cut(self):
        cluster = self.formed(1, 1)
        primary, replica = cluster.servers
        with self.make_busy(primary, "k").connection, primary.connect() as client:
            self.ask_for_all(primary, replica)
            client.send(encode("SHUTDOWN", "NOSAVE"))
            until(lambda: not primary.alive(), 8, "the primary ends")
            self.assertEqual(primary.process.returncode, 0)

    def test_a_loss_that_its_workers_do_not_know_yet(self):
        """Another primary dies, so that the cluster is down. The busy one is not taken for dead, too, and tells no client any
        more that a write was done."""
        cluster = self.formed(3, 0)
        busy, other, dies = cluster.servers
        mine = [next(key for key in keys if slot_of(key) <= 5460) for keys in keys_of_workers(100)]
        endless = self.make_busy(busy, mine[0])
        writer = Writer(self.served(busy, mine[1]), mine[1])
        dies.kill()
        until(lambda: other.cluster_info()["cluster_state"] == "fail", 20, "the cluster is down")
        until(writer.hears_nothing, 20, "no write is answered any more")
        hold(lambda: not failing(other, busy), MISSED_SECONDS, f"{busy} is alive")
        self.assertTrue(writer.hears_nothing())
        self.assertEqual(set(writer.replies), {"OK"})
        # Replies that were made before the workers knew are not sent: their connections end.
        with busy.connect() as killer:
            killer.send(encode("SCRIPT", "KILL"))
            until(lambda: "Script killed by user" in busy.log(), 10, "the script ends")
        endless.connection.close()
        writer.join(20)
        self.assertFalse(writer.is_alive())
        if writer.replies[-1] != "closed":
            self.assertIn("CLUSTERDOWN", str(writer.replies[-1]))
        self.assertIn("CLUSTERDOWN", str(busy.ask("SET", mine[1], 1)))

    def test_a_loss_that_passes_before_its_workers_know(self):
        """The others are silent for a while, and nobody took anything over. Whoever waited is answered while the script still
        runs."""
        cluster = self.formed(1, 2)
        primary, *replicas = cluster.servers
        (busy,), (key,), _ = keys_of_workers(1)
        endless = self.make_busy(primary, busy)
        writer = Writer(self.served(primary, key), key)
        for _ in range(2):
            for replica in replicas:
                replica.freeze()
            until(writer.hears_nothing, 20, "no write is answered any more")
            for replica in replicas:
                replica.thaw()
            until(lambda: not writer.hears_nothing(), 20, "writes are answered")
        self.assertEqual(str(primary.ask("GET", busy)), BUSY_SCRIPT)
        self.end_script(primary, endless)
        writer.stop()
        self.assertEqual(set(writer.replies), {"OK"})
        self.assertEqual(primary.call("GET", key), str(len(writer.replies) - 1).encode())
