"""What becomes of all that comes to a worker while its script takes too long: clients, messages, invalidations, news of who has
left, and connections that were read already. With one worker and with three."""

import contextlib

from integration.lib import resp
from integration.lib.resp import Push
from integration.lib.scripts import BUSY_SCRIPT, ENDLESS, Endless, ScriptCase
from integration.lib.wait import until


class Busy(ScriptCase):
    def setUp(self):
        super().setUp()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def client(self, server, protocol=2):
        return self.stack.enter_context(server.connect(timeout=30, protocol=protocol))

    def kill(self, server, endless):
        self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
        self.assertIn("Script killed by user", str(endless.answer()))

    def by_home(self, server, key, connections):
        """The connections at the key's worker, and the others: those are not refused while it is busy."""
        endless = Endless(server, "EVAL", ENDLESS, 1, key)
        self.busy(server, key)
        here = [connection for connection in connections if str(connection.ask("PING")) == BUSY_SCRIPT]
        self.kill(server, endless)
        return here, [connection for connection in connections if connection not in here]

    def test_nothing_is_taken_for_who_left_meanwhile(self):
        """The waiter's worker, or the key's, is busy when its connection ends."""
        server = self.node(io_threads=3)
        for key, busy_key in ((k, b) for k in self.of_workers(3) for b in self.of_workers(3)):
            with self.subTest(key=key, busy=busy_key):
                connections = [self.client(server) for _ in range(6)]
                here, others = self.by_home(server, busy_key, connections)
                observer = others.pop()
                waiters = here + others
                for waiter in waiters:
                    waiter.send(resp.encode("BLPOP", key, 0))
                until(lambda: server.info("clients")["blocked_clients"] == str(len(waiters)), 10, "all wait")
                endless = Endless(server, "EVAL", ENDLESS, 1, busy_key)
                self.busy(server, busy_key)
                before = int(self.clients(observer))
                for waiter in waiters:
                    waiter.close()
                # Those at the busy worker are closed after the script.
                until(lambda: int(self.clients(observer)) <= before - len(others), 10, "they are gone")
                if key != busy_key:
                    until(lambda: self.field(observer, "total_blocking_keys") == "0", 10, "their worker knows")
                    self.assertEqual(self.push_at(others, observer, key), 1)
                self.kill(server, endless)
                if key == busy_key:
                    self.assertEqual(server.call("RPUSH", key, "x"), 1)
                self.assertEqual(server.call("LRANGE", key, 0, -1), [b"x"])
                server.call("DEL", key)
                observer.close()
                until(lambda: server.info("clients")["blocked_clients"] == "0", 10, "nobody waits")

    @staticmethod
    def push_at(_, observer, key):
        return observer.call("RPUSH", key, "x")

    @staticmethod
    def field(connection, name):
        lines = connection.call("INFO", "clients").decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)[name]

    def clients(self, connection):
        return self.field(connection, "connected_clients")

    def test_subscribers_and_caches_are_told(self):
        """By workers that go on, while their own is busy."""
        server = self.node(io_threads=3)
        keys = self.of_workers(3)
        for number, busy_key in enumerate(keys):
            other_key = keys[(number + 1) % 3]
            here, others = self.by_home(server, busy_key, [self.client(server, protocol=3) for _ in range(6)])
            subscriber, cache = here
            writer = others[0]
            subscriber.call("SUBSCRIBE", "news")
            cache.call("CLIENT", "TRACKING", "ON")
            cache.call("GET", other_key)
            broad = self.client(server, protocol=3)  # at a worker that goes on or not
            broad.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", other_key)
            endless = Endless(server, "EVAL", ENDLESS, 1, busy_key)
            self.busy(server, busy_key)
            for text in ("first", "second"):
                writer.call("PUBLISH", "news", text)
            writer.call("SET", other_key, 1)
            for text in (b"first", b"second"):
                self.assertEqual(subscriber.read(), [b"message", b"news", text])
            for reader in (cache, broad):
                self.assertEqual(reader.read(), [b"invalidate", [other_key.encode()]])
            self.kill(server, endless)
            for connection in here + others + [broad]:
                connection.close()

    def test_a_message_for_the_scripts_own_connection_comes_between_replies(self):
        server = self.node(io_threads=3)
        for busy_key in self.of_workers(3):
            here, others = self.by_home(server, busy_key, [self.client(server, protocol=3) for _ in range(6)])
            c, writer = here[0], others[0]
            c.call("SUBSCRIBE", "news")
            c.send(b"".join(resp.encode(*words) for words in (
                ("MULTI",), ("SET", busy_key, "before"), ("EVAL", ENDLESS, 1, busy_key), ("GET", busy_key), ("EXEC",))))
            self.busy(server, busy_key)
            for text in ("first", "second"):
                writer.call("PUBLISH", "news", text)
            self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
            got = [c.read() for _ in range(8)]
            self.assertEqual([g for g in got if isinstance(g, Push)],
                             [[b"message", b"news", b"first"], [b"message", b"news", b"second"]])
            replies = [g for g in got if not isinstance(g, Push)]
            self.assertEqual(replies[:4], ["OK", "QUEUED", "QUEUED", "QUEUED"])
            self.assertEqual((replies[4][0], replies[4][2]), ("OK", b"before"))
            self.assertIn("Script killed by user", str(replies[4][1]))

    def test_commands_for_other_workers_leave_before_the_script(self):
        server = self.node(io_threads=3)
        keys = self.of_workers(3)
        for number, busy_key in enumerate(keys):
            here, _ = self.by_home(server, busy_key, [self.client(server) for _ in range(6)])
            first, runs = here
            server.freeze()
            first.send(resp.encode("SET", keys[(number + 1) % 3], "x"))
            runs.send(resp.encode("EVAL", ENDLESS, 1, busy_key))
            server.thaw()
            self.assertIn(str(first.read()), ("OK", BUSY_SCRIPT))
            self.busy(server, busy_key)
            self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
            self.assertIn("Script killed by user", str(runs.read()))

    def test_whoever_waits_is_served_after_the_script(self):
        """Not in the middle of it, when somebody else's command ends."""
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            for key in self.of_workers(threads):
                waiters = [self.client(server) for _ in range(threads)]
                for waiter in waiters:
                    waiter.send(resp.encode("BLPOP", key, 0))
                until(lambda: server.info("clients")["blocked_clients"] == str(threads), 10, "all wait")
                body = ("redis.call('rpush', KEYS[1], 'x') local began = redis.call('time')[1] "
                        "repeat until redis.call('time')[1] - began >= 2 "
                        "local there = redis.call('llen', KEYS[1]) redis.call('del', KEYS[1]) return there")
                running = Endless(server, "EVAL", body, 1, key)
                self.busy(server, key)
                for _ in range(2 * threads):
                    with server.connect() as c:
                        self.assertEqual(c.pipeline([("MULTI",), ("DISCARD",)]), ["OK", "OK"])
                self.assertEqual(running.answer(), 1)
                self.assertEqual(server.call("RPUSH", key, *range(threads)), threads)
                self.assertEqual(sorted(waiter.read()[1] for waiter in waiters),
                                 [b"%d" % number for number in range(threads)])

    def test_scripts_that_are_not_read_ahead(self):
        """Of many arguments, in several reads, or inline: their worker goes on to answer."""
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            for key in self.of_workers(threads):
                long = resp.encode("EVAL", ENDLESS, 1, key, *range(100))
                cut = resp.encode("EVAL", ENDLESS, 1, key)
                inline = f'EVAL "{ENDLESS}" 1 {key}\r\n'.encode()
                for parts in ((long,), (cut[:25], cut[25:]), (inline,), (long[:40], long[40:])):
                    with server.connect(timeout=30) as runs:
                        for part in parts:
                            runs.send(part)
                            server.call("PING")
                        self.busy(server, key)
                        for _ in range(2 * threads):
                            self.assertEqual(str(server.ask("GET", key)), BUSY_SCRIPT)
                        self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
                        self.assertIn("Script killed by user", str(runs.read()))
            self.assertEqual(server.call("DBSIZE"), 0)
            server.remove()

    def test_connections_that_were_read_already_are_read_again(self):
        """Their input moves while what they sent first has not had its turn."""
        more = [("ECHO", "x" * 5000)] * 20
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            for key in self.of_workers(threads):
                for position in range(4):
                    connections = [self.client(server) for _ in range(4 * threads)]
                    for connection in connections:
                        connection.call("PING")
                    runs = connections.pop(position * threads)
                    server.freeze()
                    for connection in connections[:3 * threads]:
                        connection.send(resp.encode("GET", key))
                    runs.send(resp.encode("EVAL", ENDLESS, 1, key, *range(100)))
                    for connection in connections[3 * threads:]:
                        connection.send(resp.encode("GET", key))
                    server.thaw()
                    self.busy(server, key)
                    for connection in connections:
                        connection.send(b"".join(resp.encode(*words) for words in more))
                    for connection in connections:
                        self.assertIn(str(connection.read()), (BUSY_SCRIPT, "None"))
                        for _ in more:
                            self.assertIn(str(connection.read()), (BUSY_SCRIPT, str(b"x" * 5000)))
                    self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
                    self.assertIn("Script killed by user", str(runs.read()))
                    for connection in connections:
                        connection.close()
            server.remove()

    def test_a_script_that_holds_the_node_and_goes_on_to_write(self):
        """Meanwhile the clients of all workers watch keys, start over, and are answered."""
        server = self.node(io_threads=3)
        readers = [self.client(server, protocol=3) for _ in range(6)]
        for reader in readers:
            reader.call("CLIENT", "TRACKING", "ON")
            for number in range(30):
                reader.call("GET", f"n{number}")
        body = ("local began = redis.call('time')[1] repeat for i = 0, 29 do redis.call('incr', 'n' .. i) "
                "redis.call('get', 'n' .. i) end until redis.call('time')[1] - began >= 3 return 'done'")
        running = Endless(server, "EVAL", body, 0)
        self.busy(server, "{k}")
        clients = [self.client(server) for _ in range(6)]
        for turn in range(100):
            for c in clients:
                replies = c.pipeline([("WATCH", f"n{turn % 30}"), ("GET", "n1"), ("RESET",)])
                if replies[0] != "OK" or replies[2] != "RESET":
                    self.assertEqual(str(replies[0]), BUSY_SCRIPT)  # the key's worker is the one that runs it
        self.assertEqual(running.answer(), b"done")
        for reader in readers:
            self.assertEqual(sorted(reader.read()[1][0] for _ in range(30)),
                             sorted(b"n%d" % number for number in range(30)))
