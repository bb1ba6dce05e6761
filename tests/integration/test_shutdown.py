"""The end of a primary without a hand-over: what clients were told was written, its replicas have."""

import threading
import time

from integration.lib.case import Case
from integration.lib.cluster import offset
from integration.lib.resp import ReplyError, encode
from integration.lib.wait import hold, until

# More than sockets hold, so that a replica that stands still lacks some of it.
VALUE, COUNT = "x" * 100_000, 400


class Shutdown(Case):
    def behind(self, **directives):
        """A primary with a replica that stands still and lacks much of what clients were told was written."""
        cluster = self.cluster(1, 1, io_threads=3, **directives)
        primary, replica = cluster.servers
        replica.freeze()
        with primary.connect() as client:
            for first in range(0, COUNT, 20):
                self.assertEqual(client.pipeline([("SET", f"key:{n}", VALUE) for n in range(first, first + 20)]), ["OK"] * 20)
        return primary, replica

    def ends(self, primary, seconds):
        until(lambda: not primary.alive(), seconds, f"{primary} ends")
        self.assertEqual(primary.process.returncode, 0)

    def test_a_replica_that_is_behind_is_waited_for(self):
        primary, replica = self.behind()
        end = offset(primary)
        with primary.connect() as client, primary.connect() as writer:
            client.send(encode("SHUTDOWN", "FORCE"))
            until(lambda: "Waiting for replicas" in primary.log(), 10, "it waits")
            # Reads are served, and nobody is told any more that a write was done.
            writer.send(encode("GET", "key:0") + encode("SET", "late", 1))
            self.assertEqual(writer.read(), VALUE.encode())
            hold(primary.alive, 1, f"{primary} waits")
            replica.thaw()
            self.ends(primary, 20)
            with self.assertRaises((EOFError, ConnectionResetError)):
                writer.read()
        self.assertNotIn("Stopping without replica", primary.log())
        until(lambda: offset(replica) >= end, 10, "the replica has all")
        self.assertEqual(replica.call("DBSIZE"), COUNT)

    def test_sigterm_waits_too_when_the_hand_over_fails(self):
        primary, replica = self.behind()
        ended = threading.Thread(target=primary.terminate)
        ended.start()
        until(lambda: "Waiting for replicas" in primary.log(), 10, "it waits")
        replica.thaw()
        ended.join(20)
        self.assertEqual(primary.process.returncode, 0)
        until(lambda: replica.call("DBSIZE") == COUNT, 10, "the replica has all")

    def test_no_longer_than_the_timeout(self):
        primary, _ = self.behind(shutdown_timeout=2)
        with primary.connect() as client:
            begin = time.monotonic()
            client.send(encode("SHUTDOWN", "FORCE"))
            self.ends(primary, 8)
            self.assertGreater(time.monotonic() - begin, 1)
        self.assertIn("Stopping without replica", primary.log())

    def test_now_waits_for_nobody(self):
        primary, _ = self.behind()
        with primary.connect() as waits, primary.connect() as client:
            waits.send(encode("SHUTDOWN", "FORCE"))
            until(lambda: "Waiting for replicas" in primary.log(), 10, "it waits")
            # Also when another one waits already.
            client.send(encode("SHUTDOWN", "NOW"))
            self.ends(primary, 4)

    def test_abort(self):
        primary, replica = self.behind()
        with primary.connect() as client, primary.connect() as writer:
            client.send(encode("SHUTDOWN", "FORCE"))
            until(lambda: "Waiting for replicas" in primary.log(), 10, "it waits")
            writer.send(encode("SET", "late", 1))
            self.assertEqual(primary.call("SHUTDOWN", "ABORT"), "OK")
            self.assertEqual(client.read(), ReplyError("ERR Errors trying to SHUTDOWN. Check logs."))
            self.assertEqual(writer.read(), "OK")
            self.assertEqual(str(client.ask("SHUTDOWN", "ABORT")), "ERR No shutdown in progress.")
        replica.thaw()
        until(lambda: offset(primary) == offset(replica), 30, "the replica has all")
        # The next one is as if there had been none.
        self.assertEqual(primary.terminate(), 0)

    def test_nothing_that_was_acknowledged_is_lost_under_load(self):
        for how in (("SHUTDOWN", "FORCE"), ("SHUTDOWN", "NOW")):
            cluster = self.cluster(1, 1, io_threads=3)
            primary, replica = cluster.servers
            done = [0] * 6

            def write(client):
                with primary.connect() as connection:
                    try:
                        while connection.ask("SET", f"{client}:{done[client]}", "x" * 200) == "OK":
                            done[client] += 1
                    except (EOFError, OSError):
                        pass
            writers = [threading.Thread(target=write, args=(client,)) for client in range(len(done))]
            for writer in writers:
                writer.start()
            until(lambda: min(done) > 300, 20, "the writers are at work")
            with primary.connect() as client:
                client.send(encode(*how))
                self.ends(primary, 15)
            for writer in writers:
                writer.join()
            wanted = [f"{client}:{number}" for client, count in enumerate(done) for number in range(count)]

            def missing():
                with replica.connect() as connection:
                    connection.call("READONLY")
                    found = connection.pipeline([("EXISTS", key) for key in wanted])
                return [key for key, there in zip(wanted, found) if there != 1]
            until(lambda: not missing(), 10, f"after {how} the replica has all of {len(wanted)}")
            cluster.remove()
