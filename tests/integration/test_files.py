"""Where a node's files are: relative to `dir` at the start and later, its own when nodes share `dir`, and not replaced when they
cannot be read."""

import os
import socket
import ssl
import struct
import tempfile

from integration.lib import tls
from integration.lib.case import Case
from integration.lib.server import GUCCHO
from integration.lib.wait import until


def listener(path):
    """The process id of who listens on a Unix socket; None if nobody does."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return struct.unpack("3i", credentials)[0]


class Files(Case):
    def directory(self, *inside):
        directory = tempfile.TemporaryDirectory(prefix="guccho-test-")
        self.addCleanup(directory.cleanup)
        for name in inside:
            os.mkdir(os.path.join(directory.name, name))
        return directory.name

    def setting(self, server, name):
        return server.call("CONFIG", "GET", name)[1].decode()

    def test_names_are_relative_to_dir(self):
        directory = self.directory("run")
        server = self.server(directory=directory, cwd="/", pidfile="run/pid", unixsocket="run/socket", logfile="run/log")
        self.assertEqual(self.setting(server, "dir"), directory)
        self.assertEqual(self.setting(server, "pidfile"), "run/pid")
        self.assertEqual(listener(f"{directory}/run/socket"), server.process.pid)
        with open(f"{directory}/run/log") as log:
            self.assertIn("Ready to accept connections", log.read())
        pid_file = f"{directory}/run/pid"
        until(lambda: os.path.exists(pid_file) and os.path.getsize(pid_file) > 0, 10, "the process id is written")
        with open(pid_file) as file:
            self.assertEqual(file.read(), f"{server.process.pid}\n")
        server.terminate()
        self.assertFalse(os.path.exists(pid_file))

    def test_a_relative_dir(self):
        directory = self.directory("data")
        server = self.server(directory=directory, cwd="/", dir=["data", "..", "data"])  # each from where the last led
        self.assertEqual(self.setting(server, "dir"), f"{directory}/data")
        self.assertTrue(os.path.exists(f"{directory}/data/nodes.conf"))

    def test_certificates(self):
        directory = self.directory("tls")
        certificates = tls.Certificates(f"{directory}/tls")
        server = self.server(GUCCHO, directory=directory, cwd="/", tls=certificates, tls_cert_file="tls/node.crt",
                             tls_key_file="tls/node.key", tls_ca_cert_file="tls/ca.crt")

        def shown():
            """The certificate that the node shows."""
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain, \
                    certificates.context().wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                return connection.getpeercert(True)

        def on_disk(name="node.crt"):
            with open(f"{directory}/tls/{name}") as file:
                return ssl.PEM_cert_to_DER_cert(file.read())

        self.assertEqual(shown(), on_disk())
        # The same names as at the start mean the same files, and the names of directives are of any case.
        for directive in ("tls-cert-file", "TLS-CERT-FILE"):
            certificates.renew()
            self.assertNotEqual(shown(), on_disk())
            self.assertEqual(server.call("CONFIG", "SET", directive, "tls/node.crt"), "OK")
            self.assertEqual(shown(), on_disk())
            error = str(server.ask("CONFIG", "SET", directive, "tls/nosuch.crt"))
            self.assertIn(f"ERR CONFIG SET failed (possibly related to argument '{directive}')", error)
            self.assertEqual(self.setting(server, "tls-cert-file"), "tls/node.crt")
            self.assertEqual(shown(), on_disk())

    def test_nodes_that_share_a_directory(self):
        directory = self.directory()
        sockets = {"nodes.conf": "admin.sock", "nodes-2.conf": "nodes-2.conf.sock", "nodes-3.conf": "nodes-3.conf.sock"}
        nodes = {name: self.server(GUCCHO, directory=directory, cluster_config_file=name) for name in sockets}
        for name, node in nodes.items():
            until(lambda: listener(f"{directory}/admin/{sockets[name]}") == node.process.pid, 10, f"{name} has its socket")
            self.assertEqual(self.setting(node, "admin-socket"), f"admin/{sockets[name]}")
        self.assertEqual(len({node.node_id() for node in nodes.values()}), 3)

    def test_include_of_a_pattern(self):
        directory = self.directory("conf.d")
        for name, line in (("10.conf", "hz 20"), ("20.conf", "hz 30"), ("30.off", "hz 40")):
            with open(f"{directory}/conf.d/{name}", "w") as file:
                file.write(line + "\n")
        server = self.server(directory=directory, cwd="/", include=["conf.d/*.conf", f"{directory}/nosuch.d/*.conf"])
        self.assertEqual(self.setting(server, "hz"), "30")

    def test_a_configuration_that_cannot_be_read_is_not_replaced(self):
        server = self.server()
        path = f"{server.directory}/redis.conf"
        os.remove(path)
        os.symlink("redis.conf", path)  # not even root can read it
        self.assertEqual(str(server.ask("CONFIG", "REWRITE")),
                         "ERR Rewriting config file: Too many levels of symbolic links")
        self.assertTrue(os.path.islink(path))
        os.remove(path)
        # One that is gone is written anew.
        server.call("CONFIG", "SET", "hz", 30)
        self.assertEqual(server.call("CONFIG", "REWRITE"), "OK")
        with open(path) as file:
            self.assertIn("hz 30\n", file.read())
