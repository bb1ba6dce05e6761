"""Which acknowledged writes were known to be on a replica, from offsets: all that a shard acknowledged before a moment is
replicated once its replica has reached the offset that the primary had after that moment."""

import threading
import time

import redis

ROUND_SECONDS = 0.1
SOCKET_SECONDS = 1.0


class Watermarks:
    """Follows every shard in a thread of its own; a shard is named by its first slot, which no failover changes."""

    def __init__(self, addresses):
        self._addresses = addresses
        self._stop = threading.Event()
        self._links = {}
        self.marks = {}    # shard -> [moment: what was acknowledged before it is replicated], ascending
        self.breaks = {}   # shard -> [(before, after) the signal that killed or froze its primary]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()

    def broke(self, shard, before, after):
        self.breaks.setdefault(shard, []).append((before, after))

    def replicated(self, shard, begun, acknowledged):
        """True if a write sent and acknowledged then was known to be replicated before its primary went away. Sent before that
        moment, it may be the old primary's answer whenever it was read: it lay in the client's socket."""
        end = min((before for before, after in self.breaks.get(shard, []) if after >= begun), default=float("inf"))
        return any(acknowledged <= mark < end for mark in self.marks.get(shard, []))

    def _link(self, host, port):
        if (host, port) not in self._links:
            self._links[host, port] = redis.Redis(host=host, port=port, socket_timeout=SOCKET_SECONDS,
                                                  socket_connect_timeout=SOCKET_SECONDS)
        return self._links[host, port]

    def _run(self):
        while not self._stop.wait(ROUND_SECONDS):
            for shard, primary, replicas in self._shards():
                try:
                    moment = time.monotonic()
                    offset = self._link(*primary).info("replication")["master_repl_offset"]
                    for host, port in replicas:
                        info = self._link(host, port).info("replication")
                        if info.get("slave_repl_offset", -1) >= offset:
                            self.marks.setdefault(shard, []).append(moment)
                            break
                except (redis.RedisError, OSError, KeyError):
                    continue

    def _shards(self):
        """[(first slot, primary's address, addresses of its replicas)] as any node tells it."""
        for host, port in self._addresses:
            try:
                lines = self._link(host, port).execute_command("CLUSTER NODES")
                break
            except (redis.RedisError, OSError):
                continue
        else:
            return []
        return shards_of(lines)


def shards_of(nodes):
    """From redis-py's form of CLUSTER NODES: {address: {flags, node_id, master_id, slots}}."""
    shards = []
    for address, node in nodes.items():
        flags = node["flags"].split(",")
        if "master" in flags and node["slots"] and "fail" not in flags:
            replicas = [split(other) for other, each in nodes.items()
                        if each["master_id"] == node["node_id"] and "fail" not in each["flags"].split(",")]
            shards.append((int(node["slots"][0][0]), split(address), replicas))
    return shards


def split(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)
