"""Bad input at the start: refused with one line that says what, where, and what to do (issue 3, "Bad input"); and on the
sockets: dropped, without harm to others."""

import os
import re
import socket
import struct
import subprocess

from integration.lib import ports, resp
from integration.lib.case import Case
from integration.lib.server import GUCCHO, Server
from integration.lib.wait import until

REFUSAL_SECONDS = 10


class Start(Case):
    def refused(self, *fragments, arguments=(), server=None, **directives):
        """The process ends by itself with an error that is one line and has the fragments in it."""
        server = server or Server(GUCCHO, **directives)
        self.addCleanup(server.remove)
        server.start(wait=False, arguments=arguments)
        try:
            status = server.process.wait(REFUSAL_SECONDS)
        except subprocess.TimeoutExpired:
            self.fail(f"it started:\n{server.tail()}")
        self.assertNotEqual(status, 0)
        # Not by a signal: a refusal is a decision.
        self.assertGreater(status, 0)
        last = server.log().strip().splitlines()[-1]
        for fragment in fragments:
            self.assertRegex(last, fragment)
        return last

    def test_unknown_directive(self):
        self.refused("redis.conf:\\d+", "prot", "port", prot=7000)

    def test_unknown_directive_on_the_command_line(self):
        self.refused("no-such-directive", arguments=["--no-such-directive", "1"])

    def test_bad_value(self):
        self.refused("redis.conf:\\d+", "maxmemory", maxmemory="lots")
        self.refused("redis.conf:\\d+", "replica-read-only", replica_read_only="maybe")
        self.refused("redis.conf:\\d+", "io-threads", io_threads=0)

    def test_port_in_use(self):
        (port,) = ports.take()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            self.refused(str(port), "in use", port=port)

    def test_bus_port_in_use(self):
        (port,) = ports.take()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port + ports.BUS_OFFSET))
            taken.listen()
            self.refused(str(port + ports.BUS_OFFSET), "in use", port=port)

    def test_directory_that_does_not_exist(self):
        self.refused("/nonexistent/place", dir="/nonexistent/place")

    def test_directory_that_is_not_writable(self):
        # /proc refuses even root.
        self.refused("cannot write", "/proc/", dir="/proc/self")

    def test_two_processes_on_one_directory(self):
        first = self.server(GUCCHO)
        second = Server(GUCCHO, directory=first.directory)
        log = first.log()
        self.addCleanup(second.remove)
        second.start(wait=False)
        self.assertGreater(second.process.wait(REFUSAL_SECONDS), 0)
        self.assertRegex(second.log()[len(log):], re.escape(first.directory))
        self.assertEqual(first.call("PING"), "PONG")

    def test_corrupt_nodes_conf(self):
        server = self.server(GUCCHO)
        server.kill()
        path = os.path.join(server.directory, "nodes.conf")
        with open(path) as file:
            good = file.read()
        for bad in ("garbage\n", good[:len(good) // 2], good + "0123 bad line\n", good.replace("myself,", ""), "\0" * 100):
            with open(path, "w") as file:
                file.write(bad)
            with self.subTest(content=bad[:40]):
                server.process = None
                self.refused("nodes.conf", server=server)
        with open(path, "w") as file:
            file.write(good)
        server.process = None
        server.start()

    def test_a_configuration_that_cannot_be_read(self):
        for path, reason in (("/nosuch.conf", "No such file or directory"), ("/proc", "Is a directory")):
            done = subprocess.run([GUCCHO.executable, path], capture_output=True, text=True, timeout=REFUSAL_SECONDS)
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"guccho-node: {path}: cannot read the configuration: {reason}\n"))

    def test_version_and_help(self):
        for option, expected in (("--version", r"\d+\.\d+\.\d+"), ("--help", "cluster-node-timeout")):
            done = subprocess.run([GUCCHO.executable, option], capture_output=True, text=True, timeout=REFUSAL_SECONDS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, expected)


class Sockets(Case):
    def test_garbage_on_the_client_port_closes_that_connection_only(self):
        server = self.server()
        with server.connect() as good:
            for garbage in (b"*99999999999\r\n", b"*1\r\n$-5\r\n", b"*1\r\n$abc\r\n", b"*2\r\n+x\r\n", b'SET k "x\r\n'):
                with server.connect() as bad:
                    bad.send(garbage)
                    self.assertIn(b"-ERR Protocol error", bad.read_to_end())
                self.assertEqual(good.call("PING"), "PONG")

    def test_a_huge_inline_request_is_refused(self):
        server = self.server()
        with server.connect() as connection:
            connection.send(b"x" * 70000)
            self.assertEqual(connection.read_to_end(), b"-ERR Protocol error: too big inline request\r\n")

    def test_the_query_buffer_is_limited(self):
        server = self.server(client_query_buffer_limit="1mb")
        with server.connect() as connection:
            try:
                connection.send(b"*2\r\n$3\r\nGET\r\n$3000000\r\n" + b"x" * 2900000)
                self.assertEqual(connection.read_to_end(), b"")
            except (ConnectionResetError, BrokenPipeError):
                pass  # closed while we were still sending
        self.assertEqual(server.call("PING"), "PONG")

    def test_a_client_that_does_not_read_is_closed_at_the_output_limit(self):
        server = self.server(client_output_buffer_limit="normal 1mb 0 0")
        server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, "it serves")
        server.call("SET", "k", "x" * 100000)
        greedy = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(greedy.close)
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        (_, own_port) = greedy.getsockname()
        greedy.sendall(resp.encode("GET", "k") * 200)
        until(lambda: f":{own_port} " not in server.call("CLIENT", "LIST").decode(), 10, "it is closed")

    def test_maxclients(self):
        server = self.server(maxclients=5)
        held = []
        for _ in range(5):
            connection = server.connect()
            self.addCleanup(connection.close)
            connection.call("PING")
            held.append(connection)
        with server.connect() as sixth:
            self.assertEqual(sixth.read_to_end(), b"-ERR max number of clients + cluster connections reached\r\n")
        held.pop().close()

        def accepted():
            # Until the node has noticed the closed connection, the answer is still the refusal.
            with server.connect() as seventh:
                return seventh.ask("PING") == "PONG"

        until(accepted, 5, "there is room again")

    def test_garbage_on_the_bus_is_dropped(self):
        cluster = self.cluster(3, 0)
        server = cluster.servers[0]
        bus = server.port + ports.BUS_OFFSET
        header = b"RCmb"
        packets = [
            b"x" * 4096,                                                     # no signature
            header + struct.pack(">IHHH", 16, 1, 0, 0),                      # a length below the header's
            header + struct.pack(">IHHH", 0xFFFFFFFF, 1, 0, 0),              # a length of 4 GB
            header + struct.pack(">IHHHH", 2256, 1, server.port, 0, 65535) + b"\0" * 2240,   # lies about its count
            header + struct.pack(">IHHHH", 2256, 1, server.port, 99, 0) + b"\0" * 2240,      # an unknown type
            header + struct.pack(">IHHHH", 2256, 1, server.port, 3, 0) + b"\xff" * 2240,     # a FAIL from a stranger
        ]
        for packet in packets:
            with socket.create_connection(("127.0.0.1", bus), timeout=5) as connection:
                try:
                    connection.sendall(packet)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass  # dropped with the connection
        self.assertEqual(server.call("PING"), "PONG")
        cluster.wait_healthy()
        self.assertEqual(len(server.cluster_nodes()), 3)

    def test_admin_files_are_private(self):
        server = self.server(GUCCHO)
        socket_path = os.path.join(server.directory, "admin", "admin.sock")
        until(lambda: os.path.exists(socket_path), 10, "the admin socket is there")
        self.assertEqual(os.stat(os.path.dirname(socket_path)).st_mode & 0o077, 0)
