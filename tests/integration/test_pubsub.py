"""Pub/sub across workers and across the cluster, and keyspace events: what one server alone (tests/compat/differential,
cases/pubsub.case) does not show."""

import socket
import time

from integration.lib.background import Load
from integration.lib.case import Case
from integration.lib.resp import Push, encode
from integration.lib.server import GUCCHO, REDIS, SUBJECT
from integration.lib.slots import slot_of
from integration.lib.wait import hold, until


def nothing_comes(connection, seconds=0.3):
    connection.settimeout(seconds)
    try:
        got = connection.read()
    except socket.timeout:
        connection.settimeout(10.0)
        return
    raise AssertionError(f"came without being asked for: {got}")


class OneNode(Case):
    def node(self, **directives):
        node = self.server(**{"io_threads": 3, **directives})
        node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: node.cluster_info()["cluster_state"] == "ok", 10, f"{node} is up")
        return node

    def client(self, node, protocol=2):
        connection = node.connect(protocol=protocol)
        self.addCleanup(connection.close)
        return connection

    def test_every_subscriber_on_every_worker_gets_every_message(self):
        node = self.node()
        subscribers = [self.client(node, 2 + number % 2) for number in range(12)]
        for c in subscribers:
            c.call("SUBSCRIBE", "news")
        publisher = self.client(node)
        replies = publisher.pipeline([("PUBLISH", "news", number) for number in range(500)])
        self.assertEqual(replies, [12] * 500)
        for c in subscribers:
            self.assertEqual([c.read() for _ in range(500)],
                             [[b"message", b"news", b"%d" % number] for number in range(500)])

    def test_a_message_comes_after_the_write_before_it(self):
        node = self.node()
        subscriber, reader, writer = self.client(node), self.client(node), self.client(node)
        subscriber.call("SUBSCRIBE", "changes")
        for number in range(200):
            writer.send(encode("SET", f"key{number}", number) + encode("PUBLISH", "changes", f"key{number}"))
            self.assertEqual(subscriber.read()[2], b"key%d" % number)
            self.assertEqual(reader.call("GET", f"key{number}"), b"%d" % number)
            writer.read(), writer.read()

    def test_a_message_comes_before_what_its_publisher_knows_of(self):
        """Whoever has the reply to PUBLISH may tell a subscriber to leave: the message is there before it has left."""
        node = self.node()
        subscribers, publisher = [self.client(node) for _ in range(6)], self.client(node)
        with Load(node, 6):
            for number in range(200):
                for c in subscribers:
                    c.call("PSUBSCRIBE", "n*")
                self.assertEqual(publisher.call("PUBLISH", "news", number), 6)
                for c in subscribers:
                    c.send(encode("PUNSUBSCRIBE", "n*"))
                for c in subscribers:
                    self.assertEqual(c.read(), [b"pmessage", b"n*", b"news", b"%d" % number])
                    self.assertEqual(c.read(), [b"punsubscribe", b"n*", 0])

    def test_pushes_come_between_replies(self):
        node = self.node()
        c = self.client(node, 3)
        c.call("SUBSCRIBE", "news")
        self.assertEqual(c.call("SET", "key", "value"), "OK")
        c.send(encode("GET", "key") + encode("PUBLISH", "news", "hello") + encode("GET", "key"))
        got = [c.read() for _ in range(4)]
        self.assertEqual([item for item in got if not isinstance(item, Push)], [b"value", 1, b"value"])
        self.assertEqual([item for item in got if isinstance(item, Push)], [[b"message", b"news", b"hello"]])

    def test_a_push_in_a_transaction_comes_after_its_reply(self):
        c = self.client(self.node(), 3)
        c.call("SUBSCRIBE", "news")
        c.pipeline([("MULTI",), ("PUBLISH", "news", 1), ("SET", "key", 2), ("PUBLISH", "news", 3)])
        c.send(encode("EXEC"))
        self.assertEqual([c.read() for _ in range(3)],
                         [[1, "OK", 1], [b"message", b"news", b"1"], [b"message", b"news", b"3"]])

    def test_who_leaves_is_counted_no_more(self):
        node = self.node()
        c = self.client(node)
        leaving = [self.client(node) for _ in range(6)]
        for number, each in enumerate(leaving):
            each.call("SUBSCRIBE", "a")
            each.call("PSUBSCRIBE", f"p{number % 2}*")
            each.call("SSUBSCRIBE", "s")
        self.assertEqual(c.call("PUBSUB", "NUMSUB", "a"), [b"a", 6])
        self.assertEqual(c.call("PUBSUB", "NUMPAT"), 2)
        self.assertEqual(c.call("PUBSUB", "SHARDNUMSUB", "s"), [b"s", 6])
        info = node.info("stats")
        self.assertEqual((info["pubsub_channels"], info["pubsub_patterns"], info["pubsubshard_channels"]), ("1", "2", "1"))
        until(lambda: node.info("clients")["pubsub_clients"] == "6", 5, "six subscribers are counted")
        leaving.pop().ask("RESET")
        for each in leaving:
            each.close()
        until(lambda: c.call("PUBSUB", "NUMSUB", "a") == [b"a", 0] and c.call("PUBSUB", "NUMPAT") == 0
              and c.call("PUBSUB", "SHARDCHANNELS") == [], 5, "nobody is left")
        self.assertEqual(c.call("PUBLISH", "a", "x"), 0)
        until(lambda: node.info("clients")["pubsub_clients"] == "0", 5, "no subscribers are counted")

    def test_what_client_list_says(self):
        node = self.node()
        c = self.client(node, 3)
        c.call("SUBSCRIBE", "a")
        c.call("SUBSCRIBE", "b")
        c.call("PSUBSCRIBE", "p*")
        c.call("SSUBSCRIBE", "s")
        line = c.call("CLIENT", "INFO")
        self.assertIn(" flags=P ", str(line))
        self.assertIn(" sub=2 psub=1 ssub=1 ", str(line))
        self.assertEqual(len(node.call("CLIENT", "LIST", "TYPE", "pubsub").splitlines()), 1)

    def test_a_subscriber_that_does_not_read_is_closed(self):
        node = self.node(client_output_buffer_limit="pubsub 1mb 0 0")
        slow, publisher = self.client(node), self.client(node)
        slow.call("SUBSCRIBE", "news")
        message = "x" * 100000
        until(lambda: publisher.call("PUBLISH", "news", message) == 0, 20, "the slow subscriber is gone")

    def test_a_subscriber_over_the_soft_limit_is_closed_after_its_time(self):
        node = self.node(client_output_buffer_limit="pubsub 0 100kb 3600")
        slow, publisher = self.client(node), self.client(node)
        slow.call("SUBSCRIBE", "news")
        # More than what the kernel holds for a connection.
        for _ in range(200):
            publisher.call("PUBLISH", "news", "x" * 100000)
        self.assertEqual(publisher.call("PUBLISH", "news", "x"), 1, "its time is not over")
        publisher.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 100kb 1")
        until(lambda: publisher.call("PUBLISH", "news", "x") == 0, 20, "the slow subscriber is gone")


class KeyspaceEvents(Case):
    def test_from_every_worker_in_order(self):
        node = self.server(io_threads=3, notify_keyspace_events="KEA")
        node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: node.cluster_info()["cluster_state"] == "ok", 10, f"{node} is up")
        with node.connect() as subscriber, node.connect() as writer:
            subscriber.call("PSUBSCRIBE", "__key*__:*")
            for number in range(30):
                key = f"key{number}".encode()
                writer.pipeline([("SET", key, 1), ("EXPIRE", key, 100), ("DEL", key)])
                got = [subscriber.read()[2:] for _ in range(6)]
                self.assertEqual(got, [part for event in (b"set", b"expire", b"del") for part in (
                    [b"__keyspace@0__:" + key, event], [b"__keyevent@0__:" + event, key])])

    def test_expiry_and_eviction(self):
        node = self.server(io_threads=3, notify_keyspace_events="Exe")
        node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: node.cluster_info()["cluster_state"] == "ok", 10, f"{node} is up")
        with node.connect() as subscriber, node.connect() as writer:
            subscriber.call("PSUBSCRIBE", "__key*__:*")
            for number in range(20):
                writer.call("SET", f"key{number}", 1, "PX", 20)
            self.assertEqual({subscriber.read()[3] for _ in range(20)}, {b"key%d" % number for number in range(20)})
            writer.call("SET", "victim", "x" * 10000)
            used = int(node.info("memory")["used_memory"])
            writer.call("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
            writer.call("CONFIG", "SET", "maxmemory", max(1, used - 1000))
            writer.ask("SET", "other", "x")
            self.assertEqual(subscriber.read()[2], b"__keyevent@0__:evicted")

    def test_a_replica_tells_its_own_subscribers(self):
        cluster = self.cluster(primaries=3, replicas=1, notify_keyspace_events="KEA")
        key = next(f"key{number}" for number in range(1000) if slot_of(f"key{number}") <= 5460)
        with cluster.servers[3].connect() as subscriber, cluster.servers[1].connect() as elsewhere:
            for c in (subscriber, elsewhere):
                c.call("PSUBSCRIBE", "__keyspace@0__:*")
            cluster.servers[0].call("SET", key, 1)
            self.assertEqual(subscriber.read()[2:], [f"__keyspace@0__:{key}".encode(), b"set"])
            nothing_comes(elsewhere)


class Clusters:
    """The kinds of the six nodes come from the class."""
    kinds = None

    def setUp(self):
        super().setUp()
        self.nodes = self.cluster(primaries=3, replicas=1, kinds=self.kinds)

    def subscriber(self, server, *command):
        connection = server.connect()
        self.addCleanup(connection.close)
        connection.call(*command)
        return connection

    def test_a_message_reaches_the_subscribers_of_every_node(self):
        subscribers = [self.subscriber(server, "SUBSCRIBE", "news") for server in self.nodes.servers]
        patterns = [self.subscriber(server, "PSUBSCRIBE", "n*") for server in self.nodes.servers]
        for number, server in enumerate(self.nodes.servers):
            self.assertEqual(server.call("PUBLISH", "news", number), 2, "of its own subscribers")
            for c in subscribers:
                self.assertEqual(c.read(), [b"message", b"news", b"%d" % number])
            for c in patterns:
                self.assertEqual(c.read(), [b"pmessage", b"n*", b"news", b"%d" % number])
        self.assertEqual(self.nodes.servers[0].call("PUBLISH", "other", "x"), 0)

    def test_a_big_message(self):
        subscribers = [self.subscriber(server, "SUBSCRIBE", "news") for server in self.nodes.servers]
        message = b"x" * 500000
        self.nodes.servers[0].call("PUBLISH", b"news", message)
        for c in subscribers:
            self.assertEqual(c.read(), [b"message", b"news", message])

    def test_a_shard_message_stays_in_the_shard(self):
        channel = next(f"ch{number}" for number in range(1000) if slot_of(f"ch{number}") <= 5460)
        primary, replica = self.nodes.servers[0], self.nodes.servers[3]
        subscribers = [self.subscriber(server, "SSUBSCRIBE", channel) for server in (primary, replica)]
        plain = [self.subscriber(server, "SUBSCRIBE", channel) for server in self.nodes.servers]
        for number, server in enumerate((primary, replica)):
            self.assertEqual(server.call("SPUBLISH", channel, number), 1)
            for c in subscribers:
                self.assertEqual(c.read(), [b"smessage", channel.encode(), b"%d" % number])
        for c in plain:
            nothing_comes(c, 0.1)
        for server in (self.nodes.servers[1], self.nodes.servers[4]):
            for command in (("SSUBSCRIBE", channel), ("SPUBLISH", channel, "x"), ("SUNSUBSCRIBE", channel)):
                self.assertEqual(str(server.ask(*command)), f"MOVED {slot_of(channel)} 127.0.0.1:{primary.port}")

    def test_a_slot_that_leaves_takes_its_subscribers_along(self):
        channel = next(f"ch{number}" for number in range(1000) if slot_of(f"ch{number}") <= 5460)
        other = next(f"ch{number}" for number in range(1000) if slot_of(f"ch{number}") <= 5460 and f"ch{number}" != channel)
        source, target, replica = self.nodes.servers[0], self.nodes.servers[1], self.nodes.servers[3]
        subscribers = [self.subscriber(server, "SSUBSCRIBE", channel) for server in (source, replica)]
        for c in subscribers:
            c.call("SSUBSCRIBE", other)
        for server in (target, source, self.nodes.servers[2]):
            server.call("CLUSTER", "SETSLOT", slot_of(channel), "NODE", target.node_id())
        for c in subscribers:
            self.assertEqual(c.read(), [b"sunsubscribe", channel.encode(), 1])
        self.assertEqual(source.call("PUBSUB", "SHARDCHANNELS"), [other.encode()])
        self.subscriber(target, "SSUBSCRIBE", channel)
        self.assertEqual(target.call("SPUBLISH", channel, "x"), 1)


class OurCluster(Clusters, Case):
    kinds = None


if SUBJECT is GUCCHO:
    class MixedCluster(Clusters, Case):
        """Each shard of the first two has a node of either kind."""
        kinds = [GUCCHO, REDIS, GUCCHO, REDIS, GUCCHO, GUCCHO]
