"""The router port: a plain client on any node sees one server. Debian's redis-py is the client where it can be; the raw client
where replies must be seen as they came."""

import time

from integration.lib import resp
from integration.lib.resp import ReplyError
from integration.lib.router import RouterCase, Units, key_in
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

    def test_it_goes_where_its_keys_are_while_their_slot_moves(self):
        cluster = self.routed(3, 0, io_threads=3, router_max_wait=1000)
        key = key_in(0, 5000, "moving")
        missing = "{" + key + "}missing"
        slot = slot_of(key)
        source = cluster.owner_of(slot)
        target = next(server for server in cluster.servers if server is not source)
        source.call("SET", key, 10)
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        connections = [self.raw(source) for _ in range(9)]
        connections += [self.raw(server) for server in cluster.servers if server is not source]

        def count(connection):
            return connection.pipeline([("MULTI",), ("INCR", key), ("GET", key), ("EXEC",)])[-1]

        counted = 10
        for connection in connections:
            counted += 1
            self.assertEqual(count(connection), [counted, b"%d" % counted], "its key has not moved yet")
        # A command on the slot is under way at the target when a transaction comes.
        source.call("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
        for connection in connections:
            with self.raw(source) as other:
                target.freeze()
                other.send(resp.encode("GET", missing))
                connection.send(b"".join(resp.encode(*command) for command in (("MULTI",), ("INCR", key), ("EXEC",))))
                time.sleep(0.1)  # until both have been read
                target.thaw()
                counted += 1
                self.assertEqual([connection.read() for _ in range(3)], ["OK", "QUEUED", [counted]])
                self.assertIsNone(other.read())
        for connection in connections:
            counted += 1
            self.assertEqual(count(connection), [counted, b"%d" % counted], "its key has moved")
        with source.connect() as direct:
            self.assertIn(f"ASK {slot} ", str(direct.ask("GET", key)), "nothing was made here")
        # One key there, one here: nobody can do both.
        here = "{" + key + "}here"
        source.call("CLUSTER", "SETSLOT", slot, "STABLE")
        source.call("SET", here, 1)
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        replies = connections[0].pipeline([("MULTI",), ("INCR", key), ("INCR", here), ("EXEC",)])
        self.assertIn("TRYAGAIN", str(replies[-1]))
        self.assertEqual(source.call("GET", here), b"1")

    def test_slots_move_and_nobody_notices(self):
        cluster = self.routed(3, 0, io_threads=3)
        source, target, other = cluster.servers
        with Units(source.router_port, 3) as first, Units(target.router_port, 3) as second, Units(other.router_port, 1) as third:
            owners = {slot_of(key): cluster.owner_of(slot_of(key))
                      for units in (first, second, third) for key in units.keys(0)[:4]}
            for turn in range(3):
                for slot, owner in owners.items():
                    owners[slot] = source if owner is target else target
                    self.move(slot, owner, owners[slot])
                done = [units.rounds for units in (first, second, third)]
                until(lambda: all(units.rounds > n for units, n in zip((first, second, third), done)), 20, f"turn {turn}")
        for units in (first, second, third):
            self.assertEqual(units.problems, [])

    def move(self, slot, source, target):
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        while keys := source.call("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.call("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for server in (target, source):
            server.call("CLUSTER", "SETSLOT", slot, "NODE", target.node_id())

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


RANGES = ((0, 5000), (6000, 10000), (11000, 16383))
# What a node says when it has not executed a command, out of the mouth of a script that was.
LIKE_REFUSALS = ("TRYAGAIN later", "LOADING Redis is loading the dataset in memory", "CLUSTERDOWN The cluster is down",
                 "READONLY You can't write against a read only replica.", "MASTERDOWN Link with MASTER is down",
                 "MOVED 1 127.0.0.1:{port}", "ASK 1 127.0.0.1:{port}", "MOVED nonsense", "EXECABORT because")
COUNT_AND_FAIL = "redis.call('INCR', KEYS[1]) return redis.error_reply(ARGV[1])"
LIBRARY = ("#!lua name=lib\nredis.register_function('fail', function(keys, args) redis.call('INCR', keys[1]) "
           "return redis.error_reply(args[1]) end)")


class Scripts(RouterCase):
    def check_errors(self, cluster, connection, calls):
        for number, text in enumerate(LIKE_REFUSALS):
            for low, high in RANGES:
                key = key_in(low, high, f"script{number}")
                for server in cluster.servers:
                    error = text.format(port=server.port)
                    for name, what in calls:
                        connection.call("DEL", key)
                        self.assertEqual(str(connection.ask(name, what, 1, key, error)), error)
                        self.assertEqual(connection.call("GET", key), b"1", f"{name} was executed once: {error}")
                    if "port" not in text:
                        break

    def test_an_error_that_a_script_returns_is_its_result(self):
        cluster = self.routed(3, 0, io_threads=3)
        for server in cluster.servers:
            server.call("FUNCTION", "LOAD", LIBRARY)
            sha = server.call("SCRIPT", "LOAD", COUNT_AND_FAIL).decode()
        calls = (("EVAL", COUNT_AND_FAIL), ("EVALSHA", sha), ("FCALL", "fail"))
        for protocol in (2, 3):
            self.check_errors(cluster, self.raw(cluster.servers[0], protocol=protocol), calls)

    def test_with_redis_servers(self):
        cluster = self.routed(3, 0, kinds=[GUCCHO, REDIS, REDIS])
        self.check_errors(cluster, self.raw(cluster.servers[0]), (("EVAL", COUNT_AND_FAIL),))

    def test_results_and_other_errors_are_as_from_the_node(self):
        cluster = self.routed(3, 0, io_threads=3)
        calls = [(("EVAL", script, 1), args) for script, *args in (
            ("return {1, {'a', {}}, false, 'text'}",), ("return 7",), ("return nil",), ("return {}",), ("return",),
            ("redis.setresp(3) return redis.call('HGETALL', KEYS[1])",), ("return redis.status_reply('FINE')",),
            ("return ARGV[1]", "x" * 100_000), ("return redis.call('LPUSH', KEYS[1])",), ("return redis.call('NOSUCH')",),
            ("this is no Lua",), ("return redis.pcall('GET', 'elsewhere')",))]
        calls += [(("EVALSHA", "f" * 40, 1), []), (("FCALL", "nosuch", 1), []), (("EVAL_RO", "return 1", 1), []),
                  (("EVAL_RO", "return redis.call('SET', KEYS[1], 1)", 1), [])]
        for protocol in (2, 3):
            connection = self.raw(cluster.servers[0], protocol=protocol)
            for low, high in RANGES:
                key = key_in(low, high, "result")
                owner = cluster.owner_of(slot_of(key))
                with owner.connect(protocol=protocol) as direct:
                    for begin, args in calls:
                        request = resp.encode(*begin, key, *args)
                        direct.send(request)
                        connection.send(request)
                        self.assertEqual(connection.read_with_bytes()[1], direct.read_with_bytes()[1], begin)

    def test_order_with_other_commands_of_the_slot(self):
        cluster = self.routed(3, 0, io_threads=3)
        connection = self.raw(cluster.servers[0])
        keys = [key_in(low, high, "order") for low, high in RANGES]
        append = "return redis.call('APPEND', KEYS[1], ARGV[1])"
        connection.pipeline([command for step in range(100) for key in keys for command in (
            ("APPEND", key, f"{step},"), ("EVAL", append, 1, key, f"{step}s,"), ("MULTI",), ("APPEND", key, f"{step}m,"),
            ("EVAL", append, 1, key, f"{step}t,"), ("EXEC",))])
        want = "".join(f"{step},{step}s,{step}m,{step}t," for step in range(100)).encode()
        self.assertEqual(connection.pipeline([("GET", key) for key in keys]), [want] * 3)

    def test_while_its_slot_moves(self):
        cluster = self.routed(3, 0, io_threads=3)
        stays, goes = "{moving}stays", "{moving}goes"
        slot = slot_of(stays)
        source = cluster.owner_of(slot)
        target, other = [server for server in cluster.servers if server is not source]
        source.call("SET", stays, "0")
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
        count = 0
        for server in (source, target, other):
            # Of different workers, one of which has the slot.
            for connection in [self.raw(server) for _ in range(4)]:
                for text in ("TRYAGAIN later", f"ASK {slot} 127.0.0.1:{target.port}"):
                    count += 1
                    for key in (stays, goes):
                        self.assertEqual(str(connection.ask("EVAL", COUNT_AND_FAIL, 1, key, text)), text)
                    self.assertEqual(connection.pipeline([("GET", stays), ("GET", goes)]), [str(count).encode()] * 2)


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
