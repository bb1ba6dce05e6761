"""The two that are compared: ours and redis-server, each a cluster of one primary that owns all slots, without or with a
replica, one worker, no persistence."""

import sys

from integration.lib.cluster import Cluster
from integration.lib.server import GUCCHO, REDIS

SYNC_SECONDS = 600


def say(text):
    """Progress; results go to stdout."""
    print(text, file=sys.stderr, flush=True)


class Node:
    """A primary that owns all slots, and perhaps a replica that follows it."""

    def __init__(self, kind, replica=False, workers=1, **directives):
        self.kind = kind
        # No suspicion while all cores are busy with the load, and no replica is dropped for being slow.
        self._cluster = Cluster(primaries=1, replicas=int(replica), kinds=[kind] * (1 + replica), io_threads=workers,
                                cluster_node_timeout=15000, client_output_buffer_limit="replica 0 0 0", **directives)
        self._cluster.start().form()
        self.primary = self._cluster.servers[0]

    def wait_replicated(self):
        """The replica, if there is one, has all that was written."""
        self._cluster.wait_replicated(SYNC_SECONDS)

    def remove(self):
        self._cluster.remove()


class Pair:
    """Both, as a context: (redis, ours)."""

    def __init__(self, **options):
        self._options, self.nodes = options, []

    def __enter__(self):
        try:
            for kind in (REDIS, GUCCHO):
                self.nodes.append(Node(kind, **self._options))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.remove()

    @property
    def primaries(self):
        return [node.primary for node in self.nodes]

    def alternating(self, round_number):
        """The primaries with their index (0: redis), the other one first each round."""
        order = list(enumerate(self.primaries))
        return order if round_number % 2 == 0 else order[::-1]
