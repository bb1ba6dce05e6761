"""Replicas of both kinds hold the primary's data, through a full sync under load, node-wide commands and expiry (rule 1,
done-when 7)."""

import os

from integration.lib.background import Background
from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.data import Writer
from integration.lib.server import REDIS, SUBJECT
from integration.lib.wait import until


class Load(Background):
    """Writers with all the commands that replicate in a form of their own. Those that may block do so for a moment only: what
    they wait for may have gone with a FLUSHALL."""

    def __init__(self, server, clients=3):
        super().__init__(server, clients)

    def work(self, connection, client, turn):
        k = f"{client}:{turn % 97}"
        for reply in connection.pipeline([
                ("SET", f"s:{k}", f"value {turn}"), ("APPEND", f"s:{k}", "+"), ("INCRBYFLOAT", f"f:{k}", "0.1"),
                ("INCR", f"n:{k}"), ("HSET", f"h:{k}", "a", turn, "b", "x" * (turn % 100)),
                ("HINCRBYFLOAT", f"h:{k}", "f", "1.5"), ("HDEL", f"h:{k}", "b"), ("GETSET", f"s:{k}", turn),
                ("HSET", "many", turn * 7919 % 40000, f"{client} {turn}"), ("HDEL", "many", turn * 104729 % 40000),
                ("HSET", f"large:{turn % 3}", turn * 7919 % 40000, turn), ("HDEL", f"large:{turn % 3}", turn * 104729 % 40000),
                ("SET", f"e:{k}", "v", "EX", 1000), ("GETEX", f"e:{k}", "PERSIST"), ("SETRANGE", f"r:{k}", 5, turn),
                ("MULTI",), ("SET", f"{{{k}}}m1", turn), ("SET", f"{{{k}}}m2", turn), ("EXEC",),
                ("RENAME", f"{{{k}}}m1", f"{{{k}}}m3"), ("COPY", f"{{{k}}}m2", f"{{{k}}}m4", "REPLACE"),
                ("DEL", f"{{{k}}}m2"), ("GETDEL", f"{{{k}}}m4"), ("SET", f"p:{k}", "gone", "PX", 50),
                ("ZADD", f"{{{k}}}z1", turn % 50, turn % 300, -turn / 7, "a", "inf", "b"), ("ZINCRBY", f"{{{k}}}z1", 0.1, "a"),
                ("ZADD", f"{{{k}}}z1", "GT", "CH", turn % 60, turn % 300), ("ZREM", f"{{{k}}}z1", turn % 31),
                ("GEOADD", f"{{{k}}}g1", turn % 180, turn % 85, turn % 40), ("ZPOPMIN", f"{{{k}}}z1"),
                ("BZPOPMAX", f"{{{k}}}z0", f"{{{k}}}z1", 0.5), ("ZADD", f"{{{k}}}z1", 1, "c", 2, "d", 3, "e"),
                ("ZMPOP", 2, f"{{{k}}}z0", f"{{{k}}}z1", "MIN", "COUNT", 2), ("ZREMRANGEBYRANK", f"{{{k}}}z1", 200, -1),
                ("ZUNIONSTORE", f"{{{k}}}z2", 2, f"{{{k}}}z1", f"{{{k}}}g1", "WEIGHTS", 2, 0.5),
                ("ZRANGESTORE", f"{{{k}}}z3", f"{{{k}}}z2", 0, turn % 200),
                ("GEOSEARCHSTORE", f"{{{k}}}g2", f"{{{k}}}g1", "FROMLONLAT", 10, 10, "BYRADIUS", 3000, "km"),
                ("RPUSH", f"{{{k}}}l1", turn, "a", "b" * (turn % 200), turn), ("LPUSH", f"{{{k}}}l1", "c", -turn),
                ("LINSERT", f"{{{k}}}l1", "BEFORE", "a", "d"), ("LSET", f"{{{k}}}l1", 1, "e" * (turn % 90)),
                ("LMOVE", f"{{{k}}}l1", f"{{{k}}}l2", "LEFT", "RIGHT"), ("BLPOP", f"{{{k}}}l0", f"{{{k}}}l1", 0.5),
                ("BRPOPLPUSH", f"{{{k}}}l1", f"{{{k}}}l2", 0.5), ("LREM", f"{{{k}}}l2", 1, "c"),
                ("LMPOP", 2, f"{{{k}}}l0", f"{{{k}}}l2", "LEFT", "COUNT", 2), ("LTRIM", f"{{{k}}}l1", 0, 400),
                ("SADD", f"{{{k}}}s1", turn, turn % 7, -turn), ("SADD", f"{{{k}}}s2", "a", f"member {turn % 300}", turn % 7),
                ("SPOP", f"{{{k}}}s2"), ("SPOP", f"{{{k}}}s1", 2), ("SMOVE", f"{{{k}}}s1", f"{{{k}}}s2", turn % 7),
                ("SUNIONSTORE", f"{{{k}}}s3", f"{{{k}}}s1", f"{{{k}}}s2"), ("SREM", f"{{{k}}}s2", turn % 7),
                ("SORT", f"{{{k}}}s3", "ALPHA", "LIMIT", 0, 20, "STORE", f"{{{k}}}l3"),
                ("XGROUP", "CREATE", f"x:{client}", "g", "0", "MKSTREAM"),
                ("XADD", f"x:{client}", "MAXLEN", "~", 150, "*", "turn", turn),
                ("XADD", f"x:{client}", "MAXLEN", 400, "*", "turn", turn, "other", "field"),
                ("XREADGROUP", "GROUP", "g", f"c{turn % 5}", "COUNT", 2, "STREAMS", f"x:{client}", ">"),
                ("XREADGROUP", "GROUP", "g", f"n{turn % 5}", "NOACK", "COUNT", 1, "STREAMS", f"x:{client}", ">"),
                ("XAUTOCLAIM", f"x:{client}", "g", f"a{turn % 3}", 1, "0", "COUNT", 1, "JUSTID")]):
            # The group is there from the first turn on, but for a moment after a FLUSHALL.
            if isinstance(reply, Exception) and not str(reply).startswith(("BUSYGROUP", "NOGROUP")):
                self.problems.append(reply)


class Replication(Case):
    def test_a_replica_that_catches_up_serves_meanwhile(self):
        """What waits to be applied takes many short turns, not one. Turns are measured in CPU time."""
        cluster = self.cluster(1, 1, io_threads=1)
        primary, replica = cluster.servers
        cluster.wait_replicated()
        primary.call("RPUSH", "{l}source", *["x" * 20] * 500)
        replica.call("CONFIG", "SET", "latency-monitor-threshold", 120)
        replica.freeze()
        with primary.connect() as c:
            for _ in range(15):
                c.pipeline([("COPY", "{l}source", "{l}copy", "REPLACE")] * 1000)
        replica.thaw()
        until(lambda: offset(primary) == offset(replica), 60, "it has caught up")
        self.assertEqual([event for event in replica.call("LATENCY", "LATEST") if event[0] == b"worker-turn"], [])

    def replicas_agree(self, cluster, read_counts=True):
        primary, *replicas = cluster.servers
        for replica in replicas:
            until(lambda: offset(primary) == offset(replica), 30, f"{replica} caught up")
        # Keys with an expiry of milliseconds are gone everywhere before the comparison.
        until(lambda: not any(key.startswith(b"p:") for key in primary.call("KEYS", "p:*")), 10, "short-lived keys are gone")
        want = Writer.held_by(primary, read_counts)
        for replica in replicas:
            until(lambda: not replica.call("KEYS", "p:*"), 10, "short-lived keys are gone on the replica")
            held = Writer.held_by(replica, read_counts)
            self.assertEqual(set(held) ^ set(want), set(), f"keys of {replica}")
            wrong = [key for key in want if held[key] != want[key]]
            self.assertEqual(wrong, [], f"values of {replica}")
        return want

    def test_replicas_of_both_kinds_hold_the_same_after_node_wide_commands(self):
        # One primary with a redis-server replica and one of ours.
        cluster = self.cluster(1, 2, kinds=[SUBJECT, REDIS, SUBJECT], io_threads=3)
        primary = cluster.servers[0]
        with Load(primary) as load:
            for turn in range(10):
                before = load.rounds
                until(lambda: load.rounds > before + 5, 10, "more writes")
                primary.call("CONFIG", "SET", "hash-max-listpack-entries", 1 if turn % 2 else 512)
                primary.call("CONFIG", "SET", "zset-max-listpack-entries", 10 if turn % 2 else 128)
                primary.call("CONFIG", "SET", "list-max-listpack-size", 5 if turn % 2 else -2)
                primary.call("CONFIG", "SET", "set-max-intset-entries", 1 if turn % 2 else 512)
                if turn == 4:
                    primary.call("FLUSHALL")
        self.assertEqual(load.problems, [])
        held = self.replicas_agree(cluster)
        self.assertGreater(len(held), 300)

    def test_full_sync_under_load(self):
        cluster = self.cluster(1, 2, kinds=[SUBJECT, REDIS, SUBJECT], io_threads=3, repl_backlog_size="1mb")
        primary, *replicas = cluster.servers
        with primary.connect() as connection:
            for first in range(0, 20000, 1000):
                connection.pipeline([("SET", f"bulk:{number}", "x" * 50) for number in range(first, first + 1000)])
                # One value that a snapshot takes in parts, with writes to it in between.
                connection.call("HSET", "many", *(word for number in range(first, first + 1000) for word in (number, "old")))
                # 8 MB each, on several workers: they leave before they are whole, one after another.
                for key in range(3):
                    connection.call("HSET", f"large:{key}", *(word for number in range(first, first + 1000)
                                                              for word in (number, os.urandom(200).hex())))
        with Load(primary):
            for replica in replicas:
                # Away until the backlog begins behind its place: the return needs a whole copy while writes go on.
                replica.kill()
                begin = offset(primary)
                until(lambda: primary.call("SET", "big", "x" * 5_000_000) and
                      int(primary.info("replication")["repl_backlog_first_byte_offset"]) > begin, 60,
                      "the backlog begins behind the replica's place")
                replica.restart()
                until(lambda: replica.call("ROLE")[3] == b"connected", 60, f"{replica} is synced")
        self.assertGreaterEqual(int(primary.info("stats")["sync_full"]), 4)
        held = self.replicas_agree(cluster)
        self.assertGreater(len(held), 20000)

    def test_partial_resync_after_a_short_break(self):
        cluster = self.cluster(1, 2, kinds=[SUBJECT, REDIS, SUBJECT], repl_backlog_size="64mb", repl_timeout=3,
                               repl_ping_replica_period=1)
        primary, *replicas = cluster.servers
        full = int(primary.info("stats")["sync_full"])
        with Load(primary) as load:
            for replica in replicas:
                # A replica that says nothing for longer than the timeout is let go; it keeps its place in the stream.
                replica.freeze()
                until(lambda: len(primary.call("ROLE")[2]) == 1, 30, f"the primary lets {replica} go")
                begin = load.rounds
                until(lambda: load.rounds > begin + 20, 10, "writes that it misses")
                replica.thaw()
                until(lambda: len(primary.call("ROLE")[2]) == 2, 60, f"{replica} is back")
        self.replicas_agree(cluster)
        self.assertEqual(int(primary.info("stats")["sync_full"]), full)
        self.assertGreaterEqual(int(primary.info("stats")["sync_partial_ok"]), 2)

    def test_we_replicate_from_redis(self):
        cluster = self.cluster(1, 1, kinds=[REDIS, SUBJECT], io_threads=3)
        with Load(cluster.servers[0]) as load:
            cluster.servers[0].call("FLUSHALL")
            begin = load.rounds
            until(lambda: load.rounds > begin + 50, 20, "more writes")
        # redis-server tells its replicas how far a group has read, but not how many entries that were.
        self.replicas_agree(cluster, read_counts=False)

    def test_replica_serves_reads_and_refuses_writes(self):
        cluster = self.cluster(1, 1)
        primary, replica = cluster.servers
        primary.call("SET", "k", "v")
        cluster.wait_replicated()
        with replica.connect() as connection:
            slot = primary.call("CLUSTER", "KEYSLOT", "k")
            moved = f"MOVED {slot} 127.0.0.1:{primary.port}"
            self.assertEqual(str(connection.ask("GET", "k")), moved)
            self.assertEqual(connection.call("READONLY"), "OK")
            self.assertEqual(connection.call("GET", "k"), b"v")
            self.assertEqual(str(connection.ask("SET", "k", "w")), moved)
            # What may replicate is no write for certain, also beside a command that takes the exclusive section.
            replies = connection.pipeline([("MULTI",), ("PUBLISH", "c", "m"), ("EVAL", "return redis.call('get', KEYS[1])", 1, "k"),
                                           ("CONFIG", "SET", "hz", 10), ("EXEC",)])
            self.assertEqual(replies[-1], [0, b"v", "OK"])
            self.assertEqual(connection.call("READWRITE"), "OK")
            self.assertEqual(str(connection.ask("GET", "k")), moved)

    def test_wait_counts_replicas(self):
        cluster = self.cluster(1, 2)
        primary, first, second = cluster.servers
        with primary.connect() as connection:
            connection.call("SET", "k", "v")
            self.assertEqual(connection.call("WAIT", 2, 5000), 2)
            first.freeze()
            connection.call("SET", "k", "w")
            self.assertEqual(connection.call("WAIT", 2, 300), 1)
            first.thaw()
            self.assertEqual(connection.call("WAIT", 2, 10000), 2)

    def test_min_replicas_to_write(self):
        cluster = self.cluster(1, 1, min_replicas_to_write=1, min_replicas_max_lag=2)
        primary, replica = cluster.servers
        until(lambda: primary.ask("SET", "k", "v") == "OK", 10, "the replica counts")
        replica.kill()
        until(lambda: str(primary.ask("SET", "other", "w")).startswith("NOREPLICAS"), 20, "writes are refused")
        self.assertIn("NOREPLICAS", str(primary.ask("SET", "k", "w")))
        self.assertEqual(primary.call("GET", "k"), b"v")

    def test_min_replicas_without_a_greatest_lag_is_no_limit(self):
        node = self.server(min_replicas_to_write=1, min_replicas_max_lag=0)
        node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: node.cluster_info()["cluster_state"] == "ok", 10, f"{node} is up")
        write = ("EVAL", "return redis.call('set', KEYS[1], 1)", 1, "k")
        self.assertEqual([node.call("SET", "k", "v"), node.call(*write)], ["OK", "OK"])
        self.assertNotIn("min_slaves_good_slaves", node.info("replication"))
        node.call("CONFIG", "SET", "min-replicas-max-lag", 10)
        for command in (("SET", "k", "v"), write):
            self.assertIn("NOREPLICAS", str(node.ask(*command)))
        until(lambda: node.info("replication").get("min_slaves_good_slaves") == "0", 5, "it is shown")

    def test_questions_about_the_cluster_are_answered_while_a_replica_loads(self):
        cluster = self.cluster(1, 1, io_threads=3)
        primary, replica = cluster.servers
        keys = 300_000
        with primary.connect() as connection:
            for first in range(0, keys, 5000):
                connection.pipeline([("SET", f"bulk:{number}", "x" * 40) for number in range(first, first + 5000)])
        # It comes back without data and takes the whole set again.
        replica.kill()
        replica.restart()
        me, slot = replica.node_id(), primary.call("CLUSTER", "KEYSLOT", "bulk:0")
        questions = [("CLUSTER", "NODES"), ("CLUSTER", "INFO"), ("CLUSTER", "SLOTS"), ("CLUSTER", "SHARDS"),
                     ("CLUSTER", "MYID"), ("CLUSTER", "MYSHARDID"), ("CLUSTER", "LINKS"), ("CLUSTER", "KEYSLOT", "k"),
                     ("CLUSTER", "REPLICAS", primary.node_id()), ("CLUSTER", "SLAVES", primary.node_id()),
                     ("CLUSTER", "COUNT-FAILURE-REPORTS", me), ("CLUSTER", "HELP"), ("INFO",), ("ROLE",), ("COMMAND", "COUNT")]
        loading, refused = 0, set()
        with replica.connect() as connection:
            connection.call("READONLY")

            def loaded():
                nonlocal loading
                replies = connection.pipeline([("GET", "bulk:0"), *questions, ("CLUSTER", "COUNTKEYSINSLOT", slot)])
                loading += str(replies[0]).startswith("LOADING")
                refused.update(f"{question}: {reply}" for question, reply in zip(questions, replies[1:])
                               if isinstance(reply, Exception))
                return replies[0] == b"x" * 40
            until(loaded, 60, "the replica has the data")
        self.assertGreater(loading, 0, "the load was too short to be seen")
        self.assertEqual(refused, set())
        self.assertEqual(replica.call("DBSIZE"), keys)

    def test_a_small_data_set_is_taken_over_without_a_word_of_loading(self):
        cluster = self.cluster(1, 1, io_threads=3)
        primary, replica = cluster.servers
        with primary.connect() as connection:
            connection.pipeline([("SET", f"small:{number}", "x" * 40) for number in range(2000)])
        for _ in range(5):
            replica.kill()
            replica.restart()
            with replica.connect() as connection:
                connection.call("READONLY")

                def loaded():
                    replies = connection.pipeline([("GET", "small:0"), ("DBSIZE",), ("PING",)] * 20)
                    self.assertEqual([r for r in replies if str(r).startswith("LOADING")], [])
                    return replies[0] == b"x" * 40
                until(loaded, 60, "the replica has the data")
            self.assertEqual(replica.call("DBSIZE"), 2000)

    def test_a_replica_keeps_what_its_primary_has_not_expired(self):
        # A primary that deletes nothing by itself: only the key that it is asked for.
        cluster = self.cluster(1, 1, kinds=[REDIS, SUBJECT], enable_debug_command="yes")
        primary, replica = cluster.servers
        primary.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        replica.kill()
        primary.call("SET", "k", "v", "PX", 1)
        primary.call("SET", "other", "v")
        replica.restart()
        until(lambda: replica.call("ROLE")[3] == b"connected" and replica.call("DBSIZE") == 2, 30,
              "the replica has the expired key too")
        with replica.connect() as connection:
            connection.call("READONLY")
            self.assertIsNone(connection.call("GET", "k"))
        self.assertIsNone(primary.call("GET", "k"))
        until(lambda: replica.call("DBSIZE") == 1, 10, "the primary's deletion arrives")
