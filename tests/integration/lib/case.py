"""The base class of the tests: removes what it started, and shows the servers' logs when a test fails."""

import unittest

from .cluster import Cluster
from .server import Server


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self._started = []

    def server(self, *arguments, **options):
        """A started server that ends with the test."""
        server = Server(*arguments, **options)
        self._started.append(server)
        self.addCleanup(server.remove)
        return server.start()

    def cluster(self, *arguments, form=True, **options):
        """A started cluster that ends with the test."""
        cluster = Cluster(*arguments, **options)
        self._started.append(cluster)
        self.addCleanup(cluster.remove)
        cluster.start()
        return cluster.form() if form else cluster

    def describe(self):
        """Called by the runner at a failure, while the servers still run."""
        parts = []
        for started in self._started:
            parts.append(started.describe() if isinstance(started, Cluster)
                         else f"--- {started}\n{started.tail()}")
        return "\n".join(parts)
