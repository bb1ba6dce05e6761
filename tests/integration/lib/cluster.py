"""A cluster of servers, formed with the plain CLUSTER commands that any Redis Cluster understands."""

from .server import SUBJECT, Server
from .wait import until

SLOTS = 16384
FORM_SECONDS = 30.0
FAILOVER_SECONDS = 30.0


def slot_ranges(primaries):
    """The slots, cut into as many contiguous ranges, as redis-cli does it: [(first, last)]."""
    cuts = [round(SLOTS * index / primaries) for index in range(primaries + 1)]
    return list(zip(cuts, (cut - 1 for cut in cuts[1:])))


class Cluster:
    """Servers that form one cluster. servers[:primaries] own slots first; replica i follows primary i mod primaries."""

    def __init__(self, primaries=3, replicas=1, kinds=None, **directives):
        count = primaries * (1 + replicas)
        kinds = kinds or [SUBJECT] * count
        assert len(kinds) == count, f"{count} servers, {len(kinds)} kinds"
        self.primaries = primaries
        self.servers = [Server(kind, **directives) for kind in kinds]

    def start(self):
        for server in self.servers:
            server.start(wait=False)
        for server in self.servers:
            until(server._answers, FORM_SECONDS, f"{server} answers")
        return self

    def form(self):
        """Introduces the nodes, gives out the slots, attaches the replicas, and waits until all agree."""
        first, rest = self.servers[0], self.servers[1:]
        # Distinct epochs, as redis-cli --cluster create sets them, so that no collision has to be resolved later.
        for epoch, server in enumerate(self.servers, 1):
            server.call("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for server, (low, high) in zip(self.servers, slot_ranges(self.primaries)):
            server.call("CLUSTER", "ADDSLOTSRANGE", low, high)
        for server in rest:
            first.call("CLUSTER", "MEET", "127.0.0.1", server.port)
        for server in self.servers:
            until(lambda: self._knows_all(server), FORM_SECONDS, f"{server} knows all {len(self.servers)} nodes")
        for index, server in enumerate(self.servers[self.primaries:]):
            primary = self.servers[index % self.primaries]
            server.call("CLUSTER", "REPLICATE", primary.node_id())
        self.wait_healthy()
        return self

    def _knows_all(self, server):
        nodes = server.cluster_nodes()
        return (len(nodes) == len(self.servers)
                and not any(node.flags & {"handshake", "noaddr", "fail?", "fail"} for node in nodes))

    def wait_healthy(self, seconds=FORM_SECONDS):
        """Every live node sees the state ok with all slots served and no node failing, and every replica is synced."""
        for server in self.living():
            until(lambda: self._healthy(server), seconds, f"{server} sees a healthy cluster")

    def _healthy(self, server):
        info = server.cluster_info()
        if info["cluster_state"] != "ok" or info["cluster_slots_ok"] != str(SLOTS):
            return False
        if not self._knows_all(server):
            return False
        # The same owners and followers as everybody else sees: compared with the first living node.
        if shape(server) != shape(self.living()[0]):
            return False
        if not self._electorate_complete(server):
            return False
        role = server.call("ROLE")
        return role[0] == b"master" or role[3] == b"connected"

    def _electorate_complete(self, server):
        """With fewer than three primaries all members of an all-Guccho cluster vote, from a list that grows by one at a
        time: only when it holds them all does the cluster survive any single loss."""
        if self.primaries >= 3 or any(other.kind.name != "guccho" for other in self.servers):
            return True
        info = server.call("INFO", "guccho").decode()
        return f"electorate_size:{len(self.living())}\r\n" in info

    def living(self):
        return [server for server in self.servers if server.alive() and not server.frozen]

    def current_primaries(self):
        """The living servers that say they are primaries with slots."""
        return [server for server in self.living()
                if any("myself" in node.flags and node.is_primary() and node.slots for node in server.cluster_nodes())]

    def owner_of(self, slot):
        """The living server that owns the slot in its own view."""
        for server in self.living():
            for node in server.cluster_nodes():
                if "myself" in node.flags and node.is_primary() and covers(node.slots, slot):
                    return server
        return None

    def replicas_of(self, server):
        node_id = server.node_id()
        return [other for other in self.living() if other is not server
                and any("myself" in node.flags and node.primary == node_id for node in other.cluster_nodes())]

    def wait_failover(self, slot, old, seconds=FAILOVER_SECONDS):
        """Waits until a server other than old owns the slot and every living node says so; returns it."""
        def found():
            new = self.owner_of(slot)
            if new is None or new is old:
                return None
            new_id = new.node_id()
            agreed = all(any(node.id == new_id and node.is_primary() and covers(node.slots, slot)
                             for node in server.cluster_nodes())
                         and server.cluster_info()["cluster_state"] == "ok" for server in self.living())
            return new if agreed else None
        return until(found, seconds, f"a new owner of slot {slot} instead of {old}")

    def wait_replicated(self, seconds=FORM_SECONDS):
        """Every synced replica has applied what its primary has written."""
        for primary in self.current_primaries():
            for replica in self.replicas_of(primary):
                until(lambda: offset(primary) == offset(replica), seconds, f"{replica} caught up with {primary}")

    def describe(self):
        """For the report of a failed test: the view and the end of the log of each server."""
        parts = []
        for server in self.servers:
            try:
                view = server.call("CLUSTER", "NODES").decode() if server.alive() and not server.frozen else "(down)"
            except Exception as error:
                view = f"({error!r})"
            parts.append(f"--- {server} in {server.directory}\n{view}\n{server.tail()}")
        return "\n".join(parts)

    def remove(self):
        for server in self.servers:
            server.remove()


def shape(server):
    """Who owns what and who follows whom, as this server sees it."""
    return {(node.id, node.primary, *node.slots) for node in server.cluster_nodes()}


def covers(ranges, slot):
    for text in ranges:
        first, _, last = text.partition("-")
        if int(first) <= slot <= int(last or first):
            return True
    return False


def offset(server):
    info = server.info("replication")
    return int(info["master_repl_offset"] if info["role"] == "master" else info["slave_repl_offset"])
