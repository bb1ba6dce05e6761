"""CLUSTER SLOT-STATS with cluster-slot-stats-enabled: what commands on keys of a slot cost."""

from integration.lib.case import Case
from integration.lib.resp import encode
from integration.lib.slots import slot_of
from integration.lib.wait import until

SET_REPLY = len(b"+OK\r\n")


class SlotStats(Case):
    def of(self, server, key):
        slot = slot_of(key)
        ((number, pairs),) = server.call("CLUSTER", "SLOT-STATS", "SLOTSRANGE", slot, slot)
        self.assertEqual(number, slot)
        return {name.decode(): value for name, value in zip(pairs[::2], pairs[1::2])}

    def traffic(self, server, key):
        stats = self.of(server, key)
        return stats["network-bytes-in"], stats["network-bytes-out"]

    def all_but(self, server, *keys):
        """What the other slots add up to."""
        slots = {slot_of(key) for key in keys}
        return sum(sum(pairs[3::2]) for slot, pairs in server.call("CLUSTER", "SLOT-STATS", "SLOTSRANGE", 0, 16383)
                   if slot not in slots)

    def test_off_until_asked_for(self):
        server = self.cluster(1, 0).servers[0]
        server.call("SET", "key", "value")
        self.assertEqual(self.of(server, "key"), {"key-count": 1})
        server.call("CONFIG", "SET", "cluster-slot-stats-enabled", "yes")
        self.assertEqual(self.of(server, "key"),
                         {"key-count": 1, "cpu-usec": 0, "network-bytes-in": 0, "network-bytes-out": 0})

    def test_what_is_counted(self):
        for workers in (1, 3):
            server = self.cluster(1, 0, io_threads=workers, cluster_slot_stats_enabled="yes").servers[0]
            # Of three workers at least one key is another's than the connection.
            keys = ["key", "other", "third", "a"]
            for key in keys:
                server.call("SET", key, "value")
                self.assertEqual(self.traffic(server, key), (len(encode("SET", key, "value")), SET_REPLY))
            server.call("PING")
            server.call("EVAL", "return 1", 0)
            self.assertEqual(self.all_but(server, *keys), 0)

            server.call("CONFIG", "RESETSTAT")
            self.assertEqual(self.traffic(server, "key"), (0, 0))
            with server.connect() as connection:
                get, push = ("GET", "{key}x"), ("LPUSH", "{key}list", "1")
                connection.pipeline([("MULTI",), get, push, ("EXEC",)])
            self.assertEqual(self.traffic(server, "key"), (len(encode(*get) + encode(*push)), len("$-1\r\n" + ":1\r\n")))

            # A script's commands are part of what it costs, and are no traffic.
            server.call("CONFIG", "RESETSTAT")
            script = ("EVAL", "for i = 1, 20000 do redis.call('SET', KEYS[1], i) end return 5", 1, "key")
            server.call(*script)
            self.assertEqual(self.traffic(server, "key"), (len(encode(*script)), len(":5\r\n")))
            self.assertGreater(self.of(server, "key")["cpu-usec"], 1000)
            ordered = server.call("CLUSTER", "SLOT-STATS", "ORDERBY", "CPU-USEC", "LIMIT", 1)
            self.assertEqual(ordered[0][0], slot_of("key"))

            # One that waited is counted when it is served.
            server.call("CONFIG", "RESETSTAT")
            wait = ("BLPOP", "queue", 0)
            with server.connect() as connection:
                connection.send(encode(*wait))
                until(lambda: server.info("clients")["blocked_clients"] == "1", 5, "it waits")
                self.assertEqual(self.traffic(server, "queue"), (0, 0))
                server.call("RPUSH", "queue", "x")
                self.assertEqual(connection.read(), [b"queue", b"x"])
            self.assertEqual(self.traffic(server, "queue"),
                             (len(encode(*wait) + encode("RPUSH", "queue", "x")),
                              len("*2\r\n$5\r\nqueue\r\n$1\r\nx\r\n" + ":1\r\n")))
            server.remove()

    def test_shard_channels(self):
        server = self.cluster(1, 0, io_threads=3, cluster_slot_stats_enabled="yes").servers[0]
        with server.connect() as one, server.connect() as two:
            for listener in (one, two):
                listener.call("SSUBSCRIBE", "news")
            server.call("CONFIG", "RESETSTAT")
            server.call("SPUBLISH", "news", "hello")
            for listener in (one, two):
                self.assertEqual(listener.read(), [b"smessage", b"news", b"hello"])
            until(lambda: self.traffic(server, "news") == (len(encode("SPUBLISH", "news", "hello")), len(":2\r\n") +
                                                           2 * len(encode("smessage", "news", "hello"))),
                  5, "both messages are counted")

    def test_replication_is_traffic(self):
        cluster = self.cluster(1, 1, cluster_slot_stats_enabled="yes")
        primary = cluster.servers[0]
        cluster.wait_replicated()
        primary.call("CONFIG", "RESETSTAT")
        request = encode("SET", "key", "value")
        primary.call("SET", "key", "value")
        self.assertEqual(self.traffic(primary, "key"), (len(request), SET_REPLY + len(request)))
        primary.call("GET", "key")
        self.assertEqual(self.traffic(primary, "key")[1], SET_REPLY + len(request) + len("$5\r\nvalue\r\n"))

    def test_a_slot_that_left_begins_anew(self):
        server = self.cluster(1, 0, cluster_slot_stats_enabled="yes", cluster_require_full_coverage="no").servers[0]
        server.call("SET", "key", "value")
        server.call("SET", "other", "value")
        server.call("DEL", "key")
        slot = slot_of("key")
        server.call("CLUSTER", "DELSLOTS", slot)
        self.assertEqual(server.call("CLUSTER", "SLOT-STATS", "SLOTSRANGE", slot, slot), [])
        server.call("CLUSTER", "ADDSLOTS", slot)
        until(lambda: self.traffic(server, "key") == (0, 0), 5, "the figures of its first stay are gone")
        self.assertEqual(self.traffic(server, "other")[1], SET_REPLY)
