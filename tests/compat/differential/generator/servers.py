"""The two servers that are compared, and what is asked of them before."""

from integration.lib.server import REDIS, SUBJECT, Server
from integration.lib.wait import until

from .coverage import targets_of
from .player import Player
from .replies import tree
from .server_units import LIBRARY


def one_node_cluster(kind, **directives):
    server = Server(kind, **directives).start()
    server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, f"{server} is up")
    return server


def both_servers(workers=1):
    """A blocked client of Redis waits for the next tick, so its clock ticks fast."""
    return one_node_cluster(REDIS, hz=500), one_node_cluster(SUBJECT, io_threads=workers)


def targets(redis, ours):
    """What is to be played: all that our table has and redis-server 7.0 has, too."""
    with redis.connect(protocol=3) as theirs, ours.connect(protocol=3) as mine:
        known = targets_of(theirs, ())
        return targets_of(mine, ()) & known


VALUES = [
    ["SET", "k", "hello"], ["SET", "k", "12345"], ["SET", "k", "x" * 100], ["SET", "k", ""], ["SET", "k", "-129"],
    ["RPUSH", "k", "a", "b", "c", "1"], ["RPUSH", "k", *["long" * 30] * 40], ["SADD", "k", "1", "2", "300000"],
    ["SADD", "k", "a", "b", "7"], ["HSET", "k", "f", "v", "g", "1"], ["HSET", "k", *[f"f{i}" for i in range(60)]],
    ["ZADD", "k", "1.5", "a", "-inf", "b", "3", "c"], ["ZADD", "k", *[f"{i}" for i in range(80)]],
    ["XADD", "k", "1-1", "f", "v"], ["PFADD", "k", "a", "b", "c"],
]


def payloads(redis):
    """What redis-server dumps of a few values, and of a library. They are the same in every run, as a seed's sequence must be."""
    player = Player(redis.port, 2)
    found = []
    for words in VALUES:
        player.ask(b"DEL", b"k")
        player.ask(*[word.encode() for word in words])
        found.append(tree(player.ask(b"DUMP", b"k"))[1])
    player.ask(b"DEL", b"k")
    player.ask(b"FUNCTION", b"LOAD", b"REPLACE", LIBRARY)
    functions = tree(player.ask(b"FUNCTION", b"DUMP"))[1]
    player.ask(b"FUNCTION", b"FLUSH")
    player.close()
    return found, functions
