"""What a replica makes of its primary's stream: the order of what is applied, mistakes in it, workers that are slow, and the end
of the link with bytes unread. The primary is the test itself."""

import time

from integration.lib import handmade, resp
from integration.lib.case import Case
from integration.lib.slots import slot_of
from integration.lib.wait import hold, until

WORKERS = 3
ENDLESS = "while true do end"
REPL_TIMEOUT = 3


class Stream(Case):
    def followed(self, **directives):
        """A replica with several workers, and its primary by hand."""
        cluster = self.cluster(1, 1, io_threads=WORKERS, cluster_allow_reads_when_down="yes", repl_timeout=REPL_TIMEOUT,
                               repl_ping_replica_period=1, busy_reply_threshold=50, **directives)
        primary, replica = cluster.servers
        primary.call("SET", "begin", "x")
        cluster.wait_replicated()
        primary.kill()
        by_hand = handmade.Primary(primary.port)
        self.addCleanup(by_hand.close)
        return by_hand, replica

    @staticmethod
    def of_workers():
        """A key of each worker."""
        return [next(key for key in map(str, range(1000)) if slot_of(key) % WORKERS == worker) for worker in range(WORKERS)]

    @staticmethod
    def read(replica, *keys):
        with replica.connect() as connection:
            connection.call("READONLY")
            return [connection.call("GET", key) for key in keys]

    @staticmethod
    def ask(replica, *command):
        """On a connection of a worker that has the time."""
        return until(lambda: (reply := replica.ask(*command), not str(reply).startswith("BUSY"))[1] and [reply], 20,
                     f"{command} is answered")[0]

    def keep_busy(self, replica, key):
        """Starts a script that occupies the key's worker until it is killed."""
        connection = replica.connect(timeout=60)
        self.addCleanup(connection.close)
        connection.call("READONLY")
        connection.send(resp.encode("EVAL_RO", ENDLESS, 1, key))
        # Of so many connections one is of that worker.
        until(lambda: any(str(replica.ask("PING")).startswith("BUSY") for _ in range(2 * WORKERS)), 20, "the script runs")

    def read_offset(self, replica):
        """Of the stream, and the state of the link."""
        text = self.ask(replica, "INFO", "replication").decode()
        info = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        return int(info["slave_read_repl_offset"]), info["master_link_status"]

    def kill_script(self, replica):
        self.assertEqual(replica.call("SCRIPT", "KILL"), "OK")


class Order(Stream):
    def test_node_wide_commands_come_after_what_precedes_them(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        keys = self.of_workers()
        for turn in range(300):
            link.feed(*(("SET", key, "before") for key in keys))
            link.wait_applied()
            # Read in one piece, which begins where each worker has applied everything.
            link.feed(*(("SET", key, turn) for key in keys), ("FLUSHALL",))
            link.wait_applied()
            self.assertEqual(replica.call("DBSIZE"), 0, f"turn {turn}: FLUSHALL came before a SET")

    def test_and_what_follows_them(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        keys = self.of_workers()
        for turn in range(100):
            link.feed(*(("SET", key, "before") for key in keys))
            link.wait_applied()
            link.feed(*(command for step in range(3) for command in
                        (*(("SET", key, f"{turn} {step}") for key in keys), ("FLUSHALL",))),
                      *(("SET", key, f"last {turn}") for key in keys))
            link.wait_applied()
            self.assertEqual(self.read(replica, *keys), [f"last {turn}".encode()] * WORKERS)

    def test_transactions_of_several_workers_too(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        keys = self.of_workers()
        for turn in range(300):
            link.feed(*(("SET", key, 0) for key in keys))
            link.wait_applied()
            link.feed(*(("SET", key, 10) for key in keys), ("MULTI",), *(("INCR", key) for key in keys), ("EXEC",),
                      *(("APPEND", key, "0") for key in keys))
            link.wait_applied()
            self.assertEqual(self.read(replica, *keys), [b"110"] * WORKERS, f"turn {turn}")


class Mistakes(Stream):
    def test_commands_before_a_mistake_are_not_asked_for_again(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        for turn, open_transaction in enumerate((False, True)):
            link.feed(("INCR", "n"), ask=False)
            end = link.offset
            link.feed(*([("MULTI",), ("INCR", "n")] if open_transaction else []), b"*1\r\n$x\r\n", ask=False)
            # In one write, as far as TCP keeps it together: whatever came with the mistake counts up to it.
            link.close()
            link = by_hand.accept()
            self.assertEqual(link.asked[1], end + 1)
            link.feed(("INCR", "n"))
            link.wait_applied()
            self.assertEqual(self.read(replica, "n"), [str(2 * turn + 2).encode()])

    def test_in_one_piece(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        for turn in range(20):
            good = resp.encode("INCR", "n")
            begin = link.offset
            link.send(good + resp.encode("MULTI") + good + b"*1\r\n$x\r\n")
            link = by_hand.accept()
            self.assertEqual(link.asked[1], begin + len(good) + 1)
        link.feed()
        link.wait_applied()
        self.assertEqual(self.read(replica, "n"), [b"20"])

    def test_answers_to_psync_that_cannot_be(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        link.feed(("SET", "k", "v"))
        link.wait_applied()
        asked = (link.asked[0], link.offset + 1)
        link.close()
        name = b"a" * 40
        for answer in (b"+FULLRESYNC " + name + b" -5", b"+FULLRESYNC " + name + b" 9223372036854775807",
                       b"+FULLRESYNC " + name + b" 99999999999999999999", b"+FULLRESYNC " + name[1:] + b" 5",
                       b"+FULLRESYNC " + name, b"+CONTINUE " + name[1:], b"+CONTINUE " + name + b"a", b"+NONSENSE"):
            link = by_hand.accept(answer + b"\r\n$19\r\n" + handmade.EMPTY_RDB + resp.encode("SET", "k", "bad"))
            self.assertEqual(link.asked, asked, answer)
        link = by_hand.accept()
        self.assertEqual(link.asked, asked)
        link.feed(("APPEND", "k", "w"))
        link.wait_applied()
        self.assertEqual(self.read(replica, "k", "begin"), [b"vw", b"x"])


class SlowWorkers(Stream):
    @staticmethod
    def big_values(key):
        """400 MB for one worker."""
        return (("SET", f"{{{key}}}{number}", "x" * 10_000) for number in range(40_000))

    @staticmethod
    def of_idle_worker(replica):
        while True:
            connection = replica.connect(timeout=60)
            if connection.ask("PING") == "PONG":
                return connection
            connection.close()

    def test_a_load_longer_than_the_timeout_does_not_end_its_link(self):
        """The load waits for a worker that has a script to run; that takes as long as the test wants."""
        by_hand, replica = self.followed()
        link = by_hand.accept()
        key = self.of_workers()[1]
        self.keep_busy(replica, key)
        link.feed(("SET", key, "old"), ask=False)
        until(lambda: self.read_offset(replica) == (link.offset, "up"), 20, "the worker has something to do first")
        link.close()
        link = by_hand.accept(b"+FULLRESYNC " + b"b" * 40 + b" 1000\r\n")
        link.send(b"$%d\r\n" % len(handmade.EMPTY_RDB) + handmade.EMPTY_RDB)
        link.offset = 1000
        begin = time.monotonic()
        while time.monotonic() - begin < 2 * REPL_TIMEOUT:
            link.look(0.2)
        self.assertGreaterEqual(link.newlines, REPL_TIMEOUT, "signs of life")
        self.kill_script(replica)
        link.wait_applied()
        link.feed(("SET", key, "new"))
        link.wait_applied()
        self.assertEqual(self.read(replica, key, "begin"), [b"new", None])
        self.assertNotIn("timeout", replica.log())

    def test_what_is_not_applied_is_bounded_and_none_is_lost_at_a_promotion(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        key = self.of_workers()[1]
        begin = link.offset
        self.keep_busy(replica, key)
        ends, taken, received = link.feed_until_stuck(self.big_values(key))
        self.assertLess(taken - begin, 200_000_000, "there are 400 MB, and the link stops before")
        read, _ = self.read_offset(replica)
        self.assertLess(read - begin, 80_000_000)
        self.assertGreater(received - read, 300_000, "the kernel has more for it")
        # Nothing more is read, the link stays, and the replica goes on to say that it lives.
        heard, used = link.acknowledgements, replica.cpu_seconds_of_threads()
        hold(lambda: self.read_offset(replica) == (read, "up"), 2 * REPL_TIMEOUT, "the link is up and rests")
        link.look(1)
        self.assertGreaterEqual(link.acknowledgements - heard, REPL_TIMEOUT)
        script, *others = sorted((now - used[thread] for thread, now in replica.cpu_seconds_of_threads().items()), reverse=True)
        self.assertLess(others[0], script / 3, "nobody is busy with waiting")

        waiting = link.unsent()
        with self.of_idle_worker(replica) as connection:
            connection.send(resp.encode("CLUSTER", "FAILOVER", "TAKEOVER"))
            until(lambda: link.unsent() < waiting, 20, "the replica ends the link and reads what has come")
            self.kill_script(replica)
            self.assertEqual(connection.read(), "OK")
        until(lambda: replica.role() == "master", 20, "it is a primary")
        self.assertGreaterEqual(replica.call("DBSIZE"), 1 + sum(end <= received for end in ends))

    def test_reading_goes_on_when_the_workers_do(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        key = self.of_workers()[2]
        self.keep_busy(replica, key)
        ends, taken, _ = link.feed_until_stuck(self.big_values(key))
        self.kill_script(replica)
        until(lambda: link.unsent() == 0, 20, "the rest is read")
        until(lambda: replica.call("DBSIZE") == 1 + sum(end <= taken for end in ends), 20, "and applied")


class EndOfTheLink(Stream):
    def test_what_was_received_before_a_reset_is_applied(self):
        by_hand, replica = self.followed()
        link = by_hand.accept()
        # The kernel gives a connection that was busy more room.
        for _ in range(40):
            link.feed(*(("SET", f"warm:{number}", "x" * 1000) for number in range(1000)))
            link.wait_applied()
        link.feed(("FLUSHALL",))
        link.wait_applied()
        begin = link.offset
        replica.freeze()
        # The second without progress at the end is long enough that an acknowledgement is due as soon as it runs.
        ends, _, received = link.feed_until_stuck(("SET", f"key:{number}", "x" * 100) for number in range(1_000_000))
        self.assertGreater(received - begin, 300_000, "more than one read takes")
        link.reset()
        replica.thaw()
        again = by_hand.accept()
        whole = [end for end in ends if end <= received]
        self.assertEqual(again.asked[1], whole[-1] + 1)
        self.assertEqual(replica.call("DBSIZE"), len(whole))
