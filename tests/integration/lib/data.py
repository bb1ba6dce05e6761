"""Data with known contents: written through the owner of each key, and read back from whoever owns it then."""

from .resp import ReplyError
from .slots import slot_of


# How a value of each type is read whole.
READ = {
    "string": lambda key: ("GET", key),
    "hash": lambda key: ("HGETALL", key),
    "list": lambda key: ("LRANGE", key, 0, -1),
    "set": lambda key: ("SMEMBERS", key),
    "zset": lambda key: ("ZRANGE", key, 0, -1, "WITHSCORES"),
}


class Writer:
    """Writes strings and hashes over all slots and remembers what was acknowledged."""

    def __init__(self, cluster, prefix="key"):
        self.cluster, self.prefix = cluster, prefix
        self.values = {}

    def write(self, count):
        """Writes count more keys, every third a hash."""
        owners = self._owners()
        commands = {server: [] for server in owners.values()}
        first = len(self.values)
        for number in range(first, first + count):
            key, value = f"{self.prefix}:{number}", f"value-{number}"
            command = ("HSET", key, "field", value, "number", number) if number % 3 == 0 else ("SET", key, value)
            commands[owners[slot_of(key)]].append(command)
            self.values[key] = value
        for server, batch in commands.items():
            with server.connect() as connection:
                for reply in connection.pipeline(batch):
                    if isinstance(reply, ReplyError):
                        raise reply

    def verify(self):
        """Every value is read back from the present owner of its slot."""
        owners = self._owners()
        reads = {server: [] for server in owners.values()}
        for number, (key, value) in enumerate(self.values.items()):
            command = ("HGET", key, "field") if number % 3 == 0 else ("GET", key)
            reads[owners[slot_of(key)]].append((command, value))
        wrong = []
        for server, batch in reads.items():
            with server.connect() as connection:
                replies = connection.pipeline([command for command, _ in batch])
            wrong += [f"{command} at {server}: {reply!r}" for (command, value), reply in zip(batch, replies)
                      if reply != value.encode()]
        assert not wrong, f"{len(wrong)} of {len(self.values)} wrong: {wrong[:5]}"

    def _owners(self):
        owners = {}
        for server in self.cluster.current_primaries():
            for node in server.cluster_nodes():
                if "myself" in node.flags:
                    for text in node.slots:
                        first, _, last = text.partition("-")
                        owners.update(dict.fromkeys(range(int(first), int(last or first) + 1), server))
        return owners

    @staticmethod
    def held_by(server, read_counts=True):
        """Everything that one server holds, replica or not: {key: value}, read over READONLY."""
        held = {}
        with server.connect() as connection:
            connection.ask("READONLY")  # a server outside of a cluster refuses it and serves reads
            keys = connection.call("KEYS", "*")
            kinds = connection.pipeline([("TYPE", key) for key in keys])
            for key, kind in zip(keys, kinds):
                if kind == "stream":
                    held[key] = stream_of(connection, key, read_counts)
            reads = [(key, kind) for key, kind in zip(keys, kinds) if kind in READ]
            for (key, kind), value in zip(reads, connection.pipeline([READ[kind](key) for key, kind in reads])):
                if kind == "hash":
                    value = dict(zip(value[::2], value[1::2]))
                held[key] = set(value) if kind == "set" else value
        return held


def stream_of(connection, key, read_counts):
    """Entries, groups and pending entries of a stream, without what depends on the moment of asking."""
    groups = connection.call("XINFO", "GROUPS", key)
    if not read_counts:
        groups = [group[:8] for group in groups]  # entries-read and lag come last
    pending = []
    for group in groups:
        name = group[1]
        entries = connection.call("XPENDING", key, name, "-", "+", 1000)
        pending.append([[entry[0], entry[1], entry[3]] for entry in entries])
    # How many nodes the index of the entries has is each server's own affair.
    info = connection.call("XINFO", "STREAM", key)
    known = dict(zip(info[::2], info[1::2]))
    for name in (b"radix-tree-keys", b"radix-tree-nodes"):
        known.pop(name, None)
    return [connection.call("XRANGE", key, "-", "+"), groups, pending, known]
