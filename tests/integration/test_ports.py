"""CONFIG SET port, tls-port, router-port and bind on a node that serves: the new sockets are opened, the cluster learns of
them, and a failure leaves everything as it was."""

import socket
import tempfile

from integration.lib import ports, resp, tls
from integration.lib.case import Case
from integration.lib.data import Writer
from integration.lib.wait import until


def answers(port, host="127.0.0.1", **options):
    try:
        with resp.Connection(port, host=host, timeout=5.0, **options) as connection:
            return connection.ask("PING") == "PONG"
    except ConnectionRefusedError:
        return False


class Ports(Case):
    def setting(self, server, name):
        return server.call("CONFIG", "GET", name)[1].decode()

    def refused(self, server, *arguments):
        error = str(server.ask("CONFIG", "SET", *arguments))
        self.assertTrue(error.startswith("ERR CONFIG SET failed (possibly related to argument '"), error)
        return error

    def test_nodes_move_to_other_ports(self):
        cluster = self.cluster(2, 1, io_threads=3)
        writer = Writer(cluster)
        writer.write(300)
        for server in cluster.servers:
            old, new = server.port, ports.take()[0]
            with server.connect() as connection:
                self.assertEqual(connection.call("CONFIG", "SET", "port", new), "OK")
                self.assertEqual(connection.call("PING"), "PONG")  # what is connected stays
            server.port = new
            self.assertFalse(answers(old))
            self.assertEqual(self.setting(server, "port"), str(new))
            self.assertEqual(server.info("server")["tcp_port"], str(new))
        known = {server.port for server in cluster.servers}
        for server in cluster.servers:
            until(lambda: {node.port for node in server.cluster_nodes()} == known, 20, f"{server} knows the new ports")
        cluster.wait_healthy()
        for primary in cluster.servers[:2]:
            until(lambda: [int(replica[1]) for replica in primary.call("ROLE")[2]] ==
                  [replica.port for replica in cluster.replicas_of(primary)], 20, f"{primary} knows its replica's port")
        first, second = cluster.servers[:2]
        slot = first.call("CLUSTER", "KEYSLOT", "k")
        owner, other = (first, second) if slot < 8192 else (second, first)
        self.assertEqual(str(other.ask("GET", "k")), f"MOVED {slot} 127.0.0.1:{owner.port}")
        writer.write(300)
        cluster.wait_replicated()
        writer.verify()
        # Taking over works over the new ports as before.
        replica = cluster.replicas_of(first)[0]
        self.assertEqual(replica.call("CLUSTER", "FAILOVER"), "OK")
        self.assertIs(cluster.wait_failover(0, first), replica)
        cluster.wait_healthy()
        writer.verify()

    def test_a_port_that_cannot_be_had(self):
        server = self.cluster(1, 0).servers[0]
        with socket.create_server(("127.0.0.1", ports.take()[0])) as other:
            taken = other.getsockname()[1]
            free = ports.take()[0]
            error = self.refused(server, "router-port", free, "port", taken)
            self.assertIn("'port') - Unable to listen on this port", error)
            self.assertIn(f"127.0.0.1:{taken}: Address already in use", error)
            self.assertEqual(self.setting(server, "port"), str(server.port))
            self.assertEqual(self.setting(server, "router-port"), "0")
            self.assertTrue(answers(server.port))
            self.assertFalse(answers(free))
        self.refused(server, "port", 0)  # a cluster node needs one
        self.refused(server, "port", 70000)
        self.assertTrue(answers(server.port))

    def test_other_addresses(self):
        server = self.cluster(1, 0).servers[0]
        self.assertEqual(self.setting(server, "bind"), "127.0.0.1")
        self.assertFalse(answers(server.port, "127.0.0.2"))
        for bind, reached in (("127.0.0.1 127.0.0.2", True), ("*", True), ("127.0.0.1", False)):
            with server.connect() as connection:
                self.assertEqual(connection.call("CONFIG", "SET", "bind", bind), "OK")
                self.assertEqual(connection.call("PING"), "PONG")
            self.assertEqual(self.setting(server, "bind"), bind)
            self.assertTrue(answers(server.port))
            self.assertEqual(answers(server.port, "127.0.0.2"), reached, bind)
        error = self.refused(server, "bind", "127.0.0.1 203.0.113.1")
        self.assertIn("'bind') - Failed to bind to specified addresses", error)
        self.assertIn("203.0.113.1", error)
        self.assertEqual(self.setting(server, "bind"), "127.0.0.1")
        self.assertTrue(answers(server.port))

    def test_tls_and_router_ports_come_and_go(self):
        with tempfile.TemporaryDirectory() as directory:
            certificates = tls.Certificates(directory)
            cluster = self.cluster(2, 0)
            server = cluster.servers[0]
            tls_port, router_port = ports.take()[0], ports.take()[0]
            error = self.refused(server, "tls-port", tls_port)
            self.assertIn("tls-cert-file", error)
            self.assertEqual(server.call("CONFIG", "SET", "tls-port", tls_port, "tls-cert-file", certificates.certificate,
                                         "tls-key-file", certificates.key, "tls-ca-cert-file", certificates.ca,
                                         "tls-auth-clients", "no"), "OK")
            self.assertTrue(answers(tls_port, tls=certificates.context()))
            self.assertEqual(server.call("CONFIG", "SET", "router-port", router_port), "OK")
            with resp.Connection(router_port) as plain:
                for number in range(20):
                    self.assertEqual(plain.call("SET", f"k:{number}", number), "OK")
            self.assertEqual(server.call("CONFIG", "SET", "tls-port", 0, "router-port", 0), "OK")
            self.assertFalse(answers(tls_port, tls=certificates.context()))
            self.assertFalse(answers(router_port))
            self.assertTrue(answers(server.port))
