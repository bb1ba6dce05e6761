"""Blocking commands: who is served and in which order, how waiting ends, and what failover, migration and the router port make
of it. With one worker and with three, where the waiting connection and the key belong to different threads."""

import threading
import time

from integration.lib.case import Case
from integration.lib.resp import ReplyError, encode
from integration.lib.router import RouterCase
from integration.lib.slots import slot_of
from integration.lib.wait import hold, until

UNBLOCKED_BY_ROLE = ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)")


class OneNode(Case):
    threads = 1

    def setUp(self):
        super().setUp()
        self.node = self.server(io_threads=self.threads, **getattr(self, "directives", {}))
        self.node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: self.node.cluster_info()["cluster_state"] == "ok", 10, f"{self.node} is up")

    def client(self, protocol=2):
        connection = self.node.connect(protocol=protocol)
        self.addCleanup(connection.close)
        return connection

    def waiting(self, count):
        until(lambda: self.node.info("clients")["blocked_clients"] == str(count), 10, f"{count} clients wait")

    def block(self, *command, protocol=2):
        """A connection on which the command waits."""
        before = int(self.node.info("clients")["blocked_clients"])
        connection = self.client(protocol)
        connection.send(encode(*command))
        self.waiting(before + 1)
        return connection


class Blocking:
    def test_what_is_there_is_answered_at_once(self):
        c = self.client()
        c.call("RPUSH", "{k}a", 1, 2, 3)
        self.assertEqual(c.call("BLPOP", "{k}none", "{k}a", 0), [b"{k}a", b"1"])
        self.assertEqual(c.call("BRPOP", "{k}a", 0), [b"{k}a", b"3"])
        self.assertEqual(c.call("BLMOVE", "{k}a", "{k}b", "LEFT", "RIGHT", 0), b"2")
        self.assertEqual(c.call("BLMPOP", 0, 2, "{k}a", "{k}b", "LEFT", "COUNT", 10), [b"{k}b", [b"2"]])

    def test_a_push_serves_the_one_who_waits(self):
        for key in (f"key{number}" for number in range(12)):
            waiter = self.block("BLPOP", key, 0)
            self.assertEqual(self.client().call("RPUSH", key, "x", "y"), 2)
            self.assertEqual(waiter.read(), [key.encode(), b"x"])
            self.assertEqual(self.client().call("LRANGE", key, 0, -1), [b"y"])
            self.assertEqual(waiter.call("PING"), "PONG")

    def test_every_kind(self):
        c = self.client()
        for command, reply, left in (
                (("BLPOP", "{k}a", 0), [b"{k}a", b"1"], [b"2"]),
                (("BRPOP", "{k}a", 0), [b"{k}a", b"2"], [b"1"]),
                (("BLMOVE", "{k}a", "{k}b", "RIGHT", "LEFT", 0), b"2", [b"1"]),
                (("BRPOPLPUSH", "{k}a", "{k}b", 0), b"2", [b"1"]),
                (("BLMPOP", 0, 1, "{k}a", "RIGHT"), [b"{k}a", [b"2"]], [b"1"]),
                (("BLMPOP", 0, 2, "{k}z", "{k}a", "LEFT", "COUNT", 5), [b"{k}a", [b"1", b"2"]], [])):
            with self.subTest(command=command):
                c.call("DEL", "{k}a", "{k}b")
                waiter = self.block(*command)
                c.call("RPUSH", "{k}a", 1, 2)
                self.assertEqual(waiter.read(), reply)
                self.assertEqual(c.call("LRANGE", "{k}a", 0, -1), left)

    def test_first_come_first_served(self):
        waiters = [self.block("BLPOP", "queue", 0) for _ in range(6)]
        c = self.client()
        for number in range(3):
            c.call("RPUSH", "queue", number)
        c.call("RPUSH", "queue", 3, 4, 5, 6)
        self.assertEqual([w.read()[1] for w in waiters], [b"%d" % number for number in range(6)])
        self.assertEqual(c.call("LRANGE", "queue", 0, -1), [b"6"])

    def test_who_waits_for_several_keys_is_served_once(self):
        waiter = self.block("BLPOP", "{k}a", "{k}b", "{k}c", 0)
        other = self.block("BLPOP", "{k}c", 0)
        c = self.client()
        c.call("RPUSH", "{k}b", "first")
        self.assertEqual(waiter.read(), [b"{k}b", b"first"])
        c.call("RPUSH", "{k}a", "stays")
        c.call("RPUSH", "{k}c", "for the other")
        self.assertEqual(other.read(), [b"{k}c", b"for the other"])
        self.assertEqual(c.call("LLEN", "{k}a"), 1)
        self.assertEqual(waiter.call("PING"), "PONG")

    def test_keys_are_looked_at_in_the_order_named(self):
        waiter = self.block("BLPOP", "{k}a", "{k}b", 0)
        self.client().pipeline([("MULTI",), ("RPUSH", "{k}b", 1), ("RPUSH", "{k}a", 2), ("EXEC",)])
        self.assertEqual(waiter.read(), [b"{k}a", b"2"])

    def test_a_key_of_another_type_serves_nobody(self):
        waiter = self.block("BLPOP", "key", 0)
        c = self.client()
        c.call("SET", "key", "a string")
        hold(lambda: self.node.info("clients")["blocked_clients"] == "1", 0.3, "it waits")
        c.call("DEL", "key")
        c.call("RPUSH", "key", 1)
        self.assertEqual(waiter.read(), [b"key", b"1"])

    def test_timeouts(self):
        for command, reply in ((("BLPOP", "{k}a", "{k}b", "0.1"), None), (("BRPOP", "{k}a", "0.15"), None),
                               (("BLMOVE", "{k}a", "{k}b", "LEFT", "LEFT", "0.1"), None),
                               (("BLMPOP", "0.1", 1, "{k}a", "LEFT"), None)):
            with self.subTest(command=command):
                c = self.client()
                started = time.monotonic()
                self.assertEqual(c.call(*command), reply)
                self.assertGreaterEqual(time.monotonic() - started, 0.1)
        self.waiting(0)

    def test_shapes_of_the_reply_at_the_timeout(self):
        for protocol, shape in ((2, b"*-1\r\n"), (3, b"_\r\n")):
            c = self.client(protocol)
            for command in (("BLPOP", "{k}a", "0.01"), ("BLMPOP", "0.01", 1, "{k}a", "LEFT"),
                            ("BLMOVE", "{k}a", "{k}b", "LEFT", "LEFT", "0.01"), ("BRPOPLPUSH", "{k}a", "{k}b", "0.01")):
                c.send(encode(*command))
                self.assertEqual(c.read_with_bytes()[1], shape, (protocol, command))

    def test_a_waiter_that_timed_out_takes_nothing(self):
        first = self.client()
        first.send(encode("BLPOP", "key", "0.2"))
        self.waiting(1)
        second = self.block("BLPOP", "key", 0)
        self.assertIsNone(first.read())
        self.client().call("RPUSH", "key", 1)
        self.assertEqual(second.read(), [b"key", b"1"])

    def test_later_commands_of_the_connection_wait(self):
        c = self.client()
        c.send(encode("BLPOP", "key", 0) + encode("SET", "other", "x") + encode("BLPOP", "key", 0)
               + encode("GET", "other"))
        self.waiting(1)
        pusher = self.client()
        self.assertEqual(pusher.call("EXISTS", "other"), 0)
        pusher.call("RPUSH", "key", 1, 2)
        self.assertEqual([c.read() for _ in range(4)], [[b"key", b"1"], "OK", [b"key", b"2"], b"x"])

    def test_earlier_commands_come_first(self):
        c = self.client()
        commands = [("SET", f"k{number}", number) for number in range(50)]
        c.send(b"".join(encode(*command) for command in commands) + encode("BLPOP", "key", 0))
        for _ in commands:
            self.assertEqual(c.read(), "OK")
        self.waiting(1)
        self.client().call("RPUSH", "key", 1)
        self.assertEqual(c.read(), [b"key", b"1"])

    def test_in_a_transaction_nothing_waits(self):
        c = self.client()
        self.assertEqual(c.pipeline([("MULTI",), ("BLPOP", "{k}a", 0), ("BLMOVE", "{k}a", "{k}b", "LEFT", "LEFT", 0),
                                     ("RPUSH", "{k}a", 1), ("BLPOP", "{k}a", 0), ("EXEC",)])[-1],
                         [None, None, 1, [b"{k}a", b"1"]])

    def test_a_transaction_serves_when_it_is_over(self):
        waiter = self.block("BLPOP", "{k}a", 0)
        replies = self.client().pipeline([("MULTI",), ("RPUSH", "{k}a", 1), ("LLEN", "{k}a"), ("DEL", "{k}a"),
                                          ("RPUSH", "{k}a", 2), ("EXEC",), ("LLEN", "{k}a")])
        self.assertEqual(replies[-2:], [[1, 1, 1, 1], 0])
        self.assertEqual(waiter.read(), [b"{k}a", b"2"])

    def test_what_was_taken_back_serves_nobody(self):
        self.block("BLPOP", "{k}a", 0)
        self.client().pipeline([("MULTI",), ("RPUSH", "{k}a", 1), ("DEL", "{k}a"), ("EXEC",)])
        hold(lambda: self.node.info("clients")["blocked_clients"] == "1", 0.3, "it waits")

    def test_being_served_serves_others(self):
        third = self.block("BLPOP", "{k}c", 0)
        second = self.block("BLMOVE", "{k}b", "{k}c", "LEFT", "RIGHT", 0)
        first = self.block("BLMOVE", "{k}a", "{k}b", "LEFT", "RIGHT", 0)
        self.client().call("RPUSH", "{k}a", "x")
        self.assertEqual([first.read(), second.read(), third.read()], [b"x", b"x", [b"{k}c", b"x"]])

    def test_a_list_that_moves_to_itself(self):
        first = self.block("BLMOVE", "key", "key", "LEFT", "RIGHT", 0)
        second = self.block("BLMOVE", "key", "key", "LEFT", "RIGHT", 0)
        c = self.client()
        c.call("RPUSH", "key", 1, 2, 3)
        self.assertEqual([first.read(), second.read()], [b"1", b"2"])
        self.assertEqual(c.call("LRANGE", "key", 0, -1), [b"3", b"1", b"2"])

    def test_an_error_ends_the_waiting_and_takes_nothing(self):
        c = self.client()
        c.call("SET", "{k}b", "a string")
        waiter = self.block("BLMOVE", "{k}a", "{k}b", "LEFT", "RIGHT", 0)
        other = self.block("BLPOP", "{k}a", 0)
        c.call("RPUSH", "{k}a", "x")
        self.assertTrue(str(waiter.read()).startswith("WRONGTYPE"))
        self.assertEqual(other.read(), [b"{k}a", b"x"])

    def test_other_ways_to_make_a_list(self):
        c = self.client()
        for make in (("RENAME", "{k}source", "{k}a"), ("COPY", "{k}source", "{k}a"),
                     ("LMOVE", "{k}source", "{k}a", "LEFT", "LEFT"), ("RPOPLPUSH", "{k}source", "{k}a")):
            c.call("DEL", "{k}source", "{k}a")
            c.call("RPUSH", "{k}source", "x")
            waiter = self.block("BLPOP", "{k}a", 0)
            c.call(*make)
            self.assertEqual(waiter.read(), [b"{k}a", b"x"], make)

    def test_client_unblock(self):
        c = self.client()
        for protocol in (2, 3):
            for command in (("BLPOP", "key", 0), ("BLMOVE", "{k}a", "{k}b", "LEFT", "LEFT", 0)):
                for how, reply in (((), None), (("TIMEOUT",), None),
                                   (("ERROR",), ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
                    waiter = self.client(protocol)
                    number = waiter.call("CLIENT", "ID")
                    self.assertEqual(c.call("CLIENT", "UNBLOCK", number, *how), 0)
                    waiter.send(encode(*command))
                    self.waiting(1)
                    self.assertEqual(c.call("CLIENT", "UNBLOCK", number, *how), 1)
                    self.assertEqual(waiter.read(), reply)
                    self.assertEqual(waiter.call("PING"), "PONG")
                    self.waiting(0)
        self.assertEqual(c.call("CLIENT", "UNBLOCK", 999999), 0)
        self.assertEqual(c.call("RPUSH", "key", 1), 1)

    def test_who_is_killed_or_leaves_takes_nothing(self):
        c = self.client()
        killed = self.client()
        number = killed.call("CLIENT", "ID")
        killed.send(encode("BLPOP", "key", 0))
        self.waiting(1)
        gone = self.block("BLPOP", "key", 0)
        stays = self.block("BLPOP", "key", 0)
        self.waiting(3)
        self.assertEqual(c.call("CLIENT", "KILL", "ID", number), 1)
        gone.close()
        self.waiting(1)
        c.call("RPUSH", "key", 1)
        self.assertEqual(stays.read(), [b"key", b"1"])

    def test_who_was_killed_before_the_push_takes_nothing(self):
        """Both come in one write, so that the push may overtake the news of the end."""
        c = self.client()
        for turn in range(30):
            waiters = [self.client() for _ in range(3)]
            numbers = [waiter.call("CLIENT", "ID") for waiter in waiters]
            for waiter in waiters:
                waiter.send(encode("BLPOP", f"key{turn}", 0))
            self.waiting(3)
            kills = [("CLIENT", "KILL", "ID", number) for number in numbers]
            self.assertEqual(c.pipeline([*kills, ("RPUSH", f"key{turn}", "x"), ("LLEN", f"key{turn}")])[3:], [1, 1])
            self.waiting(0)
            for waiter in waiters:
                waiter.close()

    def test_whose_user_was_deleted_takes_nothing(self):
        c = self.client()
        for turn in range(10):
            c.call("ACL", "SETUSER", "u", "on", "nopass", "allkeys", "+@all")
            waiters = [self.client() for _ in range(3)]
            for waiter in waiters:
                waiter.call("AUTH", "u", "x")
                waiter.send(encode("BLPOP", f"key{turn}", 0))
            self.waiting(3)
            self.assertEqual(c.pipeline([("ACL", "DELUSER", "u"), ("RPUSH", f"key{turn}", "x"), ("LLEN", f"key{turn}")]),
                             [1, 1, 1])
            for waiter in waiters:
                with self.assertRaises((EOFError, ConnectionResetError)):
                    waiter.read()
            self.waiting(0)

    def test_whoever_may_not_any_more_is_refused_when_served(self):
        no_command = "NOPERM User u has no permissions to run the 'blpop' command"
        no_key = "NOPERM No permissions to access a key"
        c = self.client()
        for rules, error in ((("-blpop",), no_command), (("resetkeys", "~other"), no_key), (("-@all",), no_command)):
            for number in range(3):
                key = f"key{number}"
                c.call("ACL", "SETUSER", "u", "reset", "on", "nopass", "allkeys", "+@all")
                c.call("ACL", "LOG", "RESET")
                c.call("CONFIG", "RESETSTAT")
                waiter = self.client()
                waiter.call("AUTH", "u", "x")
                waiter.send(encode("BLPOP", key, 0))
                self.waiting(1)
                other = self.block("BLPOP", key, 0)
                c.call("ACL", "SETUSER", "u", *rules)
                c.call("RPUSH", key, "x", "y")
                self.assertEqual(str(waiter.read()), error)
                self.assertEqual(other.read(), [key.encode(), b"x"])
                self.assertEqual(c.call("LRANGE", key, 0, -1), [b"y"])
                self.assertIn("rejected_calls=1,", self.node.info("commandstats")["cmdstat_blpop"])
                self.assertEqual(self.node.info("errorstats")["errorstat_NOPERM"], "count=1")
                until(lambda: len(c.call("ACL", "LOG")) == 1, 5, "it was noted")
                c.call("DEL", key)
        # And who was given more than it had goes on.
        c.call("ACL", "SETUSER", "u", "reset", "on", "nopass", "~key", "+blpop", "+auth")
        waiter = self.client()
        waiter.call("AUTH", "u", "x")
        waiter.send(encode("BLPOP", "key", 0))
        self.waiting(1)
        c.call("ACL", "SETUSER", "u", "allkeys", "+@all")
        c.call("RPUSH", "key", "x")
        self.assertEqual(waiter.read(), [b"key", b"x"])

    def test_what_is_shown(self):
        self.assertEqual(self.node.info("clients")["total_blocking_keys"], "0")
        waiter = self.block("BLPOP", "{k}a", "{k}b", 0)
        lines = self.node.call("CLIENT", "LIST").decode().splitlines()
        self.assertEqual(len([line for line in lines if " cmd=blpop " in line and " flags=b " in line]), 1, lines)
        until(lambda: self.node.info("clients")["total_blocking_keys"] == "2", 5, "two keys are waited for")
        self.client().call("RPUSH", "{k}b", 1)
        self.assertEqual(waiter.read(), [b"{k}b", b"1"])
        self.waiting(0)
        lines = self.node.call("CLIENT", "LIST").decode().splitlines()
        self.assertFalse([line for line in lines if " flags=b " in line])

    def test_calls_are_counted_when_they_end(self):
        self.node.call("CONFIG", "RESETSTAT")
        waiter = self.block("BLPOP", "key", 0)
        self.assertNotIn("cmdstat_blpop", self.node.info("commandstats"))
        self.client().call("RPUSH", "key", 1)
        waiter.read()
        self.assertTrue(self.node.info("commandstats")["cmdstat_blpop"].startswith("calls=1,"))

    def test_many_producers_and_consumers_lose_nothing(self):
        items, consumers, producers = 1500, 6, 3
        taken, problems = [], []

        def consume():
            with self.node.connect(timeout=30.0) as connection:
                while True:
                    reply = connection.call("BLPOP", "{q}jobs", "{q}more", 0)
                    if reply[1] == b"end":
                        return
                    taken.append(reply[1])

        def produce(producer):
            with self.node.connect(timeout=30.0) as connection:
                for number in range(producer, items, producers):
                    key = "{q}jobs" if number % 2 else "{q}more"
                    if number % 5 == 0:
                        replies = connection.pipeline([("MULTI",), ("RPUSH", key, number), ("EXEC",)])
                        if not isinstance(replies[-1], list):
                            problems.append(replies)
                    else:
                        connection.call("RPUSH", key, number)

        threads = [threading.Thread(target=consume) for _ in range(consumers)]
        makers = [threading.Thread(target=produce, args=(number,)) for number in range(producers)]
        for thread in threads + makers:
            thread.start()
        for thread in makers:
            thread.join()
        with self.node.connect() as connection:
            for _ in threads:
                connection.call("RPUSH", "{q}jobs", "end")
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(sorted(int(item) for item in taken), list(range(items)))

    def test_the_reply_is_dropped_when_replies_are_off(self):
        c = self.client()
        c.send(encode("CLIENT", "REPLY", "OFF") + encode("BLPOP", "key", 0) + encode("CLIENT", "REPLY", "ON"))
        self.waiting(1)
        self.client().call("RPUSH", "key", 1)
        self.assertEqual(c.read(), "OK")


class OneWorker(OneNode, Blocking):
    threads = 1

    def test_a_paused_node_pauses_blocking_commands_too(self):
        self.node.call("CLIENT", "PAUSE", 60000, "WRITE")
        c = self.client()
        c.send(encode("BLPOP", "key", 0))
        self.waiting(1)  # who is paused counts, as in redis-server
        hold(lambda: self.node.info("clients")["total_blocking_keys"] == "0", 0.3, "it does not wait for the key yet")
        self.node.call("CLIENT", "UNPAUSE")
        until(lambda: self.node.info("clients")["total_blocking_keys"] == "1", 10, "it waits for the key")
        self.waiting(1)
        self.client().call("RPUSH", "key", 1)
        self.assertEqual(c.read(), [b"key", b"1"])

    def test_shutdown_ends_the_waiting(self):
        waiter = self.block("BLPOP", "key", 0)
        self.assertEqual(self.node.terminate(), 0)
        with self.assertRaises((EOFError, ConnectionResetError)):
            waiter.read()


class ThreeWorkers(OneNode, Blocking):
    threads = 3

    def test_a_transaction_that_needs_all_workers_serves_too(self):
        waiter = self.block("BLPOP", "key", 0)
        replies = self.client().pipeline([("MULTI",), ("RPUSH", "key", 1), ("CLIENT", "GETNAME"), ("EXEC",)])
        self.assertEqual(replies[-1], [1, None])
        self.assertEqual(waiter.read(), [b"key", b"1"])


class Replicated(Case):
    def test_the_replica_sees_the_push_first(self):
        cluster = self.cluster(primaries=3, replicas=1, io_threads=3)
        primary, replica = cluster.servers[0], cluster.servers[3]
        key, other = keys_of_one_slot(0, 5460)
        with primary.connect() as waiter, primary.connect() as c:
            waiter.send(encode("BLMOVE", key, other, "LEFT", "RIGHT", 0))
            until(lambda: primary.info("clients")["blocked_clients"] == "1", 10, "it waits")
            c.call("RPUSH", key, 1, 2)
            self.assertEqual(waiter.read(), b"1")
        cluster.wait_replicated()
        with replica.connect() as c:
            c.call("READONLY")
            self.assertEqual(c.call("LRANGE", key, 0, -1), [b"2"])
            self.assertEqual(c.call("LRANGE", other, 0, -1), [b"1"])

    def test_a_primary_that_becomes_a_replica_lets_go(self):
        cluster = self.cluster(primaries=3, replicas=1)
        primary, replica = cluster.servers[0], cluster.servers[3]
        key, _ = keys_of_one_slot(0, 5460)
        with primary.connect() as waiter:
            waiter.send(encode("BLPOP", key, 0))
            until(lambda: primary.info("clients")["blocked_clients"] == "1", 10, "it waits")
            replica.call("CLUSTER", "FAILOVER")
            self.assertEqual(str(waiter.read()), UNBLOCKED_BY_ROLE)
            with self.assertRaises(EOFError):
                waiter.read()

    def test_a_slot_that_leaves_sends_those_who_wait_after_it(self):
        cluster = self.cluster(primaries=3, replicas=0, io_threads=3)
        source, target = cluster.servers[0], cluster.servers[1]
        key, _ = keys_of_one_slot(0, 5460)
        slot = slot_of(key)
        with source.connect() as waiter:
            waiter.send(encode("BLPOP", key, 0))
            until(lambda: source.info("clients")["blocked_clients"] == "1", 10, "it waits")
            target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.node_id())
            source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.node_id())
            hold(lambda: source.info("clients")["blocked_clients"] == "1", 0.3, "it still waits")
            target.call("CLUSTER", "SETSLOT", slot, "NODE", target.node_id())
            source.call("CLUSTER", "SETSLOT", slot, "NODE", target.node_id())
            self.assertEqual(str(waiter.read()), f"MOVED {slot} 127.0.0.1:{target.port}")
            self.assertEqual(waiter.call("PING"), "PONG")

    def test_a_dead_primary_and_its_successor(self):
        cluster = self.cluster(primaries=3, replicas=1)
        primary = cluster.servers[0]
        key, _ = keys_of_one_slot(0, 5460)
        with primary.connect() as waiter:
            waiter.send(encode("BLPOP", key, 0))
            until(lambda: primary.info("clients")["blocked_clients"] == "1", 10, "it waits")
            primary.kill()
            with self.assertRaises((EOFError, ConnectionResetError)):
                waiter.read()
        successor = cluster.wait_failover(slot_of(key), primary)
        with successor.connect() as waiter, successor.connect() as c:
            waiter.send(encode("BLPOP", key, 0))
            c.call("RPUSH", key, 1)
            self.assertEqual(waiter.read(), [key.encode(), b"1"])


def keys_of_one_slot(low, high):
    """Two keys of one slot of that range."""
    tag = next(number for number in range(100000) if low <= slot_of(f"{{{number}}}") <= high)
    return f"{{{tag}}}a", f"{{{tag}}}b"


class OverTheRouterPort(RouterCase):
    def test_waits_at_another_node(self):
        cluster = self.routed(primaries=3, replicas=0, io_threads=3)
        router = cluster.servers[2]
        owner = cluster.servers[0]
        key, other = keys_of_one_slot(0, 5460)
        waiter, second, third = (self.raw(router) for _ in range(3))
        waiter.send(encode("BLPOP", key, 0) + encode("GET", other))
        until(lambda: owner.info("clients")["blocked_clients"] == "1", 10, "it waits at the owner")
        # Others are not held up by it.
        self.assertEqual(second.call("SET", other, "x"), "OK")
        second.send(encode("BLPOP", key, 0))
        until(lambda: owner.info("clients")["blocked_clients"] == "2", 10, "both wait")
        self.assertEqual(third.call("RPUSH", key, 1, 2), 2)
        self.assertEqual(waiter.read(), [key.encode(), b"1"])
        self.assertEqual(waiter.read(), b"x")
        self.assertEqual(second.read(), [key.encode(), b"2"])
        self.assertIsNone(third.call("BLPOP", key, "0.05"))

    def test_who_leaves_takes_nothing(self):
        cluster = self.routed(primaries=3, replicas=0)
        router = cluster.servers[2]
        owner = cluster.servers[0]
        key, _ = keys_of_one_slot(0, 5460)
        waiter = self.raw(router)
        waiter.send(encode("BLPOP", key, 0))
        until(lambda: owner.info("clients")["blocked_clients"] == "1", 10, "it waits at the owner")
        waiter.close()
        until(lambda: owner.info("clients")["blocked_clients"] == "0", 10, "nobody waits at the owner")
        self.assertEqual(owner.call("RPUSH", key, 1), 1)
        self.assertEqual(owner.call("LLEN", key), 1)

    def test_client_unblock(self):
        cluster = self.routed(primaries=3, replicas=0)
        node, owner = cluster.servers[2], cluster.servers[0]
        router = node
        key, other = keys_of_one_slot(0, 5460)
        for command in (("BLPOP", key, 0), ("BLMOVE", key, other, "LEFT", "LEFT", 0)):
            for how, reply in (("TIMEOUT", None), ("ERROR", ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
                waiter = self.raw(router)
                number = waiter.call("CLIENT", "ID")
                waiter.send(encode(*command))
                until(lambda: owner.info("clients")["blocked_clients"] == "1", 10, "it waits at the owner")
                self.assertEqual(node.call("CLIENT", "UNBLOCK", number, how), 1)
                self.assertEqual(waiter.read(), reply)
                self.assertEqual(waiter.call("PING"), "PONG")

    def test_a_hand_over_is_not_seen(self):
        cluster = self.routed(primaries=3, replicas=1)
        router = cluster.servers[2]
        primary, replica = cluster.servers[0], cluster.servers[3]
        key, _ = keys_of_one_slot(0, 5460)
        waiter, own = self.raw(router), self.raw(primary)
        for c in (waiter, own):
            c.send(encode("BLPOP", key, 0))
        until(lambda: primary.info("clients")["blocked_clients"] == "2", 10, "they wait at the primary")
        replica.call("CLUSTER", "FAILOVER")
        until(lambda: replica.info("clients")["blocked_clients"] == "2", 10, "they wait at its successor")
        replica.call("RPUSH", key, 1, 2)
        self.assertEqual(sorted([waiter.read()[1], own.read()[1]]), [b"1", b"2"])

    def test_a_slot_that_moves_is_followed(self):
        cluster = self.routed(primaries=3, replicas=0)
        router = cluster.servers[2]
        source, target = cluster.servers[0], cluster.servers[1]
        key, _ = keys_of_one_slot(0, 5460)
        waiter, own, there = (self.raw(port) for port in (
            router, source, target))
        for c in (waiter, own, there):
            c.send(encode("BLPOP", key, 0))
        until(lambda: source.info("clients")["blocked_clients"] == "3", 10, "they wait at the owner")
        for server in (target, source, cluster.servers[2]):
            server.call("CLUSTER", "SETSLOT", slot_of(key), "NODE", target.node_id())
        until(lambda: target.info("clients")["blocked_clients"] == "3", 10, "they wait at the new owner")
        target.call("RPUSH", key, 1, 2, 3)
        self.assertEqual(sorted(c.read()[1] for c in (waiter, own, there)), [b"1", b"2", b"3"])
