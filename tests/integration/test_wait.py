"""WAIT: which writes it waits for, how long, and how else it may end."""

import socket
import time

from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.resp import ReplyError, encode
from integration.lib.wait import until
from integration.test_blocking import UNBLOCKED_BY_ROLE
from integration.test_order import keys_of_workers, one_node

NEVER = 3600  # seconds between pings, which would lengthen the log


class Wait(Case):
    def caught_up(self, cluster):
        """A primary and a replica that stands still and has acknowledged all that there is."""
        primary, replica = cluster.servers
        replica.thaw()
        primary.call("SET", "k", 1)

        def acknowledged():
            _, end, replicas = primary.call("ROLE")
            return replicas and int(replicas[0][2]) == end
        until(acknowledged, 30, f"{replica} has acknowledged all")
        replica.freeze()
        self.assertTrue(acknowledged())
        return primary

    def test_what_was_sent_together_with_it_counts(self):
        for threads in (1, 3):
            cluster = self.cluster(1, 1, io_threads=threads, repl_ping_replica_period=NEVER)
            # With three workers the connection is on one of them, and at most one of the keys.
            for keys in keys_of_workers(1, threads):
                for commands, reply in (([("WAIT", 1, 100)], 0), ([("MULTI",), ("WAIT", 1, 0), ("EXEC",)], [0])):
                    with self.caught_up(cluster).connect() as client:
                        self.assertEqual(client.pipeline([("SET", keys[0], 2), *commands])[-1], reply)
            cluster.servers[1].thaw()
            cluster.remove()

    def test_role_tells_of_what_was_sent_together_with_it(self):
        cluster = self.cluster(1, 1, io_threads=1, repl_ping_replica_period=NEVER)
        with self.caught_up(cluster).connect() as client:
            before = client.call("ROLE")[1]
            self.assertGreater(client.pipeline([("SET", "k", 2), ("ROLE",)])[-1][1], before)

    def test_takes_no_longer_than_asked_for(self):
        node = one_node(self)
        with node.connect() as client:
            begin = time.monotonic()
            self.assertEqual([client.call("WAIT", 1, 50) for _ in range(8)], [0] * 8)
            self.assertLess(time.monotonic() - begin, 3)

    def test_who_leaves_is_forgotten(self):
        node = one_node(self)
        waiting = lambda count: until(lambda: node.info("guccho")["replica_waiters"] == str(count), 10, f"{count} wait")
        clients = [node.connect() for _ in range(12)]
        numbers = [client.call("CLIENT", "ID") for client in clients]
        for client in clients:
            client.send(encode("WAIT", 1, 0))
        waiting(12)
        for client in clients[:4]:
            client.close()
        waiting(8)
        for number in numbers[4:8]:
            self.assertEqual(node.call("CLIENT", "KILL", "ID", number), 1)
        waiting(4)
        for number in numbers[8:]:
            self.assertEqual(node.call("CLIENT", "UNBLOCK", number), 1)
        waiting(0)
        for client in clients[8:]:
            self.assertEqual((client.read(), client.call("PING")), (0, "PONG"))
            client.close()

    def test_client_unblock_while_a_full_sync_begins(self):
        node = one_node(self)
        with node.connect() as waiter, node.connect() as other:
            number = waiter.call("CLIENT", "ID")
            for turn in range(40):
                waiter.send(encode("WAIT", 1000, 0))
                until(lambda: node.info("guccho")["replica_waiters"] == "1", 10, "it waits")
                replica = socket.create_connection(("127.0.0.1", node.port))
                # Both are read in one turn: the cut and the end of the waiting want the exclusive section together.
                node.freeze()
                replica.sendall(encode("PSYNC", "?", "-1"))
                other.send(encode("CLIENT", "UNBLOCK", number))
                node.thaw()
                self.assertEqual((other.read(), waiter.read()), (1, 0), turn)
                replica.close()

    def test_a_primary_that_becomes_a_replica_lets_go(self):
        cluster = self.cluster(3, 1, io_threads=3)
        primary, replica = cluster.servers[0], cluster.servers[3]
        clients = [primary.connect() for _ in range(4)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(encode("WAITAOF", 0, 2, 0) if client is clients[0] else encode("WAIT", 2, 0))
        until(lambda: primary.info("guccho")["replica_waiters"] == "4", 10, "they wait")
        self.assertEqual(replica.call("CLUSTER", "FAILOVER"), "OK")
        for client in clients:
            self.assertEqual(client.read(), ReplyError(UNBLOCKED_BY_ROLE))
            with self.assertRaises(EOFError):
                client.read()
        # A history later, the old one's acknowledgements say nothing.
        cluster.wait_failover(0, primary)
        cluster.wait_healthy()
        primary.call("CLUSTER", "FAILOVER")
        cluster.wait_failover(0, replica)
        cluster.wait_healthy()
        cluster.wait_replicated()
        replica.freeze()
        with primary.connect() as client:
            key = next(f"k{n}" for n in range(1000) if cluster.owner_of(client.call("CLUSTER", "KEYSLOT", f"k{n}")) is primary)
            before = offset(primary)
            self.assertEqual(client.pipeline([("SET", key, 1), ("WAIT", 1, 100)]), ["OK", 0])
            self.assertGreater(offset(primary), before)
