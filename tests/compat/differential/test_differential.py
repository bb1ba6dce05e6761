"""The main proof of command semantics: scripts of commands played to redis-server 7.0 and to us, in RESP2 and RESP3, replies
compared byte for byte. The scripts lie in cases/; what differs on purpose in differences.py."""

import glob
import os
import unittest

from compat.differential.differences import DELIBERATE
from compat.differential.player import Player
from compat.differential.script import read_cases
from integration.lib.case import Case
from integration.lib.server import GUCCHO, REDIS, SUBJECT, Server
from integration.lib.wait import until

CASES = sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases", "*.case")))
EXPECTED = {(title, step): reason for title, step, reason in DELIBERATE}


def one_node_cluster(kind, **directives):
    server = Server(kind, **directives).start()
    server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, f"{server} is up")
    return server


class Differential(Case):
    """Both servers own all slots, so that every key is served and slots are still checked."""

    @classmethod
    def setUpClass(cls):
        cls.servers = {}
        cls.reference = one_node_cluster(REDIS)
        cls.addClassCleanup(cls.reference.remove)
        # One worker and three: what a client sees must not depend on it.
        cls.subjects = [one_node_cluster(SUBJECT, io_threads=threads) for threads in (1, 3)]
        for subject in cls.subjects:
            cls.addClassCleanup(subject.remove)

    def describe(self):
        """The logs say something only when a server fell."""
        return "\n".join(f"--- {server} ended\n{server.tail()}"
                         for server in [self.reference, *self.subjects] if not server.alive())

    def compare(self, path, protocol):
        for case in read_cases(path):
            want = self.play(self.reference, case, protocol)
            for subject in self.subjects:
                if not subject.alive():
                    self.fail(f"{subject} ended before '{case.title}'")
                got = self.play(subject, case, protocol)
                self.report(path, case, protocol, subject, want, got)

    def play(self, server, case, protocol):
        server.call("FLUSHALL")  # a case leaves the configuration as it was, not the data
        player = Player(server.port, protocol)
        try:
            return player.play(case)
        finally:
            player.close()

    def report(self, path, case, protocol, subject, want, got):
        """One failed subtest a case, naming the first step that differs and shouldn't."""
        for redis, ours in zip(want, got):
            same = redis.shown == ours.shown
            deliberate = subject.kind is GUCCHO and (case.title, redis.step.text) in EXPECTED
            if same is not deliberate:
                continue
            with self.subTest(file=os.path.basename(path), case=case.title, resp=protocol):
                threads = subject.directives["io-threads"]
                note = ", no longer a difference: take it off the list" if deliberate else ""
                raise AssertionError(f"{redis.step.text}\n  redis: {redis.shown!r}\n  ours:  {ours.shown!r}"
                                     f"\n  (RESP{protocol}, io-threads {threads}{note})")
            return


def add_tests():
    for path in CASES:
        name = os.path.basename(path)[:-5]
        for protocol in (2, 3):
            def test(self, path=path, protocol=protocol):
                self.compare(path, protocol)
            setattr(Differential, f"test_{name}_resp{protocol}", test)


add_tests()


class Scripts(unittest.TestCase):
    """The scripts themselves."""

    def test_entries_of_the_list_of_differences_name_existing_steps(self):
        steps = {(case.title, step.text) for path in CASES for case in read_cases(path) for step in case.steps}
        self.assertEqual(set(EXPECTED) - steps, set())

    def test_titles_are_unique(self):
        titles = [case.title for path in CASES for case in read_cases(path)]
        self.assertEqual(sorted(titles), sorted(set(titles)))

    def test_there_are_hundreds_of_steps(self):
        self.assertGreater(sum(len(case.steps) for path in CASES for case in read_cases(path)), 800)
