"""Client-side caching: who is told about which change, with the reader, the writer and the key on workers of their own."""

import socket

from integration.lib.background import Load
from integration.lib.case import Case
from integration.lib.resp import Push, encode
from integration.lib.slots import slot_of
from integration.lib.wait import until


class Tracking(Case):
    threads = 3

    def node(self, **directives):
        node = self.server(**{"io_threads": self.threads, **directives})
        node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: node.cluster_info()["cluster_state"] == "ok", 10, f"{node} is up")
        return node

    def client(self, node, *tracking, protocol=3):
        connection = node.connect(protocol=protocol)
        self.addCleanup(connection.close)
        if tracking:
            connection.call("CLIENT", "TRACKING", *tracking)
        return connection

    def assert_told(self, connection, *keys):
        got = connection.read()
        self.assertIsInstance(got, Push)
        self.assertEqual(got, [b"invalidate", [key.encode() for key in keys]])

    def assert_silent(self, *connections):
        """Nothing lies there: a command's reply is the next that comes, after all workers have turned."""
        for connection in connections:
            connection.settimeout(0.2)
            try:
                self.fail(f"came without being asked for: {connection.read()}")
            except socket.timeout:
                connection.settimeout(10.0)

    def test_a_change_is_told_to_who_read_the_key_once(self):
        node = self.node()
        readers, writer = [self.client(node, "ON") for _ in range(6)], self.client(node)
        other = self.client(node)
        for number in range(6):
            key = f"key{number}"
            writer.call("SET", key, 1)
            for reader in readers:
                self.assertEqual(reader.call("GET", key), b"1")
            other.call("GET", key)
            writer.call("SET", key, 2)
            for reader in readers:
                self.assert_told(reader, key)
            writer.call("SET", key, 3)
        self.assert_silent(*readers, other)

    def test_a_change_is_told_before_what_its_writer_knows_of(self):
        """Whoever has the reply to a write may tell a reader: what that has cached is invalidated by then."""
        node = self.node()
        readers, writer = [self.client(node, "ON") for _ in range(6)], self.client(node)
        with Load(node, 6):
            for number in range(200):
                for reader in readers:
                    reader.call("GET", "key")
                writer.call("SET", "key", number)
                for reader in readers:
                    reader.send(encode("PING"))
                for reader in readers:
                    self.assert_told(reader, "key")
                    self.assertEqual(reader.read(), "PONG")

    def test_missing_keys_and_commands_of_many_keys_count_too(self):
        node = self.node()
        reader, writer = self.client(node, "ON"), self.client(node)
        reader.call("MGET", "{t}a", "{t}b", "{t}c")
        reader.call("EXISTS", "{t}d")
        for key in ("{t}c", "{t}a", "{t}d"):
            writer.call("SET", key, 1)
            self.assert_told(reader, key)
        reader.call("SET", "{t}e", 1)
        writer.call("SET", "{t}e", 2)
        self.assert_silent(reader)

    def test_what_a_script_reads_is_remembered_where_its_keys_live(self):
        """It runs at its connection or at its declared key, and reads keys of all workers; what it only declares does not
        count."""
        node = self.node()
        writer = self.client(node)
        body = "for i = 0, 8 do redis.call('get', 'key' .. i) end return 'done'"
        for words in (("EVAL", body, 0), ("EVAL_RO", body, 0), ("EVAL", body, 1, "declared"),
                      ("EVAL_RO", body, 1, "declared")):
            for _ in range(3):
                reader = self.client(node, "ON")
                self.assertEqual(reader.call(*words), b"done")
                for number in range(9):
                    writer.call("SET", f"key{number}", 1)
                    self.assert_told(reader, f"key{number}")
                for number in range(9):
                    writer.call("SET", f"key{number}", 2)
                writer.call("SET", "declared", 1)
                self.assert_silent(reader)
                reader.close()

    def test_a_script_with_noloop(self):
        node = self.node()
        body = "for i = 0, 8 do redis.call('set', 'key' .. i, 1) end return 'done'"
        for _ in range(3):
            quiet, loud = self.client(node, "ON", "NOLOOP"), self.client(node, "ON")
            for number in range(9):
                for c in (quiet, loud):
                    c.call("GET", f"key{number}")
            self.assertEqual(quiet.call("EVAL", body, 0), b"done")
            self.assertEqual(sorted(loud.read()[1] for _ in range(9)), [[b"key%d" % number] for number in range(9)])
            self.assert_silent(quiet)

    def test_expiry_deletion_and_eviction(self):
        node = self.node()
        reader, writer = self.client(node, "ON"), self.client(node)
        writer.call("SET", "key", 1, "PX", 100)
        reader.call("GET", "key")
        self.assert_told(reader, "key")
        writer.call("SET", "key", 1)
        reader.call("GET", "key")
        writer.call("DEL", "key")
        self.assert_told(reader, "key")
        writer.call("SET", "key", "x" * 10000)
        reader.call("GET", "key")
        writer.call("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        writer.call("CONFIG", "SET", "maxmemory", int(node.info("memory")["used_memory"]) - 1000)
        # Evicts what the worker of the written key holds; some key of each worker meets the one that was read.
        for number in range(10):
            writer.ask("SET", f"other{number}", "x")
        self.assert_told(reader, "key")

    def test_flushall_is_told_as_null_to_all(self):
        node = self.node()
        clients = [self.client(node, "ON"), self.client(node, "ON", "BCAST", "PREFIX", "x"), self.client(node, "ON")]
        plain = self.client(node)
        clients[2].call("GET", "key")
        self.assertEqual(clients[0].call("FLUSHALL"), "OK")
        for c in clients:
            self.assertEqual(c.read(), [b"invalidate", None])
        plain.call("SET", "key", 1)
        self.assert_silent(*clients, plain)

    def test_noloop(self):
        node = self.node()
        loud, quiet = self.client(node, "ON"), self.client(node, "ON", "NOLOOP")
        for c in (loud, quiet):
            c.call("GET", "key")
        quiet.call("SET", "key", 1)
        self.assert_told(loud, "key")
        self.assert_silent(quiet)
        quiet.call("GET", "key")
        loud.call("SET", "key", 2)
        self.assert_told(quiet, "key")
        loud.call("GET", "key")
        self.assertEqual(loud.call("SET", "key", 3), "OK")
        self.assert_told(loud, "key")

    def test_optin_and_optout(self):
        node = self.node()
        writer = self.client(node)
        c = self.client(node, "ON", "OPTIN")
        c.call("GET", "{t}a")
        c.call("CLIENT", "CACHING", "YES")
        c.call("GET", "{t}b")
        c.call("GET", "{t}c")
        c.call("CLIENT", "CACHING", "YES")
        c.pipeline([("MULTI",), ("GET", "{t}d"), ("GET", "{t}e"), ("EXEC",)])
        for key in "abcde":
            writer.call("SET", f"{{t}}{key}", 1)
        for key in "bde":
            self.assert_told(c, f"{{t}}{key}")
        self.assert_silent(c)
        c = self.client(node, "ON", "OPTOUT")
        c.call("GET", "{t}a")
        c.call("CLIENT", "CACHING", "NO")
        c.call("GET", "{t}b")
        c.call("GET", "{t}c")
        for key in "abc":
            writer.call("SET", f"{{t}}{key}", 1)
        for key in "ac":
            self.assert_told(c, f"{{t}}{key}")
        self.assert_silent(c)

    def test_broadcast(self):
        node = self.node()
        every, some, quiet = (self.client(node, "ON", "BCAST"), self.client(node, "ON", "BCAST", "PREFIX", "a", "PREFIX", "b"),
                              self.client(node, "ON", "BCAST", "PREFIX", "a", "NOLOOP"))
        writer = self.client(node)
        for key in ("a1", "b1", "c1"):
            writer.call("SET", key, 1)
            self.assert_told(every, key)
            if key != "c1":
                self.assert_told(some, key)
            if key == "a1":
                self.assert_told(quiet, key)
        quiet.call("SET", "a2", 1)
        self.assert_told(some, "a2")
        self.assert_told(every, "a2")
        self.assert_silent(every, some, quiet)
        writer.pipeline([("MULTI",), ("SET", "{t}b", 1), ("SET", "{t}a", 1), ("EXEC",)])
        self.assert_told(every, "{t}a", "{t}b")
        some.call("CLIENT", "TRACKING", "OFF")
        quiet.close()
        until(lambda: node.info("stats")["tracking_total_prefixes"] == "1", 5, "one prefix is left")
        writer.call("SET", "a3", 1)
        self.assert_told(every, "a3")
        self.assert_silent(some)

    def test_redirection(self):
        node = self.node()
        writer = self.client(node)
        for protocol in (2, 3):
            for _ in range(4):
                target = self.client(node, protocol=protocol)
                number = target.call("CLIENT", "ID")
                target.call("SUBSCRIBE", "__redis__:invalidate")
                reader = self.client(node, "ON", "REDIRECT", number, protocol=2)
                self.assertEqual(reader.call("CLIENT", "GETREDIR"), number)
                reader.call("GET", "key")
                writer.call("SET", "key", 1)
                want = [b"invalidate", [b"key"]] if protocol == 3 else [b"message", b"__redis__:invalidate", [b"key"]]
                self.assertEqual(target.read(), want)
                writer.call("FLUSHALL")
                self.assertEqual(target.read()[-1], None)
                target.close()

    def test_a_redirection_that_breaks(self):
        node = self.node()
        writer, target = self.client(node), self.client(node)
        number = target.call("CLIENT", "ID")
        reader = self.client(node, "ON", "REDIRECT", number)
        reader.call("GET", "key")
        target.close()
        until(lambda: b"id=%d " % number not in node.call("CLIENT", "LIST"), 5, "the target is gone")
        writer.call("SET", "key", 1)
        self.assertEqual(reader.read(), [b"tracking-redir-broken", number])
        self.assertIn(b"broken_redirect", reader.call("CLIENT", "TRACKINGINFO")[b"flags"])
        self.assertIn(" flags=tR ", str(reader.call("CLIENT", "INFO")))

    def test_the_table_has_a_limit(self):
        node = self.node(tracking_table_max_keys=30)
        reader = self.client(node, "ON")
        pushed = 0
        for number in range(100):
            reader.send(b"*2\r\n$3\r\nGET\r\n$%d\r\nkey%d\r\n" % (len(f"key{number}"), number))
            while isinstance(reader.read(), Push):
                pushed += 1
        until(lambda: int(node.info("stats")["tracking_total_keys"]) <= 30, 5, "the table is within its limit")
        self.assertGreater(pushed, 50)
        self.assertEqual(node.info("clients")["tracking_clients"], "1")

    def test_a_caching_client_never_keeps_what_is_old(self):
        """Readers that cache and believe the invalidations, a writer that counts up: once told, all agree."""
        node = self.node()
        writer = self.client(node)
        readers = [self.client(node, "ON") for _ in range(3)]
        for turn in range(200):
            key = f"key{turn % 7}"
            writer.call("SET", key, turn)
            for reader in readers:
                value = reader.call("GET", key)
                while isinstance(value, Push):
                    value = reader.read()
                self.assertEqual(value, b"%d" % turn)
                writer.call("SET", key, turn)
                self.assertEqual(reader.read(), [b"invalidate", [key.encode()]])

    def test_not_over_the_router_port(self):
        from integration.lib import ports, resp
        port = ports.take()[0]
        self.addCleanup(ports.give_back, port, 1)
        self.node(router_port=port)
        with resp.Connection(port, protocol=3) as c:
            self.assertIn("not served on the router port", str(c.ask("CLIENT", "TRACKING", "ON")))
            self.assertEqual(c.ask("CLIENT", "TRACKING", "OFF"), "OK")


class TrackingWithOneWorker(Tracking):
    threads = 1


class Ownership(Case):
    def test_keys_of_a_slot_that_leaves_are_told(self):
        cluster = self.cluster(primaries=3, replicas=0, io_threads=3)
        source, target = cluster.servers[0], cluster.servers[1]
        key = next(f"key{number}" for number in range(1000) if slot_of(f"key{number}") <= 5460)
        with source.connect(protocol=3) as reader:
            source.call("SET", key, 1)
            reader.call("CLIENT", "TRACKING", "ON")
            reader.call("GET", key)
            for server in (target, cluster.servers[2]):
                server.call("CLUSTER", "SETSLOT", slot_of(key), "NODE", target.node_id())
            self.assertEqual(reader.read(), [b"invalidate", [key.encode()]])
