"""The router port through failovers: commands wait for the new primary, and a write is in doubt only when its reply was lost."""

import tempfile
import threading
import time

import redis

from integration.lib import resp, tls
from integration.lib.router import RouterCase, Units, key_in
from integration.lib.wait import until

UNCERTAIN = "UNCERTAIN"


class Counter:
    """A plain client of one node that counts keys up and checks each answer, until told to stop.

    A key's value is known exactly unless an increment was answered UNCERTAIN: then it may be there or not, once. When a
    primary dies, increments that it acknowledged but had not yet sent to its replica are lost (replication is
    asynchronous, README): such a step back is noted, and allowed once for each key."""

    def __init__(self, port, name, count=24):
        self.client = redis.Redis(port=port, socket_timeout=30)
        self.values = {f"{name}:{number}": 0 for number in range(count)}
        self.maybe = dict.fromkeys(self.values, 0)  # increments of unknown outcome since the value was last known
        self.uncertain, self.steps_back, self.problems, self.done, self.slowest = 0, [], [], 0, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        self._thread.join()
        for key in self.values:
            self._expect(key, int(self.client.get(key) or 0), "the end")
        self.client.close()

    def _run(self):
        while not self._stop.is_set():
            for key in self.values:
                begun = time.monotonic()
                try:
                    seen = int(self.client.get(key) or 0)
                    self._expect(key, seen, "GET")
                    self._expect(key, self.client.incr(key), "INCR", 1)
                    self.done += 1
                except redis.ResponseError as error:
                    if not str(error).startswith(UNCERTAIN):
                        self.problems.append(f"{key}: {error}")
                    self.maybe[key] += 1
                    self.uncertain += 1
                except redis.RedisError as error:
                    self.problems.append(f"{key}: {error!r}")
                    return
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def _expect(self, key, seen, where, more=0):
        low = self.values[key] + more
        if not low <= seen <= low + self.maybe[key]:
            (self.steps_back if seen < low else self.problems).append(f"{key}: {seen} at {where}, expected {low}")
        self.values[key], self.maybe[key] = seen, 0


class Appender:
    """A client that appends growing numbers to its keys in pipelines until told to stop. Whatever happens to single commands,
    each key must hold numbers in growing order: none twice, none behind a later one. And an append that was answered
    must be there, unless the primary that took it died before its replica had it: such a gap is only at a kill, so the
    numbers of the last, quiet pipeline are all there."""

    def __init__(self, port, name):
        self._connection = resp.Connection(port, timeout=30)
        self._keys = [f"{name}:{number}" for number in range(30)]
        self.rounds, self.problems, self.refused = 0, [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        self._append()
        last = range(5 * self.rounds - 5, 5 * self.rounds)
        for key, text in zip(self._keys, self._connection.pipeline([("GET", key) for key in self._keys])):
            numbers = [int(number) for number in text.split()]
            if numbers != sorted(set(numbers)):
                self.problems.append(f"{key} is out of order: {numbers}")
            if numbers[-5:] != list(last):
                self.problems.append(f"{key} lacks answered appends: {numbers[-8:]}")
        self._connection.close()

    def _run(self):
        while not self._stop.is_set():
            self._append()

    def _append(self):
        commands = [("APPEND", key, f"{5 * self.rounds + step} ") for step in range(5) for key in self._keys]
        for command, reply in zip(commands, self._connection.pipeline(commands)):
            if isinstance(reply, int):
                continue
            kept = str(reply).startswith((UNCERTAIN, "TRYAGAIN The slot changed hands"))
            (self.refused if kept else self.problems).append(f"{command}: {reply}")
        self.rounds += 1


class Failovers(RouterCase):
    def counting(self, cluster, victim, end):
        """Clients on the router ports of all others count while end() happens to the victim; returns the clients."""
        counters = [Counter(server.router_port, f"count:{server.port}").start()
                    for server in cluster.servers if server is not victim]
        try:
            until(lambda: all(counter.done > 100 for counter in counters), 30, "all clients count")
            end()
            cluster.wait_failover(0, victim)
            before = [counter.done for counter in counters]
            until(lambda: all(counter.done > seen + 100 for counter, seen in zip(counters, before)), 30,
                  "all clients count on after the failover")
        finally:
            for counter in counters:
                counter.stop()
        for counter in counters:
            self.assertEqual(counter.problems, [])
            keys_back = [text.split(": ")[0] for text in counter.steps_back]
            self.assertEqual(len(keys_back), len(set(keys_back)), counter.steps_back)
            # One command at a time: at most one was under way when the primary died.
            self.assertLessEqual(counter.uncertain, 1)
        return counters

    def test_a_primary_is_killed_under_writers(self):
        cluster = self.routed(3, 1)
        victim = cluster.owner_of(0)
        self.counting(cluster, victim, victim.kill)
        waits = sum(int(server.info("everything").get("router_waits", 0)) for server in cluster.living())
        self.assertGreater(waits, 0)

    def test_a_primary_is_killed_with_one_worker(self):
        cluster = self.routed(3, 1, io_threads=1)
        victim = cluster.owner_of(0)
        self.counting(cluster, victim, victim.kill)

    def test_a_primary_is_frozen_under_writers(self):
        cluster = self.routed(3, 1, io_threads=3)
        victim = cluster.owner_of(0)
        self.counting(cluster, victim, victim.freeze)
        victim.thaw()
        cluster.wait_healthy()

    def test_a_handover_is_not_noticed(self):
        cluster = self.routed(3, 1)
        old = cluster.owner_of(0)
        (replica,) = cluster.replicas_of(old)
        counters = self.counting(cluster, old, lambda: replica.call("CLUSTER", "FAILOVER"))
        self.assertEqual([(counter.uncertain, counter.steps_back) for counter in counters], [(0, [])] * len(counters))

    def test_a_handover_is_not_noticed_on_the_node_that_hands_over(self):
        """Its workers have commands for each other under way, and some wait for its pause to end."""
        cluster = self.routed(3, 1, io_threads=3)
        appenders = [Appender(server.router_port, f"log:{server.port}:{number}")
                     for server in [cluster.owner_of(0), *cluster.replicas_of(cluster.owner_of(0))] for number in range(3)]
        for appender in appenders:
            appender.start()
        try:
            with Units(cluster.owner_of(0).router_port, 3) as units:
                for _ in range(6):
                    seen = [appender.rounds for appender in appenders]
                    until(lambda before=seen: all(a.rounds > n + 5 for a, n in zip(appenders, before)), 30, "all append")
                    old = cluster.owner_of(0)
                    (replica,) = cluster.replicas_of(old)
                    self.assertEqual(replica.call("CLUSTER", "FAILOVER"), "OK")
                    cluster.wait_failover(0, old)
                    cluster.wait_healthy()
        finally:
            for appender in appenders:
                appender.stop()
        self.assertEqual(units.problems, [])
        for appender in appenders:
            self.assertEqual((appender.problems, appender.refused), ([], []))

    def test_pipelines_wait_in_order(self):
        cluster = self.routed(3, 1)
        victim = cluster.owner_of(0)
        keys = [key_in(low, low + 200, "order") for low in range(0, 5000, 250)]
        connection = self.raw(cluster.owner_of(16000), timeout=30)
        cluster.wait_replicated()
        victim.kill()
        # Sent to nobody yet: all of it waits for the new primary, and takes effect in order.
        commands = [("APPEND", key, f"{step},") for step in range(30) for key in keys]
        replies = connection.pipeline(commands)
        self.assertEqual([reply for reply in replies if not isinstance(reply, int)], [])
        expected = "".join(f"{step}," for step in range(30)).encode()
        self.assertEqual(connection.pipeline([("GET", key) for key in keys]), [expected] * len(keys))

    def test_nothing_is_done_twice_or_out_of_order(self):
        cluster = self.routed(3, 1, io_threads=3)
        first, second = cluster.owner_of(0), cluster.owner_of(8000)
        others = [server for server in cluster.servers if server not in (first, second)]
        appenders = [Appender(server.router_port, f"log:{server.port}") for server in others]
        for appender in appenders:
            appender.start()
        try:
            for victim, slot in ((first, 0), (second, 8000)):
                seen = [appender.rounds for appender in appenders]
                until(lambda: all(a.rounds > n + 20 for a, n in zip(appenders, seen)), 30, "all clients append")
                victim.kill()
                cluster.wait_failover(slot, victim)
                victim.restart()
                until(lambda: victim.role() == "slave", 30, f"{victim} follows")
                cluster.wait_healthy()
        finally:
            for appender in appenders:
                appender.stop()
        for appender in appenders:
            self.assertEqual(appender.problems, [])

    def test_a_lost_reply_makes_writes_uncertain_and_reads_wait(self):
        cluster = self.routed(3, 1)
        victim = cluster.owner_of(0)
        router = cluster.owner_of(16000)
        written, read = key_in(0, 5000, "written"), key_in(0, 5000, "read")
        connection = self.raw(router, timeout=30)
        transaction = self.raw(router, timeout=30)
        # These also open the internal connections of the workers, so that what follows is under way at once.
        self.assertIsNone(transaction.call("GET", read))
        self.assertEqual(connection.pipeline([("SET", read, "kept"), ("SET", written, "old")]), ["OK", "OK"])
        cluster.wait_replicated()
        victim.freeze()
        for command in (("MULTI",), ("INCR", "{" + written + "}count"), ("EXEC",)):
            transaction.send(resp.encode(*command))
        replies = connection.pipeline([("SET", written, "new"), ("GET", read), ("MULTI",), ("GET", read), ("EXEC",)])
        self.assertTrue(str(replies[0]).startswith(UNCERTAIN), replies)
        self.assertEqual(replies[1:], [b"kept", "OK", "QUEUED", [b"kept"]])
        self.assertEqual([transaction.read(), transaction.read()], ["OK", "QUEUED"])
        self.assertTrue(str(transaction.read()).startswith(UNCERTAIN))
        self.assertEqual(connection.call("GET", written), b"old")
        victim.thaw()
        cluster.wait_healthy()
        self.assertEqual(connection.call("GET", written), b"old")

    def test_waiting_ends_after_router_max_wait(self):
        cluster = self.routed(3, 0, router_max_wait=700)
        victim = cluster.owner_of(0)
        connection = self.raw(cluster.owner_of(16000))
        key = key_in(0, 5000)
        connection.call("SET", key, "1")
        victim.kill()
        until(lambda: connection.ask("GET", key) != b"1", 10, "the death is noticed")
        begun = time.monotonic()
        replies = connection.pipeline([("SET", key, "2"), ("GET", key), ("SET", key_in(6000, 10000), "3")])
        self.assertGreaterEqual(time.monotonic() - begun, 0.7)
        self.assertIn("CLUSTERDOWN", str(replies[0]))
        self.assertIn("CLUSTERDOWN", str(replies[1]))

    def test_with_tls(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        certificates = tls.Certificates(directory.name)
        cluster = self.routed(3, 1, tls=certificates)
        victim = cluster.owner_of(0)
        client = self.plain(cluster.owner_of(16000), decode_responses=True)
        values = {f"tls:{number}": "x" * (number * 300) for number in range(100)}
        for key, value in values.items():
            client.set(key, value)
        cluster.wait_replicated()
        victim.kill()
        self.assertEqual({key: client.get(key) for key in values}, values)
