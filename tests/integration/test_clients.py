"""What a node does about its clients: CLIENT PAUSE, MONITOR, and the limits of what one client, or all together, may take."""

import os
import socket
import threading
import time

from integration.lib.case import Case
from integration.lib.resp import ReplyError, encode
from integration.lib.server import SUBJECT
from integration.lib.wait import hold, until

MIB = 1 << 20


class Clients(Case):
    def node(self, **directives):
        node = self.server(io_threads=3, **directives) if SUBJECT.name == "guccho" else self.server(**directives)
        with node.connect() as connection:
            if "requirepass" in directives:
                connection.call("AUTH", directives["requirepass"])
            connection.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            until(lambda: b"cluster_state:ok" in connection.call("CLUSTER", "INFO"), 10, f"{node} is up")
        return node

    def client(self, node, protocol=2):
        connection = node.connect(protocol=protocol)
        self.addCleanup(connection.close)
        return connection

    def line_of(self, node, client_id):
        """The client's fields in CLIENT LIST; empty when it is gone."""
        text = node.call("CLIENT", "LIST", "ID", client_id).decode()
        return dict(field.split("=", 1) for field in text.split())


def is_closed(connection):
    try:
        connection.call("PING")
    except (EOFError, OSError):
        return True
    return False


class Pause(Clients):
    def test_a_shorter_pause_does_not_end_a_longer_one(self):
        node = self.node()
        node.call("CLIENT", "PAUSE", 60000, "WRITE")
        node.call("CLIENT", "PAUSE", 1, "WRITE")
        writer = self.client(node)
        client_id = writer.call("CLIENT", "ID")
        writer.send(encode("SET", "key", 1))
        until(lambda: node.info("clients")["blocked_clients"] == "1", 10, "the writer waits, and is counted")
        self.assertIn("b", self.line_of(node, client_id)["flags"])
        hold(lambda: node.call("EXISTS", "key") == 0, 0.5, "the longer pause holds")
        node.call("CLIENT", "UNPAUSE")
        self.assertEqual(writer.read(), "OK")
        until(lambda: node.info("clients")["blocked_clients"] == "0", 10, "nobody waits")

    def test_scripts_that_may_write_are_paused_too(self):
        node = self.node()
        script = "return redis.call('SET', KEYS[1], 1)"
        writers = [self.client(node) for _ in range(2)]
        # Queued before: what may write is not queued, either, during a pause.
        self.assertEqual(writers[1].pipeline([("MULTI",), ("EVAL", script, 1, "key")]), ["OK", "QUEUED"])
        node.call("CLIENT", "PAUSE", 60000, "WRITE")
        writers[0].send(encode("EVAL", script, 1, "key"))
        writers[1].send(encode("EXEC"))
        hold(lambda: node.call("EXISTS", "key") == 0, 0.5, "the pause holds")
        self.assertEqual(node.call("EVAL", "#!lua flags=no-writes\nreturn 1", 0), 1)
        node.call("CLIENT", "UNPAUSE")
        self.assertEqual(writers[0].read(), "OK")
        self.assertEqual(writers[1].read(), ["OK"])

    def test_a_pause_of_all_stays_one_of_all(self):
        node = self.node()
        began = time.monotonic()
        # The second of them would wait for the first.
        self.client(node).pipeline([("MULTI",), ("CLIENT", "PAUSE", 300, "ALL"), ("CLIENT", "PAUSE", 1000, "WRITE"),
                                    ("EXEC",)])
        self.assertEqual(self.client(node).call("EXISTS", "key"), 0)
        self.assertGreater(time.monotonic() - began, 0.9)


class Monitors(Clients):
    def lines(self, monitor, last):
        """The words of the lines, up to the one that ends so."""
        found = []
        while not found or not found[-1].endswith(last):
            found.append(monitor.read().split("] ", 1)[1])
        return found

    def monitor(self, node):
        monitor = self.client(node)
        self.assertEqual(monitor.call("MONITOR"), "OK")
        return monitor

    def test_a_transaction_is_shown_when_it_runs(self):
        node = self.node()
        monitor, client, other = self.monitor(node), self.client(node), self.client(node)
        # The slots of one worker, of another and of several.
        for key in ("{a}1", "{b}1", "{c}1", "{d}1"):
            client.pipeline([("MULTI",), ("SET", key, 1), ("GET", key)])
            other.call("EXISTS", "between")
            client.call("exec")
            self.assertEqual(self.lines(monitor, '"exec"'), [
                '"MULTI"', '"EXISTS" "between"', f'"SET" "{key}" "1"', f'"GET" "{key}"', '"exec"'])

    def test_what_does_not_run_is_not_shown(self):
        node = self.node()
        monitor, client, other = self.monitor(node), self.client(node), self.client(node)
        client.call("WATCH", "key")
        other.call("SET", "key", 1)
        client.pipeline([("MULTI",), ("GET", "key")])
        self.assertIsNone(client.call("EXEC"))
        self.assertEqual(self.lines(monitor, '"EXEC"'), ['"WATCH" "key"', '"SET" "key" "1"', '"MULTI"', '"EXEC"'])
        client.pipeline([("MULTI",), ("GET", "key"), ("GET",), ("EXEC",)])
        self.assertEqual(self.lines(monitor, '"EXEC"'), ['"MULTI"', '"EXEC"'])
        client.pipeline([("MULTI",), ("GET", "key"), ("DISCARD",)])
        self.assertEqual(self.lines(monitor, '"DISCARD"'), ['"MULTI"', '"DISCARD"'])

    def test_passwords_are_not_shown(self):
        node = self.node()
        monitor, client = self.monitor(node), self.client(node)
        client.ask("HELLO", 3, "AUTH", "user", "secret", "SETNAME", "name")
        self.assertEqual(self.lines(monitor, '"name"'), ['"HELLO" "3" "AUTH" "(redacted)" "(redacted)" "SETNAME" "name"'])

    def test_a_client_of_the_unix_socket_is_shown_by_its_path(self):
        # A path of a socket has little room.
        path = f"/tmp/guccho-test-{os.getpid()}.sock"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        node = self.node(unixsocket=path)
        monitor = self.monitor(node)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(encode("ECHO", "x"))
            self.assertTrue(client.recv(100))
        self.assertRegex(monitor.read(), r"^\d+\.\d{6} \[0 unix:" + path + r"\] \"ECHO\" \"x\"$")

    def test_it_may_not_touch_keys(self):
        node = self.node()
        monitor = self.client(node)
        monitor.call("MONITOR")
        refused = ReplyError("ERR Replica can't interact with the keyspace")
        for command in (("GET", "key"), ("SET", "key", 1), ("PUBLISH", "channel", "x"), ("EVAL", "return 1", 0),
                        ("DBSIZE",), ("FLUSHALL",)):
            self.assertEqual(monitor.ask(*command), refused, command)
        self.assertEqual(monitor.ask("MULTI"), "OK")
        self.assertEqual(monitor.read().split("] ", 1)[1], '"MULTI"')
        self.assertEqual(monitor.ask("GET", "key"), refused)
        self.assertEqual(monitor.ask("EXEC"), ReplyError(
            "EXECABORT Transaction discarded because of previous errors."))

    def test_it_is_a_normal_client(self):
        node = self.node()
        monitor = self.client(node)
        client_id = monitor.call("CLIENT", "ID")
        monitor.call("MONITOR")
        self.assertEqual(self.line_of(node, client_id)["flags"], "O")
        self.assertIn(f"id={client_id} ", node.call("CLIENT", "LIST", "TYPE", "normal").decode())
        self.assertNotIn(f"id={client_id} ", node.call("CLIENT", "LIST", "TYPE", "replica").decode())


class Limits(Clients):
    def test_who_has_not_authenticated_gets_few_unread_replies(self):
        node = self.node(requirepass="secret")
        known, unknown = self.client(node), self.client(node)
        known.call("AUTH", "secret")
        for connection in (known, unknown):
            connection.settimeout(5)
        # Replies that nobody reads: far more than the kernel holds for a connection.
        request = b"PING\r\n" * 10000
        with self.assertRaises(OSError):
            for _ in range(400):
                unknown.send(request)
        self.assertEqual(known.pipeline([("PING", "x" * 1000)] * 1000), [b"x" * 1000] * 1000)

    def test_the_soft_limit_holds_while_nothing_is_sent(self):
        node = self.node(client_output_buffer_limit="pubsub 0 100kb 3600")
        slow, publisher = self.client(node), self.client(node)
        client_id = slow.call("CLIENT", "ID")
        slow.call("SUBSCRIBE", "news")
        # More than what the kernel holds for a connection.
        publisher.pipeline([("PUBLISH", "news", "x" * 100000)] * 200)
        self.assertTrue(self.line_of(node, client_id))
        node.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 100kb 1")
        until(lambda: not self.line_of(node, client_id), 10, "the slow subscriber is closed")

    def test_the_largest_client_goes_first(self):
        # A client takes what it queued, and up to 2 MiB for what it sends. Workers know of each other's largest at once, not
        # only after the timer.
        node = self.node(maxmemory_clients="20mb", hz=1)
        value = "x" * MIB
        small, large = self.client(node), self.client(node)
        for connection, values in ((small, 2), (large, 12)):
            connection.call("MULTI")
            for _ in range(values):
                connection.call("SET", "key", value)
        self.assertEqual(node.info("stats")["evicted_clients"], "0")
        other = self.client(node)
        other.call("MULTI")
        for _ in range(7):
            other.call("SET", "key", value)
        until(lambda: node.info("stats")["evicted_clients"] == "1", 10, "one client is closed")
        self.assertTrue(is_closed(large))
        self.assertEqual(small.call("DISCARD"), "OK")
        self.assertEqual(other.call("DISCARD"), "OK")
        self.assertIn("Evicting client: id=", node.log())

    def test_who_asked_not_to_be_evicted_is_not(self):
        node = self.node(maxmemory="400mb", maxmemory_clients="6%", hz=100)
        value = "x" * MIB
        kept, other = self.client(node), self.client(node)
        kept.call("CLIENT", "NO-EVICT", "ON")
        kept.call("MULTI")
        for _ in range(14):
            kept.call("SET", "key", value)
        other.call("MULTI")
        with self.assertRaises((EOFError, OSError)):
            for _ in range(12):
                other.call("SET", "key", value)
        # What is left is above the limit, and may not be closed.
        for _ in range(12):
            kept.call("SET", "key", value)
        self.assertEqual(kept.call("DISCARD"), "OK")


class Turns(Clients):
    """Nobody holds a worker with one large reply or request: it leaves, and is read, in parts."""

    def counts(self, node):
        stats = node.info("stats")
        return {name: int(stats[name]) for name in ("total_net_output_bytes", "total_writes_processed",
                                                    "total_net_input_bytes", "total_reads_processed")}

    def test_a_large_reply_leaves_in_parts(self):
        node = self.node()
        client = self.client(node)
        value = os.urandom(64) * (MIB // 64) * 64
        client.call("SET", "key", value)
        before = self.counts(node)
        self.assertEqual(client.call("GET", "key"), value)
        after = self.counts(node)
        written = after["total_net_output_bytes"] - before["total_net_output_bytes"]
        self.assertGreaterEqual(written, len(value))
        self.assertGreaterEqual(after["total_writes_processed"] - before["total_writes_processed"], written // 262144)

    def test_commands_behind_a_large_one_are_read_in_parts(self):
        node = self.node()
        client = self.client(node)
        # Afterwards the buffer has room for a great many commands.
        client.call("SET", "key", "x" * (10 * MIB))
        before = self.counts(node)
        commands = 100000
        sender = threading.Thread(target=client.send, args=(encode("PING") * commands,))
        sender.start()
        self.assertEqual([client.read() for _ in range(commands)], ["PONG"] * commands)
        sender.join()
        after = self.counts(node)
        reads = after["total_reads_processed"] - before["total_reads_processed"]
        self.assertGreaterEqual(reads, (after["total_net_input_bytes"] - before["total_net_input_bytes"]) // 32768)

    def test_a_reply_before_the_end_of_the_connection_arrives_whole(self):
        node = self.node()
        client = self.client(node)
        client.call("SET", "key", "x" * (20 * MIB))
        client.send(encode("GET", "key") + encode("QUIT"))
        self.assertEqual(len(client.read_to_end()), 20 * MIB + len(f"${20 * MIB}\r\n\r\n+OK\r\n"))
