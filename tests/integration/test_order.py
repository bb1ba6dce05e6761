"""Program order and the exclusive section (rules 3 and 4 of the design) on a node with three workers, where the slots of one
pipeline belong to different threads (done-when 7)."""

import threading

from integration.lib.background import Background
from integration.lib.case import Case
from integration.lib.resp import ReplyError, encode
from integration.lib.slots import slot_of
from integration.lib.wait import until


def one_node(case, workers=3, **directives):
    server = case.server(io_threads=workers, **directives)
    server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, f"{server} is up")
    return server


def keys_of_workers(count, workers=3):
    """count keys for each worker (a slot belongs to worker slot mod N): [[keys of worker 0], ...]."""
    found = [[] for _ in range(workers)]
    number = 0
    while any(len(keys) < count for keys in found):
        key = f"k{number}"
        number += 1
        keys = found[slot_of(key) % workers]
        if len(keys) < count:
            keys.append(key)
    return found


class Noise(Background):
    """Clients that write to all slots, each checking its own replies."""

    def __init__(self, server, clients=4):
        super().__init__(server, clients)

    def work(self, connection, client, turn):
        commands = [("SET", f"noise:{client}:{number}", f"{turn}") for number in range(30)]
        replies = connection.pipeline(commands)
        if replies != ["OK"] * 30:
            self.problems.append(replies)


class ProgramOrder(Case):
    def test_replies_come_in_the_order_sent(self):
        server = one_node(self)
        groups = keys_of_workers(40)
        with server.connect() as connection:
            for turn in range(20):
                # Neighbours in the pipeline belong to different workers, and every command has an answer of its own.
                commands, wanted = [], []
                for row in zip(*groups):
                    for key in row:
                        commands += [("SET", key, f"{key}/{turn}"), ("GET", key), ("STRLEN", key)]
                        wanted += ["OK", f"{key}/{turn}".encode(), len(f"{key}/{turn}")]
                self.assertEqual(connection.pipeline(commands), wanted)

    def test_scripts_without_keys_overtake_nothing(self):
        server = one_node(self)
        # Wherever the connection lives, two of these keys are another worker's.
        keys = [keys[0] for keys in keys_of_workers(1)]
        for turn in range(50):
            # A new script each time: one that was seen to use several workers' keys waits anyhow.
            script = f"--{turn}\nreturn redis.call(unpack(ARGV))"
            commands = [step for key in keys for step in
                        (("SET", key, "v"), ("EVAL", script, 0, "DEL", key), ("EXISTS", key))]
            with server.connect() as connection:
                self.assertEqual(connection.pipeline(commands), ["OK", 1, 0] * 3)

    def test_commands_to_one_slot_take_effect_in_the_order_sent(self):
        server = one_node(self)
        groups = keys_of_workers(10)
        keys = [key for row in zip(*groups) for key in row]
        with server.connect() as connection:
            commands, wanted = [], []
            for turn in range(1, 101):
                for key in keys:
                    commands.append(("INCR", key))
                    wanted.append(turn)
            self.assertEqual(connection.pipeline(commands), wanted)

    def test_barriers_in_a_pipeline(self):
        """Transactions, connection state and node-wide commands see all that was sent before and nothing sent after."""
        server = one_node(self)
        (a, *_), (b, *_), (c, *_) = keys_of_workers(1)
        with server.connect() as connection:
            for turn in range(50):
                replies = connection.pipeline([
                    ("SET", a, turn), ("SET", b, turn), ("SET", c, turn),
                    ("DBSIZE",),
                    ("CLIENT", "SETNAME", f"turn-{turn}"),
                    ("GET", a), ("CLIENT", "GETNAME"),
                    ("MULTI",), ("INCRBY", b, 1000), ("GET", b), ("EXEC",),
                    ("GET", c), ("DEL", c), ("DBSIZE",), ("FLUSHALL",), ("DBSIZE",), ("GET", a), ("PING", "end"),
                ])
                text = str(turn).encode()
                self.assertEqual(replies, [
                    "OK", "OK", "OK", 3, "OK", text, f"turn-{turn}".encode(), "OK", "QUEUED", "QUEUED",
                    [turn + 1000, str(turn + 1000).encode()], text, 1, 2, "OK", 0, None, b"end"])

    def test_order_holds_when_a_pipeline_is_cut_anywhere(self):
        server = one_node(self)
        groups = keys_of_workers(5)
        keys = [key for row in zip(*groups) for key in row]
        data = b"".join(encode("SET", key, f"v{number}") + encode("GET", key) for number, key in enumerate(keys))
        wanted = [part for number in range(len(keys)) for part in ("OK", f"v{number}".encode())]
        with server.connect() as connection:
            for cut in range(1, len(data), 7):
                connection.send(data[:cut])
                connection.send(data[cut:])
                self.assertEqual([connection.read() for _ in wanted], wanted)

    def test_order_holds_under_load(self):
        server = one_node(self)
        groups = keys_of_workers(20)
        keys = [key for row in zip(*groups) for key in row]
        with Noise(server) as noise, server.connect() as connection:
            for turn in range(1, 101):
                self.assertEqual(connection.pipeline([("INCR", key) for key in keys]), [turn] * len(keys))
        self.assertEqual(noise.problems, [])
        self.assertGreater(noise.rounds, 0)


class ExclusiveSection(Case):
    def test_flushall_is_one_moment(self):
        """After FLUSHALL's answer nothing written before it is left, in any slot, while others write on."""
        server = one_node(self)
        keys = [key for row in zip(*keys_of_workers(30)) for key in row]
        with Noise(server) as noise, server.connect() as connection:
            for _ in range(30):
                replies = connection.pipeline([("SET", key, "v") for key in keys] + [("FLUSHALL",)]
                                              + [("EXISTS", key) for key in keys])
                self.assertEqual(replies, ["OK"] * len(keys) + ["OK"] + [0] * len(keys))
        self.assertEqual(noise.problems, [])

    def test_config_set_is_seen_by_all_workers_at_once(self):
        server = one_node(self)
        groups = keys_of_workers(1)
        fields = [part for number in range(8) for part in (f"f{number}", "v")]
        with Noise(server) as noise, server.connect() as connection:
            for turn in range(40):
                entries, encoding = (4, b"hashtable") if turn % 2 else (512, b"listpack")
                commands = [("CONFIG", "SET", "hash-max-listpack-entries", entries)]
                for (key, *_) in groups:
                    commands += [("DEL", f"{{{key}}}h"), ("HSET", f"{{{key}}}h", *fields),
                                 ("OBJECT", "ENCODING", f"{{{key}}}h")]
                replies = connection.pipeline(commands)
                self.assertEqual(replies[0], "OK")
                self.assertEqual(replies[3::3], [encoding] * 3)
        self.assertEqual(noise.problems, [])

    def test_exec_with_a_watch_on_a_foreign_slot(self):
        """A watched key of another worker's slot decides the transaction, with no window in between."""
        server = one_node(self)
        (watched, *_), (other, *_), _ = keys_of_workers(1)
        with server.connect() as connection, server.connect() as rival:
            for turn in range(60):
                connection.call("WATCH", watched)
                if turn % 2:
                    rival.call("SET", watched, turn)
                replies = connection.pipeline([("MULTI",), ("SET", other, turn), ("GET", other), ("EXEC",)])
                self.assertEqual(replies[-1], None if turn % 2 else ["OK", str(turn).encode()])

    def test_no_update_is_lost_by_optimistic_locking_over_slots(self):
        """Clients that count with WATCH in one slot and write in another never lose a count."""
        server = one_node(self)
        (counter, *_), (result, *_), _ = keys_of_workers(1)
        server.call("SET", counter, 0)
        turns, clients, problems = 40, 4, []

        def count():
            with server.connect() as connection:
                done = 0
                while done < turns:
                    connection.call("WATCH", counter)
                    seen = int(connection.call("GET", counter))
                    # The write to the counter comes first, as a transaction of its own slot.
                    replies = connection.pipeline([("MULTI",), ("SET", counter, seen + 1), ("EXEC",)])
                    if isinstance(replies[-1], ReplyError):
                        problems.append(replies[-1])
                        return
                    if replies[-1] is not None:
                        connection.call("INCR", result)
                        done += 1
        threads = [threading.Thread(target=count) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(int(server.call("GET", counter)), turns * clients)
        self.assertEqual(int(server.call("GET", result)), turns * clients)

    def test_exec_with_node_wide_commands_is_atomic(self):
        server = one_node(self)
        key = "{t}key"
        with server.connect() as connection, server.connect() as reader:
            for _ in range(40):
                connection.send(b"".join(encode(*command) for command in [
                    ("MULTI",), ("FLUSHALL",), ("SET", key, "v"), ("DBSIZE",), ("EXEC",)]))
                # A reader sees the key before or after the transaction, never the flush alone.
                size = reader.call("DBSIZE")
                self.assertIn(size, (0, 1))
                replies = [connection.read() for _ in range(5)]
                self.assertEqual(replies[-1], ["OK", "OK", 1])
                self.assertEqual(reader.call("GET", key), b"v")


class OneTurn(Case):
    """What many connections sent while the node stood still: it reads the input of several before it runs any of it."""

    def test_commands_that_act_on_other_connections(self):
        for workers in (1, 3):
            with self.subTest(workers=workers):
                self.many_at_once(one_node(self, workers))

    def many_at_once(self, server):
        clients = [server.connect() for _ in range(60)]
        waiting, pushing, killing, killed, *others = clients
        waiting.send(encode("BLPOP", "{q}list", 0) + encode("SET", "{q}after", "1"))
        victim = killed.call("CLIENT", "ID")
        until(lambda: server.info("clients")["blocked_clients"] == "1", 10, "a client waits")
        server.freeze()
        waiting.send(encode("GET", "{q}after") * 40)
        pushing.send(encode("LPUSH", "{q}list", "x"))
        killing.send(encode("CLIENT", "KILL", "ID", victim))
        killed.send(encode("INCR", "killed") * 40)
        for number, client in enumerate(others):
            client.send(b"".join(encode("SET", f"k{number}:{i}", i) + encode("GET", f"k{number}:{i}") for i in range(40)))
        server.thaw()
        self.assertEqual(waiting.read(), [b"{q}list", b"x"])
        self.assertEqual([waiting.read() for _ in range(41)], ["OK"] + [b"1"] * 40)
        self.assertEqual(pushing.read(), 1)
        self.assertEqual(killing.read(), 1)
        counted = int(server.call("GET", "killed") or 0)
        answered = []
        try:
            while True:
                answered.append(killed.read())
        except (ConnectionError, EOFError):
            pass
        self.assertEqual(answered, list(range(1, len(answered) + 1)))
        self.assertLessEqual(len(answered), counted)
        for client in others:
            replies = [client.read() for _ in range(80)]
            self.assertEqual(replies, [reply for i in range(40) for reply in ("OK", b"%d" % i)])
