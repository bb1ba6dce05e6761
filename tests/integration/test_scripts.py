"""Scripts that take too long, with one worker and several: others get an answer, a kill ends what may be killed; what scripts
do and which functions there are reaches replicas of both kinds."""

import contextlib
import threading

from integration.lib import resp
from integration.lib.cluster import offset
from integration.lib.scripts import BUSY_SCRIPT, ENDLESS, THRESHOLD_MS, Endless, ScriptCase
from integration.lib.server import REDIS, SUBJECT
from integration.lib.wait import until

BUSY_FUNCTION = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
LIBRARY = ("#!lua name=lib\n"
           "redis.register_function('endless', function() while true do end end)\n"
           "redis.register_function('set', function(keys, args) return redis.call('set', keys[1], args[1]) end)")


class Scripts(ScriptCase):
    def test_who_came_with_the_script_is_answered(self):
        """All is read, and handed to the key's worker, in one turn; some may have theirs before the script."""
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            # Slots of different workers: at most one of these is where the script's connection is.
            for key in self.of_workers(threads):
                with contextlib.ExitStack() as stack:
                    endless, *others = [stack.enter_context(server.connect(timeout=30)) for _ in range(1 + 3 * threads)]
                    for connection in (endless, *others):
                        connection.call("PING")
                    server.freeze()
                    endless.send(resp.encode("EVAL", ENDLESS, 1, key))
                    for connection in others:
                        connection.send(resp.encode("GET", key))
                    server.thaw()
                    for connection in others:
                        self.assertIn(str(connection.read()), (BUSY_SCRIPT, "None"))
                    self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
                    self.assertIn("Script killed by user", str(endless.read()))
            server.remove()

    def test_of_two_that_need_each_others_worker_one_gives_way(self):
        """TRYAGAIN, which clients answer by running it again, only while it has written nothing."""
        server = self.server(busy_reply_threshold=5000, io_threads=2)
        server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, "the cluster is up")
        one, other = self.of_workers(2)
        body = ("-- {turn}\n{first} local function micros() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end "
                "local begin = micros() while micros() - begin < {time} * 1000 do end "
                "return redis.call('INCR', ARGV[1])")
        for first, error in (("redis.call('INCR', KEYS[1])",
                              "ERR Another script is using the keys of several workers at the moment; what this one wrote "
                              "before stays"),
                             ("", "TRYAGAIN Another script is using the keys of several workers at the moment")):
            seen = []
            for turn in range(40):
                # A script is remembered once it was seen at another worker's keys: each is a new one. Where the second one's
                # connection belongs to the first one's worker it comes too late.
                server.call("FLUSHALL")
                with server.connect() as a, server.connect() as b:
                    a.send(resp.encode("EVAL", body.format(turn=turn, first=first, time=100), 1, one, other))
                    b.send(resp.encode("EVAL", body.format(turn=-turn - 1, first=first, time=300), 1, other, one))
                    replies = {one: a.read(), other: b.read()}
                failed = [key for key, reply in replies.items() if isinstance(reply, resp.ReplyError)]
                counts = {key: int(server.call("GET", key) or 0) for key in (one, other)}
                for key in failed:
                    self.assertEqual(str(replies[key]).partition(" script: ")[0], error)
                    seen.append(key)
                # Each INCR that was not refused took effect, once.
                own = 1 if first else 0
                self.assertEqual(counts, {one: own + (other not in failed), other: own + (one not in failed)})
                if len(seen) >= 3:
                    break
            self.assertTrue(seen, "no two scripts ever met")

    def test_kill(self):
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            endless = Endless(server, "EVAL", ENDLESS, 1, "{k}")
            self.busy(server, "{k}")
            # From many connections, so that all workers are asked.
            for _ in range(2 * threads):
                with server.connect() as connection:
                    self.assertEqual(str(connection.ask("GET", "{k}")), BUSY_SCRIPT)
                    self.assertEqual(str(connection.ask("FUNCTION", "KILL")), BUSY_SCRIPT)
                    self.assertEqual(connection.ask("MULTI"), "OK")
                    self.assertEqual(connection.ask("DISCARD"), "OK")
                    self.assertEqual(str(connection.ask("FLUSHALL")), BUSY_SCRIPT)
            self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
            self.assertIn("Script killed by user with SCRIPT KILL.", str(endless.answer()))
            self.assertEqual(server.call("SET", "{k}", 1), "OK")
            self.assertIn("NOTBUSY", str(server.ask("SCRIPT", "KILL")))
            self.assertEqual(server.call("FLUSHALL"), "OK")

    def test_other_workers_go_on(self):
        server = self.node(io_threads=3)
        endless = Endless(server, "EVAL", ENDLESS, 1, "{k}")
        self.busy(server, "{k}")
        connections = [server.connect() for _ in range(9)]
        served = set()
        for connection in connections:
            with connection:
                for number in range(50):
                    if connection.ask("SET", f"key{number}", 1) == "OK":
                        served.add(number)
        # Two of three workers own two thirds of the keys, for connections that are not homed on the busy one.
        self.assertGreater(len(served), 20)
        self.assertLess(len(served), 50)
        self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
        self.assertIn("SCRIPT KILL", str(endless.answer()))

    def test_what_wrote_cannot_be_killed(self):
        for threads in (1, 3):
            server = self.node(io_threads=threads)
            Endless(server, "EVAL", "redis.call('set', KEYS[1], 1) while true do end", 1, "{k}")
            self.busy(server, "{k}")
            self.assertIn("UNKILLABLE", str(server.ask("SCRIPT", "KILL")))
            for words in (("SHUTDOWN",), ("SHUTDOWN", "SAVE"), ("SHUTDOWN", "NOW", "FORCE")):
                self.assertEqual(str(server.ask(*words)), BUSY_SCRIPT)
            with server.connect() as connection:
                connection.send(resp.encode("SHUTDOWN", "NOSAVE"))
                until(lambda: not server.alive(), 10, "the server ends")

    def test_function(self):
        server = self.node(io_threads=3)
        server.call("FUNCTION", "LOAD", LIBRARY)
        endless = Endless(server, "FCALL", "endless", 1, "{k}")
        self.busy(server, "{k}", BUSY_FUNCTION)
        stats = server.call("FUNCTION", "STATS")
        self.assertEqual(stats[1][1], b"endless")
        self.assertEqual(stats[1][3], [b"FCALL", b"endless", b"1", b"{k}"])
        self.assertEqual(str(server.ask("SCRIPT", "KILL")), BUSY_FUNCTION)
        self.assertEqual(server.call("FUNCTION", "KILL"), "OK")
        self.assertIn("FUNCTION KILL", str(endless.answer()))
        self.assertIsNone(server.call("FUNCTION", "STATS")[1])

    def test_a_script_on_the_keys_of_all_workers(self):
        """It holds the whole node: all connections are answered BUSY, and it can be killed, the first time and later."""
        server = self.node(io_threads=3)
        body = "for i = 1, 30 do redis.call('get', 'k' .. i) end while true do end"
        for _ in range(2):
            endless = Endless(server, "EVAL", body, 0)
            self.busy(server, "{k}")
            for number in range(9):
                with server.connect() as connection:
                    self.assertEqual(str(connection.ask("GET", f"key{number}")), BUSY_SCRIPT)
            self.assertEqual(server.call("SCRIPT", "KILL"), "OK")
            self.assertIn("SCRIPT KILL", str(endless.answer()))
            self.assertEqual(server.call("SET", "key", 1), "OK")

    def test_many_scripts_on_the_keys_of_all_workers(self):
        """They exclude each other: no update is lost."""
        server = self.node(io_threads=3)
        body = ("local sum = 0 for i = 1, 5 do sum = sum + (tonumber(redis.call('get', 'n' .. i) or 0)) end "
                "for i = 1, 5 do redis.call('incr', 'n' .. i) end return sum")
        problems = []

        def run():
            with server.connect() as connection:
                done = 0
                while done < 200:
                    reply = connection.ask("EVAL", body, 0)
                    if isinstance(reply, int) and reply % 5 == 0:
                        done += 1
                    elif not str(reply).startswith("TRYAGAIN"):
                        problems.append(reply)
                        return

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual([int(server.call("GET", f"n{number}")) for number in range(1, 6)], [800] * 5)

    def test_half_a_script_is_not_refused(self):
        """What a script may not begin to write it may go on to write: the replicas were enough when it began."""
        cluster = self.cluster(1, 1, io_threads=3, min_replicas_to_write=1, busy_reply_threshold=THRESHOLD_MS)
        primary, replica = cluster.servers
        body = ("redis.call('set', KEYS[1], 1) local began = redis.call('time')[1] "
                "repeat until redis.call('time')[1] - began >= 2 return redis.call('incr', KEYS[1])")
        until(lambda: primary.ask("SET", "k", 0) == "OK", 20, "there is a replica")
        running = Endless(primary, "EVAL", body, 1, "k")
        self.busy(primary, "k")
        replica.kill()
        self.assertEqual(running.answer(), 2)
        self.assertIn("NOREPLICAS", str(primary.ask("EVAL", body, 1, "k")))

    def test_replication(self):
        cluster = self.cluster(1, 2, kinds=[SUBJECT, REDIS, SUBJECT], io_threads=3)
        primary, *replicas = cluster.servers
        primary.call("FUNCTION", "LOAD", LIBRARY)
        primary.call("FCALL", "set", 1, "f", "by function")
        for turn in range(50):
            primary.call("EVAL", "redis.call('set', KEYS[1], ARGV[1]) redis.call('incr', KEYS[2]) "
                         "return redis.call('incrbyfloat', KEYS[3], 0.5)", 3, "{t}a", "{t}n", "{t}f", turn)
            primary.call("EVAL", "for i = 1, 5 do redis.call('incr', 'n' .. i) end", 0)
            primary.call("EVAL", "redis.set_repl(redis.REPL_NONE) redis.call('set', KEYS[1], 1)", 1, "only-here")
        keys = ["f", "{t}a", "{t}n", "{t}f"] + [f"n{number}" for number in range(1, 6)]
        want = [primary.call("GET", key) for key in keys]
        for replica in replicas:
            until(lambda: offset(primary) == offset(replica), 30, f"{replica} caught up")
            with replica.connect() as connection:
                connection.call("READONLY")
                self.assertEqual([connection.call("GET", key) for key in keys], want)
                self.assertIsNone(connection.call("GET", "only-here"))
                self.assertEqual(connection.call("FUNCTION", "LIST", "WITHCODE")[0][7], LIBRARY.encode())
                refused = connection.ask("EVAL", "return redis.call('set', KEYS[1], 1)", 1, "f")
                self.assertIn("READONLY You can't write against a read only replica.", str(refused))
        primary.call("FUNCTION", "DELETE", "lib")
        for replica in replicas:
            until(lambda: replica.call("FUNCTION", "LIST") == [], 10, f"{replica} forgets the library")

    def test_full_sync_carries_functions(self):
        for kinds in ([SUBJECT, REDIS, SUBJECT], [REDIS, SUBJECT, SUBJECT]):
            cluster = self.cluster(1, 2, kinds=kinds, form=False)
            cluster.servers[0].call("FUNCTION", "LOAD", LIBRARY)
            cluster.servers[2].call("FUNCTION", "LOAD", LIBRARY.replace("name=lib", "name=old"))
            cluster.form()
            for replica in cluster.servers[1:]:
                until(lambda: replica.call("ROLE")[3] == b"connected", 30, f"{replica} is synced")
                self.assertEqual([library[1] for library in replica.call("FUNCTION", "LIST")], [b"lib"])
