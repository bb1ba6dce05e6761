"""Clusters whose nodes have router ports, and clients of those."""

import redis

from . import ports, resp
from .background import Background
from .case import Case
from .cluster import Cluster
from .server import REDIS
from .slots import slot_of


def key_in(low, high, prefix="key"):
    """A key whose slot lies in that range."""
    return next(key for key in (f"{prefix}:{number}" for number in range(100000)) if low <= slot_of(key) <= high)


class RouterCase(Case):
    def routed(self, primaries=3, replicas=0, **directives):
        """A formed cluster of which every node of ours has a router port (server.router_port)."""
        cluster = Cluster(primaries, replicas, **directives)
        self._started.append(cluster)
        ours = [server for server in cluster.servers if server.kind is not REDIS]
        for server in ours:
            server.router_port = ports.take()[0]
            server.directives["router-port"] = server.router_port
            self.addCleanup(ports.give_back, server.router_port, 1)
        self.addCleanup(cluster.remove)
        return cluster.start().form()

    def raw(self, server, **options):
        connection = resp.Connection(server.router_port, **options)
        self.addCleanup(connection.close)
        return connection

    def plain(self, server, **options):
        client = redis.Redis(port=server.router_port, socket_timeout=20, **options)
        self.addCleanup(client.close)
        return client


class Units(Background):
    """Clients of one router port that count in transactions, in scripts and one by one, over all slots. Nothing may be
    refused, and nothing done twice."""

    SCRIPT = "return redis.call('INCR', KEYS[1])"

    def __init__(self, port, clients):
        self.port, self.seen = port, {}
        super().__init__(self, clients)

    def connect(self):
        return resp.Connection(self.port, timeout=30)

    def keys(self, client):
        return [f"units:{self.port}:{client}:{number}" for number in range(12)]

    def work(self, connection, client, turn):
        keys = self.keys(client)
        commands = [command for key in keys for command in (
            ("INCR", key), ("MULTI",), ("INCR", key), ("INCR", key), ("EXEC",), ("EVAL", self.SCRIPT, 1, key), ("INCR", key))]
        replies = connection.pipeline(commands)
        for number, key in enumerate(keys):
            now = self.seen.get(key, 0)
            got = replies[7 * number:7 * number + 7]
            if got != [now + 1, "OK", "QUEUED", "QUEUED", [now + 2, now + 3], now + 4, now + 5]:
                self.problems.append(f"{key} from {now}: {got}")
            self.seen[key] = now + 5
