"""CLIENT REPLY over commands of every way of being executed: here, on another worker, in the exclusive section, later. What
comes back is what redis-server sends."""

from integration.lib.case import Case
from integration.lib.resp import encode
from integration.lib.server import REDIS, SUBJECT
from integration.lib.wait import until

from integration.test_order import keys_of_workers

FAR = [keys[0] for keys in keys_of_workers(1)]  # wherever the connection lives, two of these are another worker's
COMMANDS = [
    *[("SET", key, "value") for key in FAR], *[("GET", key) for key in FAR], ("PING",), ("NO-SUCH-COMMAND",), ("GET",),
    ("WAIT", 1, 30), ("FLUSHALL",), ("CONFIG", "SET", "slowlog-max-len", 100), ("EVAL", "return 1", 0),
    ("EVAL", "return redis.call('set', KEYS[1], 'x')", 1, FAR[0]), ("LPUSH", "list", 1), ("BLPOP", "list", 0),
    ("BLPOP", "none", 0.05), ("OBJECT", "HELP"), ("SUBSCRIBE", "channel"), ("UNSUBSCRIBE", "channel"),
    ("WATCH", FAR[1]), ("UNWATCH",), ("CLUSTER", "MYID"), ("GET", "elsewhere" * 3)]
TRANSACTIONS = [[("MULTI",), *[(step, key, *rest) for step, *rest in (("SET", 1), ("GET",))], ("EXEC",)] for key in FAR] + [
    [("MULTI",), ("FLUSHALL",), ("EXEC",)], [("MULTI",), ("GET",), ("EXEC",)]]


class ClientReply(Case):
    def both(self, requests):
        """What each server sends for these requests and a PING at their end."""
        answers = []
        for server in self.servers:
            with server.connect() as connection:
                connection.send(b"".join(encode(*request) for request in requests) + encode("ECHO", "the end"))
                got = b""
                while not got.endswith(b"$7\r\nthe end\r\n"):
                    got += connection.read_with_bytes()[1]
                answers.append(got)
        return answers

    def setUp(self):
        super().setUp()
        self.servers = [self.server(kind=SUBJECT, io_threads=3), self.server(kind=REDIS)]
        for server in self.servers:
            server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            until(lambda s=server: s.cluster_info()["cluster_state"] == "ok", 10, f"{server} is up")

    def test_off_until_on(self):
        commands = COMMANDS + [step for steps in TRANSACTIONS for step in steps]
        ours, theirs = self.both([("CLIENT", "REPLY", "OFF"), *commands * 3, ("CLIENT", "REPLY", "ON"), ("PING",)])
        self.assertEqual(ours, theirs)
        # What is about channels is a message, and sent nevertheless.
        self.assertEqual(ours.count(b"channel"), 6)
        self.assertTrue(ours.endswith(b":0\r\n+OK\r\n+PONG\r\n$7\r\nthe end\r\n"))

    def test_off_until_reset(self):
        ours, theirs = self.both([("CLIENT", "REPLY", "OFF"), ("SET", FAR[0], 1), ("SET", FAR[1], 1), ("RESET",), ("PING",)])
        self.assertEqual(ours, theirs)

    def test_skip_is_about_one_command(self):
        for command in COMMANDS:
            if command[0] == "SUBSCRIBE":
                continue  # nothing else may follow it
            with self.subTest(command):
                ours, theirs = self.both([("CLIENT", "REPLY", "SKIP"), command, ("PING",), ("SET", FAR[2], 1), ("PING",)])
                self.assertEqual(ours, theirs)
                if command[0] != "UNSUBSCRIBE":
                    self.assertTrue(ours.startswith(b"+PONG\r\n+OK\r\n+PONG\r\n"), ours)

    def test_what_comes_before_is_answered(self):
        before = [("SET", key, number) for number, key in enumerate(FAR * 5)]
        ours, theirs = self.both([*before, ("CLIENT", "REPLY", "OFF"), *before, ("GET", FAR[0]), ("CLIENT", "REPLY", "ON"), *before])
        self.assertEqual(ours, theirs)
