"""redis-py's own tests of its cluster client; the rest of them, and of other clients, by ./dev suites."""

import unittest

from compat.suites import redis_py
from compat.suites.report import Exclusions, Report
from integration.lib.server import SUBJECT


class RedisPy(unittest.TestCase):
    def test_cluster(self):
        exclusions = Exclusions("redis-py")
        report = Report(redis_py.run(SUBJECT, exclusions, redis_py.QUICK), exclusions, complete=False)
        report.print()
        self.assertTrue(report.good(), report.line())
        self.assertGreater(len(report.passed), 250, "most of its tests ran")
