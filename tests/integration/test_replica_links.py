"""Links of replication as clients: CLIENT LIST and KILL, INFO; and full syncs in the older form, with the length first."""

import os
import resource
import socket
import subprocess

from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.data import Writer
from integration.lib.resp import encode
from integration.lib.server import REDIS, SUBJECT, Server
from integration.lib.wait import until


def clients(server, *options):
    """CLIENT LIST as dictionaries."""
    return [dict(field.split("=", 1) for field in line.split(" "))
            for line in server.call("CLIENT", "LIST", *options).decode().splitlines()]


class OldReplica:
    """A replica that announces no `capa eof`, or none at all (SYNC), on a raw socket."""

    def __init__(self, server, sync=False):
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self._buffer = b""
        self.sync, self.offset = sync, 0
        if not sync:
            self.send("REPLCONF", "listening-port", 4711)
            assert self.line() == b"+OK"
            self.send("REPLCONF", "capa", "psync2")
            assert self.line() == b"+OK"
            self.send("PSYNC", "?", "-1")
        else:
            self.send("SYNC")

    def send(self, *arguments):
        self._socket.sendall(encode(*arguments))

    def _fill(self):
        more = self._socket.recv(1 << 20)
        if not more:
            raise EOFError("closed by the primary")
        self._buffer += more

    def line(self):
        """The next line that is not empty."""
        while True:
            line, end, rest = self._buffer.partition(b"\n")
            if not end:
                self._fill()
                continue
            self._buffer = rest
            if line.strip():
                return line.rstrip(b"\r")

    def take(self, count):
        while len(self._buffer) < count:
            self._fill()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def transfer(self):
        """The whole data set."""
        if not self.sync:
            word, _, start = self.line().split(b" ")
            assert word == b"+FULLRESYNC", word
            self.offset = int(start)
        header = self.line()
        assert header.startswith(b"$") and header[1:].isdigit(), header
        return self.take(int(header[1:]))

    def stream_until(self, mark):
        """The stream up to and with this value of a SET."""
        data = b""
        while mark not in data:
            data += self.take(1)
            data += self.take(len(self._buffer))
        self.offset += len(data)
        return data

    def close(self):
        self._socket.close()


class AsClients(Case):
    def test_links_are_listed_and_killed(self):
        for kinds in ([SUBJECT, SUBJECT], [SUBJECT, REDIS], [REDIS, SUBJECT]):
            with self.subTest(kinds=kinds):
                cluster = self.cluster(1, 1, kinds=kinds)
                primary, replica = cluster.servers
                primary.call("SET", "k", "v")
                cluster.wait_replicated()
                [feed] = until(lambda: [c for c in clients(primary, "TYPE", "replica") if c["cmd"] == "replconf"], 10,
                               "the replica acknowledges")
                [link] = until(lambda: clients(replica, "TYPE", "master"), 10, "the link is listed")
                self.assertEqual((feed["flags"], link["flags"]), ("S", "M"))
                self.assertEqual((feed["user"], link["user"]), ("default", "(superuser)"))
                self.assertEqual((feed["addr"], feed["laddr"]), (link["laddr"], link["addr"]))
                self.assertEqual(link["addr"], f"127.0.0.1:{primary.port}")
                self.assertEqual(set(feed) - {"lib-name", "lib-ver"}, set(link) - {"lib-name", "lib-ver"})
                self.assertIn(feed["id"], [c["id"] for c in clients(primary)])
                self.assertEqual([c["id"] for c in clients(primary, "ID", feed["id"])], [feed["id"]])
                self.assertNotIn(feed["id"], [c["id"] for c in clients(primary, "TYPE", "normal")])
                # Links to replicas do not count as clients, the one to the primary does.
                until(lambda: int(primary.info("clients")["connected_clients"]) == 1, 10, "one client")
                until(lambda: int(replica.info("clients")["connected_clients"]) == 2, 10, "two clients")

                full = int(primary.info("stats")["sync_full"])
                for server, kill in ((primary, ("ID", feed["id"])), (primary, ("TYPE", "replica")),
                                     (replica, ("TYPE", "master")),
                                     (replica, ("ADDR", f"127.0.0.1:{primary.port}")), (primary, ("TYPE", "slave"))):
                    before = int(primary.info("stats")["sync_partial_ok"])
                    until(lambda: replica.call("ROLE")[3] == b"connected" and clients(replica, "TYPE", "master")
                          and clients(primary, "TYPE", "replica"), 20, "the link is there")
                    self.assertEqual(server.call("CLIENT", "KILL", *kill), 1, kill)
                    until(lambda: int(primary.info("stats")["sync_partial_ok"]) > before, 20, f"resynced after {kill}")
                self.assertEqual(int(primary.info("stats")["sync_full"]), full)
                self.assertEqual(primary.call("CLIENT", "KILL", "TYPE", "master"), 0)
                primary.call("SET", "k", "w")
                cluster.wait_replicated()
                cluster.remove()


class LengthFirst(Case):
    def loaded(self, rdb):
        """What redis-server makes of the bytes."""
        judge = Server(REDIS, cluster=False)
        self._started.append(judge)
        self.addCleanup(judge.remove)
        with open(os.path.join(judge.directory, "dump.rdb"), "wb") as file:
            file.write(rdb)
        judge.start()
        return Writer.held_by(judge)

    def filled(self, **directives):
        cluster = self.cluster(1, 0, io_threads=3, **directives)
        writer = Writer(cluster)
        writer.write(3000)
        return cluster.servers[0], writer

    def check(self, primary, sync):
        held = Writer.held_by(primary)
        replica = OldReplica(primary, sync)
        self.addCleanup(replica.close)
        self.assertEqual(self.loaded(replica.transfer()), held)
        until(lambda: primary.call("ROLE")[2] and clients(primary, "TYPE", "replica"), 10, "the replica is online")
        primary.call("SET", "after", "the-mark")
        self.assertIn(b"SET", replica.stream_until(b"the-mark\r\n"))
        return replica

    def test_psync_without_capa_eof(self):
        primary, _ = self.filled()
        replica = self.check(primary, sync=False)
        # What it was sent is not what it has: that it says itself.
        self.assertEqual(primary.call("WAIT", 1, 200), 0)
        begin = replica.offset
        until(lambda: replica.send("REPLCONF", "ACK", begin) or primary.call("ROLE")[2][0][2] == str(begin).encode(), 10,
              "the acknowledgement counts")
        self.assertEqual([name for name in os.listdir(primary.directory) if "temp" in name], [])

    def test_sync(self):
        primary, _ = self.filled(repl_timeout=2)
        replica = self.check(primary, sync=True)
        # It never acknowledges, and stays nevertheless.
        until(lambda: int(clients(primary, "TYPE", "replica")[0]["age"]) >= 4, 20, "time passes")
        primary.call("SET", "again", "second-mark")
        replica.stream_until(b"second-mark\r\n")

    def test_both_forms_at_once_with_writes_going_on(self):
        cluster = self.cluster(1, 1, io_threads=3)
        primary, replica = cluster.servers
        with primary.connect() as connection:
            for first in range(0, 100_000, 5000):
                connection.pipeline([("SET", f"bulk:{number}", "x" * 200) for number in range(first, first + 5000)])
        replica.kill()
        old = OldReplica(primary)
        self.addCleanup(old.close)
        replica.restart()
        for number in range(300):
            primary.call("SET", f"bulk:{number}", "changed")
        rdb = old.transfer()
        primary.call("SET", "end", "the-mark")
        stream = old.stream_until(b"the-mark\r\n")
        held = self.loaded(rdb)
        self.assertEqual(len(held), 100_000)
        # The data set and the stream behind it are the whole.
        for number in range(300):
            told = f"bulk:{number}\r\n".encode() in stream
            self.assertTrue(told or held[f"bulk:{number}".encode()] == b"changed", number)
        until(lambda: offset(primary) == offset(replica), 30, "our own replica caught up")
        self.assertEqual(replica.call("DBSIZE"), 100_001)

    def test_no_room_for_the_spool(self):
        primary, _ = self.filled()
        primary.call("SET", "big", os.urandom(4_000_000))
        pid = primary.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        refused = OldReplica(primary)
        with self.assertRaises((EOFError, ConnectionResetError)):
            refused.transfer()
        self.assertIn("cannot be spooled", primary.log())
        self.assertIn("File too large", primary.log())
        self.assertEqual(primary.call("EXISTS", "big"), 1)
        # CLIENT LIST shows links as of a tenth of a second ago.
        until(lambda: clients(primary, "TYPE", "replica") == [], 5, "its link is gone")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.check(primary, sync=False)

    def test_redis_cli_takes_a_backup(self):
        primary, _ = self.filled()
        path = os.path.join(primary.directory, "backup.rdb")
        done = subprocess.run(["redis-cli", "-p", str(primary.port), "--rdb", path], text=True, capture_output=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(path, "rb") as file:
            self.assertEqual(self.loaded(file.read()), Writer.held_by(primary))
