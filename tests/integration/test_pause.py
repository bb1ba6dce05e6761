"""While writes are paused, by CLIENT PAUSE or for a manual failover, the data stay as they are: also for commands that were on
their way between workers, or to the exclusive section, when the pause began."""

import time

from integration.lib.background import Background
from integration.lib.case import Case
from integration.lib.cluster import covers
from integration.lib.resp import ReplyError
from integration.lib.slots import slot_of
from integration.lib.wait import until
from integration.test_order import keys_of_workers, one_node


class Counters(Background):
    """Clients that count in pipelines over all workers, and empty the node now and then."""

    KEYS = [key for keys in keys_of_workers(10) for key in keys]

    def work(self, connection, client, turn):
        if client == 0:
            commands = [("FLUSHALL",)] if turn % 2 else [("MULTI",), ("INCR", self.KEYS[0]), ("DBSIZE",), ("EXEC",)]
        else:
            commands = [("INCR", key) for key in self.KEYS]
        self.problems += [reply for reply in connection.pipeline(commands) if isinstance(reply, ReplyError)]


class Pause(Case):
    def test_nothing_changes_while_writes_are_paused(self):
        for workers in (1, 3):
            server = one_node(self, workers=workers)
            reads = [("GET", key) for key in Counters.KEYS]
            with Counters(server, 6) as counters, server.connect() as connection:
                for _ in range(60):
                    self.assertEqual(connection.call("CLIENT", "PAUSE", 5000, "WRITE"), "OK")
                    before = connection.pipeline(reads)
                    time.sleep(0.01)
                    self.assertEqual(connection.pipeline(reads), before)
                    self.assertEqual(connection.call("CLIENT", "UNPAUSE"), "OK")
                    rounds = counters.rounds
                    until(lambda seen=rounds: counters.rounds > seen + 6, 10, "the clients go on")
            self.assertEqual(counters.problems, [])

    def test_nothing_expires_while_writes_are_paused(self):
        server = one_node(self)
        with server.connect() as connection:
            connection.pipeline([("SET", "read", 1, "PX", 50), ("SET", "unread", 1, "PX", 50),
                                 ("HSET", "hash", "f", "v"), ("PEXPIRE", "hash", 50)])
            connection.call("CLIENT", "PAUSE", 50000, "WRITE")
            time.sleep(0.3)
            self.assertEqual(connection.pipeline([("GET", "read"), ("EXISTS", "read"), ("HGETALL", "hash")]), [None, 0, []])
            self.assertEqual((server.info("stats")["expired_keys"], connection.call("DBSIZE")), ("0", 3))
            connection.call("CLIENT", "UNPAUSE")
            until(lambda: server.info("stats")["expired_keys"] == "3", 10, "they expire")

    def test_nothing_is_evicted_while_writes_are_paused(self):
        server = one_node(self, maxmemory_policy="allkeys-lru")
        with server.connect() as connection:
            connection.pipeline([("SET", f"k{number}", "x" * 1000) for number in range(1000)])
            connection.call("CLIENT", "PAUSE", 50000, "WRITE")
            connection.call("CONFIG", "SET", "maxmemory", 100_000)
            time.sleep(0.3)
            self.assertEqual((server.info("stats")["evicted_keys"], connection.call("DBSIZE")), ("0", 1000))
            connection.call("CLIENT", "UNPAUSE")
            until(lambda: connection.call("DBSIZE") < 1000, 10, "they are evicted")


class ManualFailover(Case):
    def test_what_is_acknowledged_under_way_is_kept(self):
        cluster = self.cluster(3, 1, io_threads=3)
        cluster.wait_replicated()
        for turn in range(4):
            old = cluster.owner_of(0)
            (replica,) = cluster.replicas_of(old)
            counts = Acknowledged(old, f"turn:{turn}")
            with counts:
                until(lambda seen=counts: seen.rounds > 20, 10, "the clients count")
                self.assertEqual(replica.call("CLUSTER", "FAILOVER"), "OK")
                self.assertIs(cluster.wait_failover(0, old), replica)
                until(lambda seen=counts: seen.moved, 10, "the clients are sent on")
            cluster.wait_healthy()
            cluster.wait_replicated()
            counts.verify(replica)


class Acknowledged(Background):
    """Clients that count on one node in pipelines over its slots until they are sent on. Each has keys of its own."""

    def __init__(self, server, name):
        super().__init__(server, 4)
        ranges = next(node.slots for node in server.cluster_nodes() if "myself" in node.flags)
        tags = [f"{{{number}}}" for number in range(400)]
        self._keys = [f"{tag}:{name}" for tag in tags if covers(ranges, slot_of(tag))]
        self.moved, self.acknowledged = False, {}

    def work(self, connection, client, turn):
        keys = [f"{key}:{client}" for key in self._keys]
        for key, reply in zip(keys, connection.pipeline([("INCR", key) for key in keys])):
            if isinstance(reply, int):
                self.acknowledged[key] = reply
            elif str(reply).startswith("MOVED"):
                self.moved = True
            else:
                self.problems.append(reply)

    def verify(self, server):
        """What was acknowledged is there, and nothing beyond it."""
        assert not self.problems, self.problems[:5]
        with server.connect() as connection:
            held = connection.pipeline([("GET", key) for key in self.acknowledged])
        wrong = [(key, seen, got) for (key, seen), got in zip(self.acknowledged.items(), held) if got != str(seen).encode()]
        assert not wrong, f"{len(wrong)} of {len(held)} wrong: {wrong[:5]}"
