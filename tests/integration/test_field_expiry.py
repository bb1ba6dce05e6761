"""Fields of hashes that expire: a primary and its replica hold the same, in the stream and after a full sync, and only the
primary decides what has expired."""

import time

from integration.lib.background import Background
from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.server import REDIS, SUBJECT
from integration.lib.wait import until

FAR = 4_000_000_000_000  # milliseconds since 1970


def fields_of(server):
    """{key: {field: (value, expiry)}} of all hashes."""
    held = {}
    with server.connect() as connection:
        connection.ask("READONLY")
        for key in sorted(connection.call("KEYS", "*")):
            flat = connection.call("HGETALL", key)
            fields = dict(zip(flat[::2], flat[1::2]))
            times = connection.call("HPEXPIRETIME", key, "FIELDS", len(fields), *fields) if fields else []
            held[key] = {field: (value, when) for (field, value), when in zip(fields.items(), times)}
    return held


class Load(Background):
    """Writers of hashes whose fields come and go."""

    def __init__(self, server, clients=2):
        super().__init__(server, clients)

    def work(self, connection, client, turn):
        k, f = f"h:{client}:{turn % 31}", f"f{turn % 17}"
        for reply in connection.pipeline([
                ("HSET", k, f, turn, "n", turn), ("HPEXPIRE", k, turn % 40, "FIELDS", 2, f, "n"),
                ("HINCRBY", k, "n", 2), ("HINCRBYFLOAT", k, f"x{turn % 5}", "1.5"),
                ("HEXPIRE", k, 1000 + turn, "LT", "FIELDS", 1, f"x{turn % 5}"),
                ("HINCRBYFLOAT", k, f"x{turn % 5}", "0.25"), ("HSETNX", k, f, "again"),
                ("HSETEX", k, "PX", 1 + turn % 20, "FIELDS", 2, "e1", turn, f"e{turn % 9}", turn),
                ("HSETEX", k, "FNX", "KEEPTTL", "FIELDS", 1, f"e{turn % 9}", "kept"),
                ("HSETEX", k, "KEEPTTL", "FIELDS", 1, f"x{turn % 5}", turn),
                ("HGETEX", k, "PX", turn % 30, "FIELDS", 1, f"e{turn % 9}"),
                ("HGETEX", k, "PERSIST", "FIELDS", 1, f"x{turn % 7}"), ("HGETDEL", k, "FIELDS", 1, f"x{turn % 11}"),
                ("HPERSIST", k, "FIELDS", 1, f"x{turn % 3}"), ("HMGET", k, "e1", "e2", f), ("HRANDFIELD", k, 3),
                ("HPEXPIREAT", k, FAR + turn, "GT", "FIELDS", 1, f"x{turn % 5}"), ("HDEL", k, f"x{turn % 13}"),
                ("COPY", k, f"{{{k}}}copy", "REPLACE"), ("RENAME", f"{{{k}}}copy", f"{{{k}}}moved"),
                ("HSET", "many", turn * 7919 % 20000, turn),
                ("HPEXPIREAT", "many", FAR + turn, "FIELDS", 1, turn * 7919 % 20000),
                ("HPERSIST", "many", "FIELDS", 1, turn * 104729 % 20000),
                ("HPEXPIRE", "many", 20, "FIELDS", 1, turn * 15485863 % 20000)]):
            # Between COPY and RENAME the last field of the copy may have gone.
            if isinstance(reply, Exception) and "no such key" not in str(reply):
                self.problems.append(reply)


class FieldExpiry(Case):
    def agree(self, primary, replica):
        """Both hold the same, once fields with a time of milliseconds are gone."""
        def same():
            if offset(primary) != offset(replica):
                return False
            before = fields_of(primary)
            return before == fields_of(replica) and before
        return until(same, 30, "primary and replica hold the same fields")

    def run_with(self, workers):
        cluster = self.cluster(1, 1, io_threads=workers, repl_backlog_size="1mb")
        primary, replica = cluster.servers
        with primary.connect() as connection:
            for first in range(0, 20000, 1000):
                connection.call("HSET", "many", *(word for n in range(first, first + 1000) for word in (n, "old")))
                connection.call("HPEXPIREAT", "many", FAR + first, "FIELDS", 500, *range(first, first + 1000, 2))
        with Load(primary) as load:
            until(lambda: load.rounds > 100, 30, "writes in the stream")
            # Away until the backlog begins behind its place: the return needs a whole copy while writes go on.
            full = int(primary.info("stats")["sync_full"])
            replica.kill()
            begin = offset(primary)
            until(lambda: primary.call("HSET", "filler", "f", "x" * 1_000_000) is not None and
                  int(primary.info("replication")["repl_backlog_first_byte_offset"]) > begin, 60,
                  "the backlog begins behind the replica's place")
            primary.call("DEL", "filler")
            replica.restart()
            until(lambda: replica.call("ROLE")[3] == b"connected", 60, f"{replica} is synced")
            begin = load.rounds
            until(lambda: load.rounds > begin + 50, 30, "writes after the full sync")
        self.assertEqual(load.problems, [])
        self.assertGreater(int(primary.info("stats")["sync_full"]), full)
        held = self.agree(primary, replica)
        timed = [when for _, when in held[b"many"].values() if when != -1]
        self.assertGreater(len(timed), 5000)
        self.assertGreater(min(timed), FAR - 1)
        self.assertGreater(int(primary.info("stats")["expired_subkeys"]), 100)
        self.assertEqual(int(replica.info("stats")["expired_subkeys"]), 0)
        self.assertIn("subexpiry=", primary.info("keyspace")["db0"])

    def test_one_worker(self):
        self.run_with(1)

    def test_three_workers(self):
        self.run_with(3)

    def test_a_hash_goes_with_its_last_field_without_being_asked_for(self):
        cluster = self.cluster(1, 1)
        primary, replica = cluster.servers
        with primary.connect() as connection:
            for number in range(300):
                connection.call("HSETEX", f"h{number}", "PX", 30, "FIELDS", 2, "a", 1, "b", 2)
            connection.call("HSET", "stays", "a", 1, "b", 2)
            connection.call("HPEXPIRE", "stays", 30, "FIELDS", 1, "a")
        until(lambda: primary.call("DBSIZE") == 1, 20, "the hashes are gone")
        cluster.wait_replicated()
        until(lambda: replica.call("DBSIZE") == 1, 20, "also at the replica")
        self.assertEqual(primary.call("HGETALL", "stays"), [b"b", b"2"])
        self.assertEqual(primary.info("keyspace")["db0"], "keys=1,expires=0,avg_ttl=0")

    def test_a_replica_waits_for_its_primary(self):
        cluster = self.cluster(1, 1)
        primary, replica = cluster.servers
        primary.call("HSETEX", "h", "PX", 300, "FIELDS", 1, "gone", 1)
        primary.call("HSET", "h", "stays", 1)
        cluster.wait_replicated()
        primary.freeze()
        try:
            with replica.connect() as connection:
                connection.call("READONLY")
                until(lambda: connection.call("HGET", "h", "gone") is None, 10, "the field is hidden")
                self.assertEqual(connection.call("HGETALL", "h"), [b"stays", b"1"])
                time.sleep(0.2)
                self.assertEqual(connection.call("HLEN", "h"), 2)
        finally:
            primary.thaw()
        until(lambda: offset(primary) == offset(replica) and primary.call("HLEN", "h") == 1, 20, "the primary deletes it")

    def test_an_old_redis_is_refused_while_fields_expire(self):
        # A redis-server 7.0 cannot hold what has expiries in hashes: it says so, and syncs once none is there.
        cluster = self.cluster(1, 1, kinds=[SUBJECT, REDIS], repl_backlog_size="1mb")
        primary, replica = cluster.servers
        primary.call("HSET", "h", "a", 1)
        cluster.wait_replicated()
        replica.kill()
        primary.call("HPEXPIREAT", "h", FAR, "FIELDS", 1, "a")
        begin = offset(primary)
        until(lambda: primary.call("HSET", "filler", "f", "x" * 1_000_000) is not None and
              int(primary.info("replication")["repl_backlog_first_byte_offset"]) > begin, 60, "a full sync is needed")
        replica.restart()
        until(lambda: "Can't handle RDB format version 12" in replica.log(), 30, "the replica refuses the version")
        primary.call("HPERSIST", "h", "FIELDS", 1, "a")
        until(lambda: replica.call("ROLE")[3] == b"connected", 60, "the replica is synced")
        with replica.connect() as connection:
            connection.call("READONLY")
            self.assertEqual(connection.call("HGETALL", "h"), [b"a", b"1"])
