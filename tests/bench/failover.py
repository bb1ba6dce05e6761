#!/usr/bin/python3
"""Time from SIGKILL of a primary to the first write that a cluster client gets accepted in its slots, over many kills, with
default settings. Prints each, the median and the worst.

  tests/bench/failover.py [--kills N] [--server guccho|redis]
"""

import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from integration.lib.cluster import Cluster
from integration.lib.resp import Connection, ReplyError
from integration.lib.server import KINDS
from integration.lib.slots import slot_of

SLOTS = [0, 8000, 16000]
PAUSE_SECONDS = 0.005
GIVE_UP_SECONDS = 60


class Client:
    """The smallest cluster client: asks the last known owner of a key; on trouble any node, and follows MOVED."""

    def __init__(self, ports):
        self._ports, self._owner, self._turn = ports, None, 0

    def try_write(self, key, value):
        """True if the write was accepted."""
        if self._owner is None:
            self._turn += 1
            self._owner = self._ports[self._turn % len(self._ports)]
        try:
            for _ in range(3):
                with Connection(self._owner, timeout=1.0) as connection:
                    reply = connection.ask("SET", key, value)
                if reply == "OK":
                    return True
                if not isinstance(reply, ReplyError) or not str(reply).startswith("MOVED"):
                    break
                self._owner = int(str(reply).rsplit(":", 1)[1])
        except (OSError, EOFError):
            pass
        self._owner = None
        return False


def key_in(slot):
    number = 0
    while slot_of(f"bench:{number}") // 5461 != slot // 5461:
        number += 1
    return f"bench:{number}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--server", choices=KINDS, default="guccho")
    arguments = parser.parse_args()

    cluster = Cluster(3, 1, kinds=[KINDS[arguments.server]] * 6)
    for server in cluster.servers:
        del server.directives["cluster-node-timeout"]
    try:
        cluster.start().form()
        client = Client([server.port for server in cluster.servers])
        times = []
        for turn in range(arguments.kills):
            slot = SLOTS[turn % 3]
            key, old = key_in(slot), cluster.owner_of(slot)
            assert client.try_write(key, "before")
            cluster.wait_replicated()
            begin = time.monotonic()
            old.kill()
            while not client.try_write(key, f"after {turn}"):
                if time.monotonic() - begin > GIVE_UP_SECONDS:
                    sys.exit(f"kill {turn + 1}: no write after {GIVE_UP_SECONDS} s\n{cluster.describe()}")
                time.sleep(PAUSE_SECONDS)
            times.append(time.monotonic() - begin)
            print(f"kill {turn + 1:2}: {times[-1] * 1000:5.0f} ms", flush=True)
            old.restart()
            cluster.wait_healthy(60)
        print(f"SIGKILL to first accepted write, {len(times)} kills: median {statistics.median(times) * 1000:.0f} ms, "
              f"worst {max(times) * 1000:.0f} ms")
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
