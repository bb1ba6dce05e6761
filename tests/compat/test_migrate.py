"""MIGRATE between nodes of ours and redis-servers, in all directions: what is moved while it is written, what is refused,
what happens when the target does not answer. No acknowledged write is lost, and no deleted key comes back."""

import tempfile
import threading
import time

from compat.moving import Client, Far, Model, tags
from compat.test_cluster_cli import redis_cli
from integration.lib import tls
from integration.lib.case import Case
from integration.lib.resp import encode
from integration.lib.server import GUCCHO, REDIS
from integration.lib.slots import slot_of
from integration.lib.wait import until

PAIRS = ([GUCCHO, GUCCHO], [GUCCHO, REDIS], [REDIS, GUCCHO])
MOVED_SLOTS = 200
BUSY = "ERR Target instance replied with error: BUSYKEY Target key name already exists."


class Reshard(Case):
    def test_slots_move_while_they_are_written(self):
        for number, kinds in enumerate(PAIRS):
            with self.subTest(kinds=kinds):
                self.reshard(kinds, seed=number)

    def reshard(self, kinds, seed):
        cluster = self.cluster(primaries=2, replicas=0, kinds=kinds, io_threads=2) if kinds == PAIRS[0] else \
            self.cluster(primaries=2, replicas=0, kinds=kinds)
        source, target = cluster.servers
        model = Model(tags(0, MOVED_SLOTS - 1, 100), seed)
        client = Client(source.port)
        model.fill(client)
        failures, stop = [], threading.Event()

        def write():
            try:
                while not stop.is_set():
                    model.step(client)
            except Exception as error:  # told by the test's own thread
                failures.append(error)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            before = model.done
            status, output = redis_cli("reshard", f"127.0.0.1:{source.port}", "--cluster-from", source.node_id(),
                                       "--cluster-to", target.node_id(), "--cluster-slots", MOVED_SLOTS,
                                       "--cluster-pipeline", 50, "--cluster-yes")
            self.assertEqual(status, 0, output[-2000:])
        finally:
            stop.set()
            writer.join()
        self.assertEqual(failures, [])
        self.assertGreater(model.done - before, 20, "it was written meanwhile")
        for slot in (0, MOVED_SLOTS - 1):
            self.assertIs(cluster.wait_failover(slot, source), target)
        self.assertEqual(model.wrong(client), [])
        # Nothing is left over on either side.
        held = sum(1 for value in model.values.values() if value is not None)
        self.assertEqual(source.call("DBSIZE"), 0)
        self.assertEqual(target.call("DBSIZE"), held)
        status, output = redis_cli("check", f"127.0.0.1:{target.port}")
        self.assertEqual(status, 0, output)
        client.close()
        cluster.remove()

    def test_fix_and_rebalance(self):
        cluster = self.cluster(primaries=2, replicas=0, kinds=[GUCCHO, GUCCHO])
        source, target = cluster.servers
        client = Client(source.port)
        model = Model(tags(0, 99, 10), 1)
        model.fill(client)
        # A migration that somebody began and left.
        slot = slot_of(model.names[0])
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        status, output = redis_cli("fix", f"127.0.0.1:{source.port}", "--cluster-yes")
        self.assertEqual(status, 0, output[-2000:])
        self.assertEqual(model.wrong(client), [])
        cluster.wait_healthy()
        status, output = redis_cli("rebalance", f"127.0.0.1:{source.port}", "--cluster-weight",
                                   f"{source.node_id()}=1", f"{target.node_id()}=1.01", "--cluster-threshold", "0.1",
                                   "--cluster-yes")
        self.assertEqual(status, 0, output[-2000:])
        self.assertRegex(output, r"Moving 4\d slots from")
        cluster.wait_healthy()
        self.assertEqual(model.wrong(client), [])


class Commands(Case):
    """One slot that is on its way from the first to the second."""

    PATIENT = {"cluster_node_timeout": 30000}  # while the target stands still

    def moving(self, kinds, *commands, **options):
        """... which holds what these commands write."""
        cluster = self.cluster(primaries=2, replicas=0, kinds=kinds, **options)
        source, target = cluster.servers
        with source.connect(timeout=60) as connection:
            for command in commands:
                connection.call(*command)
        self.slot = slot_of("n")
        self.assertLess(self.slot, 8192)
        target.call("CLUSTER", "SETSLOT", self.slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", self.slot, "MIGRATING", target.node_id())
        return source, target

    @staticmethod
    def migrate(target, *keys, options=(), timeout=5000):
        return ("MIGRATE", "127.0.0.1", target.port, "", 0, timeout, *options, "KEYS", *keys)

    @staticmethod
    def over_there(target, *command):
        with target.connect() as connection:
            return connection.pipeline([("ASKING",), command])[1]

    def test_what_asking_is_for(self):
        """It lasts for one command, whatever that answers, or for one transaction."""
        for kinds in PAIRS:
            with self.subTest(kinds=kinds):
                _, target = self.moving(kinds)
                get = ("GET", "{n}a")
                for between, lasts in (((), True), ((("PING",),), False), ((("NOSUCH",),), False), ((("GET",),), False),
                                       ((("ASKING",),), True), ((("CLIENT", "ID"),), False), ((get,), False)):
                    with target.connect() as connection:
                        reply = connection.pipeline([("ASKING",), *between, get])[-1]
                    self.assertEqual(reply is None, lasts, (between, reply))
                with target.connect() as connection:
                    replies = connection.pipeline([("ASKING",), ("MULTI",), get, ("SET", "{n}a", 1), ("EXEC",), get])
                    self.assertEqual(replies[:5], ["OK", "OK", "QUEUED", "QUEUED", [None, "OK"]])
                    self.assertIn("MOVED", str(replies[5]))

    def test_replies(self):
        for kinds in PAIRS:
            with self.subTest(kinds=kinds):
                source, target = self.moving(kinds, ("MSET", "{n}a", 1, "{n}b", 2, "{n}c", 3, "{n}d", 4),
                                             ("PEXPIRE", "{n}a", 100_000))
                self.assertEqual(source.ask(*self.migrate(target, "{n}x", "{n}y")), "NOKEY")
                with source.connect() as listener:
                    listener.call("CONFIG", "SET", "notify-keyspace-events", "Kg")
                    listener.call("PSUBSCRIBE", "__keyspace@0__:*")
                    self.assertEqual(source.ask(*self.migrate(target, "{n}a", "{n}nokey", "{n}b")), "OK")
                    self.assertEqual([listener.read()[2:] for _ in range(2)],
                                     [[b"__keyspace@0__:{n}a", b"del"], [b"__keyspace@0__:{n}b", b"del"]])
                self.assertEqual(str(source.ask("GET", "{n}a")), f"ASK {self.slot} 127.0.0.1:{target.port}")
                self.assertEqual(self.over_there(target, "GET", "{n}a"), b"1")
                left = self.over_there(target, "PTTL", "{n}a")
                self.assertTrue(80_000 < left <= 100_000, left)
                self.assertEqual(self.over_there(target, "PTTL", "{n}b"), -1)

                # What is there already is refused, and the others go all the same.
                self.over_there(target, "SET", "{n}c", "theirs")
                self.assertEqual(str(source.ask(*self.migrate(target, "{n}c", "{n}d"))), BUSY)
                self.assertEqual(source.ask("GET", "{n}c"), b"3")
                self.assertEqual(self.over_there(target, "GET", "{n}c"), b"theirs")
                self.assertEqual(self.over_there(target, "GET", "{n}d"), b"4")
                self.assertEqual(source.ask(*self.migrate(target, "{n}c", options=["COPY", "REPLACE"])), "OK")
                self.assertEqual(source.ask("GET", "{n}c"), b"3")
                self.assertEqual(self.over_there(target, "GET", "{n}c"), b"3")
                self.assertEqual(str(source.ask(*self.migrate(target, "{n}c", options=["COPY"]))), BUSY)
                self.assertEqual(source.ask("MIGRATE", "127.0.0.1", target.port, "{n}c", 0, 5000, "REPLACE"), "OK")
                self.assertEqual(source.call("DBSIZE"), 0)
                self.assertEqual(target.call("DBSIZE"), 4)
                # A slot that the target does not expect.
                source.call("SET", "k", 1)
                self.assertEqual(str(source.ask("MIGRATE", "127.0.0.1", target.port, "k", 0, 5000)),
                                 f"ERR Target instance replied with error: MOVED {slot_of('k')} 127.0.0.1:{source.port}")
                self.assertEqual(source.call("GET", "k"), b"1")

    def test_many_keys_and_large_ones(self):
        keys = ["{n}%d" % number for number in range(3000)]
        source, target = self.moving([GUCCHO, GUCCHO], *[("SET", key, key * 400) for key in keys],
                                     ("SET", "{n}large", "x" * 20_000_000), ("SADD", "{n}set", *range(50_000)), io_threads=2)
        with source.connect(timeout=60) as connection:
            self.assertEqual(connection.ask(*self.migrate(target, "{n}large", *keys, "{n}set", keys[0], timeout=30000)), "OK")
            self.assertEqual(connection.call("DBSIZE"), 0)
        with target.connect(timeout=60) as connection:
            self.assertEqual(connection.call("DBSIZE"), len(keys) + 2)
            connection.send(b"".join(encode("ASKING") + encode("GET", key) for key in keys))
            for key in keys:
                self.assertEqual([connection.read(), connection.read()], ["OK", (key * 400).encode()])
        self.assertEqual(self.over_there(target, "STRLEN", "{n}large"), 20_000_000)
        self.assertEqual(self.over_there(target, "SCARD", "{n}set"), 50_000)

    def of_its_own(self, kind, **options):
        """A cluster of one."""
        server = self.server(kind, **options)
        server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, "it serves")
        return server

    def test_over_tls(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        certificates = tls.Certificates(directory.name)
        source, plain = self.of_its_own(GUCCHO, tls=certificates), self.of_its_own(GUCCHO)
        for kind in (GUCCHO, REDIS):
            target = self.of_its_own(kind, tls=certificates)
            source.call("MSET", "{n}a", "x" * 3_000_000, "{n}b", 2)
            self.assertEqual(source.ask(*self.migrate(target, "{n}a", "{n}b")), "OK")
            self.assertEqual(target.call("MGET", "{n}a", "{n}b"), [b"x" * 3_000_000, b"2"])
            self.assertEqual(source.call("DBSIZE"), 0)
        source.call("SET", "k", 1)
        self.assertRegex(str(source.ask("MIGRATE", "127.0.0.1", plain.port, "k", 0, 500)),
                         "^IOERR error or timeout (reading|writing) to target instance$")
        self.assertEqual(source.call("GET", "k"), b"1")

    def test_passwords(self):
        source = self.of_its_own(GUCCHO)
        for kind, cluster in ((REDIS, False), (REDIS, True), (GUCCHO, True)):
            with self.subTest(kind=kind, cluster=cluster):
                target = self.of_its_own(kind) if cluster else self.server(kind, cluster=False)
                with target.connect() as admin:
                    self.assertEqual(admin.ask("CONFIG", "SET", "requirepass", "secret"), "OK")
                    admin.ask("AUTH", "secret")
                    admin.call("ACL", "SETUSER", "mover", "on", ">word", "~*", "+restore-asking", "+select", "+asking", "+del")

                    def migrate(*options, database=0):
                        return source.ask("MIGRATE", "127.0.0.1", target.port, "k", database, 5000, *options)
                    source.call("SET", "k", "v")
                    self.assertIn("Target instance replied with error: NOAUTH", str(migrate()))
                    self.assertIn("Target instance replied with error: WRONGPASS", str(migrate("AUTH", "wrong")))
                    self.assertIn("Target instance replied with error: WRONGPASS", str(migrate("AUTH2", "mover", "secret")))
                    self.assertEqual(source.call("GET", "k"), b"v")
                    self.assertEqual(admin.call("DBSIZE"), 0)
                    self.assertEqual(migrate("AUTH", "secret"), "OK")
                    self.assertEqual(admin.call("GET", "k"), b"v")
                    source.call("SET", "k", "v2")
                    self.assertEqual(migrate("REPLACE", "AUTH2", "mover", "word"), "OK")
                    self.assertEqual(admin.call("GET", "k"), b"v2")
                    source.call("SET", "k", "v3")
                    if cluster:
                        self.assertIn("Target instance replied with error: ERR ", str(migrate("AUTH", "secret", database=3)))
                        self.assertEqual(source.call("GET", "k"), b"v3")
                    else:
                        self.assertEqual(migrate("AUTH", "secret", database=3), "OK")
                        admin.call("SELECT", 3)
                        self.assertEqual(admin.call("GET", "k"), b"v3")

    def test_nothing_is_lost_without_an_answer(self):
        source, target = self.moving([GUCCHO, GUCCHO], ("MSET", "{n}a", 1, "{n}b", 2), **self.PATIENT)
        target.freeze()
        before = time.monotonic()
        self.assertEqual(str(source.ask(*self.migrate(target, "{n}a", "{n}b", timeout=300))),
                         "IOERR error or timeout reading to target instance")
        self.assertGreater(time.monotonic() - before, 0.25)
        self.assertEqual(source.call("MGET", "{n}a", "{n}b"), [b"1", b"2"])
        target.thaw()
        # It may have got them; a second try with REPLACE settles it.
        until(lambda: target.ask("PING") == "PONG", 10, "it answers")
        self.assertEqual(source.ask(*self.migrate(target, "{n}a", "{n}b", options=["REPLACE"])), "OK")
        self.assertEqual(self.over_there(target, "MGET", "{n}a", "{n}b"), [b"1", b"2"])
        target.kill()
        alone = self.of_its_own(GUCCHO)
        alone.call("SET", "k", 1)
        self.assertEqual(str(alone.ask("MIGRATE", "127.0.0.1", target.port, "k", 0, 300)),
                         "IOERR error or timeout writing to target instance")
        self.assertEqual(str(alone.ask("MIGRATE", "nosuchhost.invalid", target.port, "k", 0, 300)),
                         "IOERR error or timeout connecting to the client")
        self.assertEqual(alone.call("GET", "k"), b"1")

    def test_keys_that_change_under_way(self):
        source, target = self.moving(
            [GUCCHO, GUCCHO], ("MSET", "{n}same", 1, "{n}changed", 1, "{n}deleted", 1, "{n}ttl", 1, "{n}expires", 1),
            ("XADD", "{n}stream", "1-1", "f", "v"), ("XGROUP", "CREATE", "{n}stream", "g", "0"),
            ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "{n}stream", ">"), **self.PATIENT)
        with source.connect() as client, source.connect(timeout=60) as mover:
            client.call("PEXPIRE", "{n}expires", 1500)
            target.freeze()
            mover.send(encode(*self.migrate(target, "{n}same", "{n}changed", "{n}deleted", "{n}ttl", "{n}stream", "{n}expires",
                                            timeout=30000)))
            until(lambda: "cmd=migrate" in client.call("CLIENT", "LIST").decode(), 10, "it runs")
            time.sleep(0.2)  # for the keys to be sent; were they not yet, they would be sent as they are now
            self.assertEqual(client.call("INCR", "{n}changed"), 2)
            self.assertEqual(client.call("DEL", "{n}deleted"), 1)
            self.assertEqual(client.call("PEXPIREAT", "{n}ttl", Model.FAR), 1)
            self.assertEqual(client.call("XACK", "{n}stream", "g", "1-1"), 1)
            self.assertEqual(client.call("GET", "{n}same"), b"1")
            # What is gone here may be there: nobody is sent there for it now.
            self.assertEqual(str(client.ask("GET", "{n}deleted")), "TRYAGAIN The key is on its way to another node")
            self.assertEqual(str(client.ask("SET", "{n}deleted", 2)), "TRYAGAIN The key is on its way to another node")
            until(lambda: str(client.ask("GET", "{n}expires")).startswith("TRYAGAIN"), 10, "it expires")
            target.thaw()
            self.assertEqual(mover.read(), "OK")
            self.assertEqual(str(client.ask("GET", "{n}deleted")), f"ASK {self.slot} 127.0.0.1:{target.port}")
            until(lambda: client.call("DBSIZE") == 0, 10, "the expired key is deleted")
        self.assertEqual([self.over_there(target, "GET", "{n}" + name) for name in ("same", "changed", "deleted", "ttl")],
                         [b"1", b"2", None, b"1"])
        self.assertLess(self.over_there(target, "PEXPIRETIME", "{n}ttl") - Model.FAR, 5000)
        self.assertEqual(self.over_there(target, "EXISTS", "{n}expires"), 0)
        self.assertEqual(self.over_there(target, "XPENDING", "{n}stream", "g")[0], 0)

    def test_a_key_that_never_rests(self):
        """Writes that come faster than the network are put off in the end, while the slot moves."""
        key = "{n}hot"
        source, target = self.moving([GUCCHO, GUCCHO], ("SET", key, 0))
        far = Far(target.port, 0.05)
        self.addCleanup(far.close)
        stop, numbers, others = threading.Event(), [], set()

        def write():
            with source.connect() as connection:
                while not stop.is_set() and "ASK" not in others:
                    for reply in connection.pipeline([("INCR", key)] * 20):
                        numbers.append(reply) if isinstance(reply, int) else others.add(str(reply).split(" ")[0])
        writer = threading.Thread(target=write)
        writer.start()
        try:
            self.assertEqual(source.ask(*self.migrate(far, key)), "OK")
            writer.join(10)
        finally:
            stop.set()
            writer.join()
        self.assertEqual(others, {"TRYAGAIN", "ASK"})
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(self.over_there(target, "GET", key), b"%d" % numbers[-1])

    def test_a_key_that_never_rests_in_a_slot_that_does(self):
        source, target = self.of_its_own(GUCCHO), self.of_its_own(GUCCHO)
        source.call("MSET", "{n}hot", 0, "{n}cold", 0)
        far = Far(target.port, 0.05)
        self.addCleanup(far.close)
        stop, numbers = threading.Event(), []

        def write():
            with source.connect() as connection:
                while not stop.is_set():
                    numbers.append(connection.call("INCR", "{n}hot"))
        writer = threading.Thread(target=write)
        writer.start()
        try:
            self.assertEqual(str(source.ask(*self.migrate(far, "{n}hot", "{n}cold"))),
                             "ERR MIGRATE gave up on a key that changed again and again, and is still here: '{n}hot'")
        finally:
            stop.set()
            writer.join()
        self.assertEqual(source.call("GET", "{n}hot"), b"%d" % numbers[-1])
        self.assertEqual(target.call("MGET", "{n}hot", "{n}cold"), [None, b"0"])

    def test_replicas_learn_of_it(self):
        cluster = self.cluster(primaries=2, replicas=1, kinds=[GUCCHO, GUCCHO, REDIS, GUCCHO])
        source, target = cluster.servers[:2]
        keys = tags(0, 8191, 30)
        with source.connect() as connection:
            connection.pipeline([("SET", key, 1) for key in keys])
            cluster.wait_replicated()
            for key in keys:
                target.call("CLUSTER", "SETSLOT", slot_of(key), "IMPORTING", source.node_id())
                connection.call("CLUSTER", "SETSLOT", slot_of(key), "MIGRATING", target.node_id())
                self.assertEqual(connection.call("MIGRATE", "127.0.0.1", target.port, key, 0, 5000), "OK")
            self.assertEqual(connection.call("WAIT", 1, 5000), 1)
        cluster.wait_replicated()
        self.assertEqual([server.call("DBSIZE") for server in cluster.servers], [0, 30, 0, 30])
        replica = cluster.servers[2] if cluster.servers[2].kind is GUCCHO else cluster.servers[3]
        owned = tags(8192, 16383, 1)[0]
        self.assertTrue(str(replica.ask("MIGRATE", "127.0.0.1", source.port, owned, 0, 100)).startswith("MOVED "))

    def test_where_it_cannot_run(self):
        source, target = self.moving([GUCCHO, GUCCHO], ("SET", "{n}a", 1))
        self.assertEqual(str(source.ask(*self.migrate(source, "{n}a", options=["REPLACE"]))),
                         "ERR The target of MIGRATE is the node that has the keys")
        with source.connect() as connection:
            replies = connection.pipeline([("MULTI",), self.migrate(target, "{n}a"), ("EXEC",)])
            self.assertEqual([str(reply) for reply in replies[-1]], ["ERR MIGRATE cannot run inside MULTI here"])
            script = "return redis.call('MIGRATE', '127.0.0.1', ARGV[1], KEYS[1], 0, 100)"
            self.assertIn("ERR MIGRATE cannot be called by a script here",
                          str(connection.ask("EVAL", script, 1, "{n}a", target.port)))
        self.assertEqual(source.call("GET", "{n}a"), b"1")

    def test_transactions_on_a_slot_that_moves(self):
        source, target = self.moving([GUCCHO, GUCCHO], ("MSET", "{n}a", 1, "{n}b", 2))
        self.assertEqual(source.ask(*self.migrate(target, "{n}a")), "OK")
        with source.connect() as connection:
            def transaction(*keys):
                return str(connection.pipeline([("MULTI",), *[("INCR", key) for key in keys], ("EXEC",)])[-1])
            self.assertEqual(transaction("{n}b"), "[3]")
            self.assertEqual(transaction("{n}a"), f"ASK {self.slot} 127.0.0.1:{target.port}")
            self.assertEqual(transaction("{n}a", "{n}b"), "TRYAGAIN Multiple keys request during rehashing of slot")
        self.assertEqual(source.call("GET", "{n}b"), b"3")
        self.assertEqual(self.over_there(target, "GET", "{n}a"), b"1")
