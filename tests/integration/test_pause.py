"""While writes are paused, by CLIENT PAUSE or for a manual failover, the data stay as they are: also for commands that were on
their way between workers, or to the exclusive section, when the pause began."""

import re
import time

from integration.lib.background import Background
from integration.lib.case import Case
from integration.lib.cluster import covers
from integration.lib.resp import ReplyError, encode
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


class UnderWay(Case):
    """A command reaches another worker, or the exclusive section, after what was decided there while its own worker was busy."""

    BUSY = """local function micros() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
              local begin = micros() while micros() - begin < 300000 do end"""

    def setUp(self):
        super().setUp()
        self.node = one_node(self, workers=3)
        self.keys = [keys[0] for keys in keys_of_workers(1)]

    def connection_of(self, worker):
        """A connection that lives at a worker: its keys need no hand-over."""
        for _ in range(30):
            connection = self.node.connect()
            self.addCleanup(connection.close)
            info = connection.pipeline([("INFO", "guccho"), ("EXISTS", self.keys[worker]), ("INFO", "guccho")])
            before, after = (re.search(rb"handover_commands:(\d+)", text).group(1) for text in (info[0], info[2]))
            if before == after:
                return connection
        raise AssertionError(f"no connection came to worker {worker}")

    def keep_busy(self, *commands):
        """Worker 0 runs a script, and after it, in the same turn, the commands of the connection that is returned."""
        connection = self.connection_of(0)
        connection.send(b"".join(encode(*command) for command in (("EVAL", self.BUSY, 1, self.keys[0]), *commands)))
        time.sleep(0.1)
        return connection

    def test_a_write_waits_at_its_worker_for_the_end_of_a_pause(self):
        key = self.keys[1]
        control = self.connection_of(2)
        writer = self.keep_busy(("SET", key, "x"), ("GET", key))
        replies = control.pipeline([("MULTI",), ("CLIENT", "PAUSE", 20000, "WRITE"), ("GET", key), ("EXEC",)])
        self.assertEqual(replies[-1], ["OK", None])
        time.sleep(0.2)
        self.assertEqual(control.call("GET", key), None)
        control.call("CLIENT", "UNPAUSE")
        self.assertEqual([writer.read() for _ in range(3)], [None, "OK", b"x"])

    def test_so_does_what_waits_for_the_section(self):
        key = self.keys[1]
        first, second, third = (self.connection_of(2) for _ in range(3))
        first.call("SET", key, "x")
        writer = self.keep_busy()
        first.send(encode("CLIENT", "PAUSE", 20000, "WRITE"))
        time.sleep(0.05)
        second.send(encode("FLUSHALL"))
        third.send(b"".join(encode(*command) for command in (("MULTI",), ("FLUSHALL",), ("SET", key, "y"), ("EXEC",))))
        self.assertEqual(first.read(), "OK")
        time.sleep(0.2)
        self.assertEqual(first.call("GET", key), b"x")
        first.call("CLIENT", "UNPAUSE")
        self.assertEqual((second.read(), [third.read() for _ in range(4)][-1], writer.read()), ("OK", ["OK", "OK"], None))

    def test_a_command_for_a_slot_that_is_gone_is_refused(self):
        key = self.keys[1]
        control = self.connection_of(2)
        writer = self.keep_busy(("SET", key, "x"), ("MULTI",), ("SET", key, "x"), ("EXEC",))
        self.assertEqual(control.call("CLUSTER", "DELSLOTS", slot_of(key)), "OK")
        # Or the connection ends: a node that was kept from giving the slot up answers nothing that it may have done meanwhile.
        try:
            replies = [writer.read() for _ in range(5)]
            self.assertEqual((replies[0], str(replies[1])), (None, "CLUSTERDOWN Hash slot not served"))
            self.assertIn("CLUSTERDOWN Hash slot not served", str(replies[4]))
        except EOFError:
            pass
        self.assertEqual(control.call("CLUSTER", "COUNTKEYSINSLOT", slot_of(key)), 0)


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
