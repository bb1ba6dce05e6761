"""WAITAOF: replicas that say what is in their append-only file (as redis-server 7.2 does), and those that do not."""

import threading

from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.resp import ReplyError
from integration.lib.wait import until
from integration.test_replica_links import OldReplica


class WaitAof(Case):
    def setUp(self):
        super().setUp()
        self.primary = self.server()
        self.primary.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: self.primary.cluster_info()["cluster_state"] == "ok", 10, "it serves")
        self.replica = OldReplica(self.primary)
        self.addCleanup(self.replica.close)
        self.replica.transfer()

    def acknowledge(self, position, in_file=None):
        self.replica.send("REPLCONF", "ACK", position, *(("FACK", in_file) if in_file is not None else ()))

    def test_counts_what_is_in_files(self):
        with self.primary.connect() as client:
            client.call("SET", "k", 1)
            position = offset(self.primary)
            self.acknowledge(position)
            self.assertEqual(client.call("WAIT", 1, 5000), 1)
            position = offset(self.primary)  # the question for acknowledgements counts, too
            self.acknowledge(position + 1000, position - 1)
            self.assertEqual(client.call("WAITAOF", 0, 1, 100), [0, 0])
            self.assertEqual(client.call("WAITAOF", 0, 0, 0), [0, 0])
            self.acknowledge(position + 1000, position + 1000)
            self.assertEqual(client.call("WAITAOF", 0, 1, 0), [0, 1])
            until(lambda: client.pipeline([("MULTI",), ("WAITAOF", 0, 1, 0), ("EXEC",)])[-1] == [[0, 1]], 10,
                  "a transaction, which does not wait, sees it")

    def test_waits_until_it_is_told_or_unblocked(self):
        with self.primary.connect() as client, self.primary.connect() as other:
            client.call("SET", "k", 1)
            number = client.call("CLIENT", "ID")
            replies = []
            waiter = threading.Thread(target=lambda: replies.append(client.ask("WAITAOF", 0, 1, 0)))
            waiter.start()
            until(lambda: b"cmd=waitaof" in other.call("CLIENT", "LIST", "ID", number), 10, "it waits")
            self.acknowledge(10**6, 10**6)
            waiter.join(10)
            self.assertEqual(replies, [[0, 1]])
            for how, expected in (("TIMEOUT", [0, 1]),
                                  ("ERROR", ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
                replies = []
                waiter = threading.Thread(target=lambda: replies.append(client.ask("WAITAOF", 0, 2, 0)))
                waiter.start()
                until(lambda: other.call("CLIENT", "UNBLOCK", number, how) == 1, 10, "it is unblocked")
                waiter.join(10)
                self.assertEqual(replies, [expected])
