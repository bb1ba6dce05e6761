"""The router port: a plain client on any node sees one server. Debian's redis-py is the client where it can be; the raw client
where replies must be seen as they came."""

from integration.lib import resp
from integration.lib.resp import ReplyError
from integration.lib.router import RouterCase, key_in
from integration.lib.server import GUCCHO, REDIS
from integration.lib.slots import slot_of
from integration.lib.wait import until


class Forwarding(RouterCase):
    def all_keys_through(self, cluster, count=600):
        for server in cluster.servers:
            client = self.plain(server, decode_responses=True)
            name = f"from-{server.port}"
            for batch in range(0, count, 100):
                pipeline = client.pipeline(transaction=False)
                for number in range(batch, batch + 100):
                    pipeline.set(f"{name}:{number}", f"value-{number}")
                self.assertEqual(pipeline.execute(), [True] * 100)
        for server in cluster.servers:
            client = self.plain(server, decode_responses=True)
            for writer in cluster.servers:
                pipeline = client.pipeline(transaction=False)
                for number in range(count):
                    pipeline.get(f"from-{writer.port}:{number}")
                self.assertEqual(pipeline.execute(), [f"value-{number}" for number in range(count)])

    def test_every_key_through_every_node(self):
        self.all_keys_through(self.routed(3, 1))

    def test_every_key_with_three_workers(self):
        self.all_keys_through(self.routed(3, 0, io_threads=3))

    def test_a_node_that_loads_its_data_is_not_seen(self):
        cluster = self.routed(1, 1, io_threads=3)
        primary, replica = cluster.servers
        with primary.connect() as connection:
            for first in range(0, 200_000, 5000):
                connection.pipeline([("SET", f"bulk:{number}", "x" * 40) for number in range(first, first + 5000)])
        replica.kill()
        replica.restart()
        loading, errors, turn = 0, set(), 0
        with replica.connect() as direct:
            client = self.raw(replica)
            direct.call("READONLY")

            def loaded():
                nonlocal loading, turn
                turn += 1
                errors.update(str(reply) for reply in client.pipeline(
                    [("PING",), ("SET", "k", turn), ("GET", "k"), ("ECHO", "a"), ("CLIENT", "ID"), ("MULTI",), ("INCR", "{k}n"),
                     ("GET", "k"), ("EXEC",)]) if isinstance(reply, Exception))
                seen = direct.ask("GET", "bulk:0")
                loading += str(seen).startswith("LOADING")
                return seen == b"x" * 40
            until(loaded, 60, "the replica has the data")
        self.assertGreater(loading, 0, "the load was too short to be seen")
        self.assertEqual(errors, set())

    def test_with_passwords(self):
        cluster = self.routed(3, 0)
        for server in cluster.servers:
            server.call("CONFIG", "SET", "requirepass", "secret", "masterauth", "secret")
        client = self.plain(cluster.servers[0], password="secret", decode_responses=True)
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high)
            client.set(key, "v")
            self.assertEqual(client.get(key), "v")
        self.assertIn("NOAUTH", str(self.raw(cluster.servers[0]).ask("GET", key)))

    def test_order_within_a_pipeline(self):
        cluster = self.routed(3, 0, io_threads=3)
        keys = [key_in(low, low + 800, "order") for low in range(0, 16000, 800)]
        connection = self.raw(cluster.servers[0])
        for turn in range(20):
            commands = [("APPEND", key, f"{turn}:{step},") for step in range(20) for key in keys]
            replies = connection.pipeline(commands)
            self.assertTrue(all(isinstance(reply, int) for reply in replies), replies[:5])
        expected = "".join(f"{turn}:{step}," for turn in range(20) for step in range(20)).encode()
        self.assertEqual(connection.pipeline([("GET", key) for key in keys]), [expected] * len(keys))

    def test_replies_in_the_clients_protocol(self):
        cluster = self.routed(3, 0)
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high, "hash")
            old, new = self.raw(cluster.servers[0]), self.raw(cluster.servers[0], protocol=3)
            old.call("HSET", key, "field", "value")
            self.assertEqual(old.call("HGETALL", key), [b"field", b"value"])
            new.send(resp.encode("HGETALL", key))
            self.assertEqual(new.read_with_bytes()[1], b"%1\r\n$5\r\nfield\r\n$5\r\nvalue\r\n")
            old.call("SET", key, "x" * 300000)
            self.assertEqual(new.call("GET", key), b"x" * 300000)
            new.send(resp.encode("GET", key + "-missing"))
            self.assertEqual(new.read_with_bytes()[1], b"_\r\n")

    def test_errors_are_the_nodes_own(self):
        cluster = self.routed(3, 0)
        connection = self.raw(cluster.servers[0])
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high)
            connection.call("SET", key, "text")
            self.assertEqual(str(connection.ask("INCR", key)), "ERR value is not an integer or out of range")
            self.assertIn("WRONGTYPE", str(connection.ask("HGET", key, "f")))

    def test_what_one_node_cannot_answer_is_refused(self):
        connection = self.raw(self.routed(3, 0).servers[0])
        for command in (("DBSIZE",), ("FLUSHALL",), ("KEYS", "*"), ("SCAN", "0"), ("RANDOMKEY",), ("WAIT", "1", "1")):
            self.assertIn("not served on the router port", str(connection.ask(*command)), command)
        self.assertIn("CROSSSLOT", str(connection.ask("MGET", key_in(0, 5000), key_in(11000, 16000))))
        self.assertEqual(connection.call("PING"), "PONG")

    def test_reply_off_and_skip(self):
        cluster = self.routed(3, 0)
        connection = self.raw(cluster.servers[0])
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high, "quiet")
            connection.send(resp.encode("CLIENT", "REPLY", "SKIP") + resp.encode("SET", key, "1"))
            self.assertEqual(connection.call("GET", key), b"1")


class BeforeRedis(RouterCase):
    """The other nodes are Debian's redis-server: what is forwarded is what any Redis understands."""

    def test_commands_transactions_and_a_moving_slot(self):
        cluster = self.routed(3, 0, kinds=[GUCCHO, REDIS, REDIS])
        ours, source, target = cluster.servers
        for protocol in (2, 3):
            connection = self.raw(ours, protocol=protocol)
            for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
                key = key_in(low, high, f"mixed{protocol}")
                replies = connection.pipeline([("SET", key, "1"), ("MULTI",), ("INCR", key), ("GET", key), ("EXEC",),
                                               ("HGETALL", key + "-none"), ("HGET", key, "f")])
                self.assertEqual(replies[:5], ["OK", "OK", "QUEUED", "QUEUED", [2, b"2"]])
                self.assertEqual(replies[5], [] if protocol == 2 else {})
                self.assertIn("WRONGTYPE", str(replies[6]))
        key = key_in(6000, 10000, "moving")
        slot = slot_of(key)
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        replies = connection.pipeline([("SET", key, "1"), ("MULTI",), ("INCR", key), ("EXEC",), ("GET", key)])
        self.assertEqual(replies, ["OK", "OK", "QUEUED", [2], b"2"])
        with target.connect() as direct:
            self.assertEqual(direct.pipeline([("ASKING",), ("GET", key)]), ["OK", b"2"])


class Transactions(RouterCase):
    def test_all_in_one_slot_of_another_node(self):
        cluster = self.routed(3, 0)
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high, "tx")
            client = self.plain(cluster.servers[0], decode_responses=True)
            with client.pipeline(transaction=True) as pipeline:
                pipeline.set(key, "1").incr(key).get(key).hset("{" + key + "}h", "f", "v")
                self.assertEqual(pipeline.execute(), [True, 2, "2", 1])
            connection = self.raw(cluster.servers[0])
            replies = connection.pipeline([("MULTI",), ("SET", key, "text"), ("INCR", key), ("EXEC",), ("GET", key)])
            self.assertEqual(replies[:3], ["OK", "QUEUED", "QUEUED"])
            self.assertEqual(replies[3][0], "OK")
            self.assertIsInstance(replies[3][1], ReplyError)
            self.assertEqual(replies[4], b"text")

    def test_what_cannot_be_one_unit_is_refused(self):
        cluster = self.routed(3, 0)
        low, high = key_in(0, 5000), key_in(11000, 16383)
        connection = self.raw(cluster.servers[0])
        replies = connection.pipeline([("MULTI",), ("SET", low, "1"), ("SET", high, "1"), ("EXEC",)])
        self.assertIn("CROSSSLOT", str(replies[3]))
        self.assertIn("not served on the router port", str(connection.ask("WATCH", high)))
        self.assertEqual(connection.ask("WATCH", low), "OK")
        replies = connection.pipeline([("MULTI",), ("SET", high, "1"), ("EXEC",)])
        self.assertIn("EXECABORT", str(replies[2]))
        self.assertEqual(connection.call("MGET", high), [None])


class Moving(RouterCase):
    def test_a_slot_that_is_being_moved(self):
        cluster = self.routed(3, 0, io_threads=3)
        source, target, other = cluster.servers
        stays, goes = "{moving}stays", "{moving}goes"
        slot = slot_of(stays)
        source = cluster.owner_of(slot)
        target, other = [server for server in cluster.servers if server is not source]
        source.call("SET", stays, "at the source")
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        for number, server in enumerate((source, target, other)):
            connection = self.raw(server)
            replies = connection.pipeline([("GET", stays), ("APPEND", goes, f"{number}"), ("GET", goes), ("GET", stays)])
            text = "012"[:number + 1].encode()
            self.assertEqual(replies, [b"at the source", number + 1, text, b"at the source"])
        with target.connect() as connection:
            self.assertEqual(connection.pipeline([("ASKING",), ("GET", goes)]), ["OK", b"012"])
        # The slot goes for good: the source still has a key, which a real move would have taken along.
        source.call("DEL", stays)
        target.call("CLUSTER", "SETSLOT", slot, "NODE", target.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "NODE", target.node_id())
        for server in (source, target, other):
            self.assertEqual(self.raw(server).pipeline([("GET", goes), ("GET", stays)]), [b"012", None])
