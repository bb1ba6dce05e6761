"""For tests of slots that move: a client that follows them, keys of all types with what was acknowledged, a slow way."""

import random
import socket
import threading
import time

from integration.lib.resp import Connection, ReplyError
from integration.lib.slots import slot_of


def tags(first, last, count, start=0):
    """Names whose slots are in that range."""
    found = []
    number = start
    while len(found) < count:
        name = f"t{number}"
        number += 1
        if first <= slot_of(name) <= last:
            found.append(name)
    return found


class Client:
    """A cluster client that follows MOVED and ASK and tries again after TRYAGAIN, with one connection a node."""

    def __init__(self, port):
        self.first, self.connections, self.slots, self.tried_again = port, {}, {}, 0

    def connection(self, port):
        if port not in self.connections:
            self.connections[port] = Connection(port, timeout=30)
        return self.connections[port]

    def call(self, key, *command):
        port, asking = self.slots.get(slot_of(key), self.first), False
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            commands = [("ASKING",), command] if asking else [command]
            reply = self.connection(port).pipeline(commands)[-1]
            if not isinstance(reply, ReplyError):
                return reply
            word, *rest = str(reply).split(" ")
            port, asking = self.slots.get(slot_of(key), self.first), False
            if word == "MOVED":
                port = self.slots[int(rest[0])] = int(rest[1].rsplit(":", 1)[1])
            elif word == "ASK":
                port, asking = int(rest[1].rsplit(":", 1)[1]), True
            elif word in ("TRYAGAIN", "CLUSTERDOWN"):
                self.tried_again += word == "TRYAGAIN"
                time.sleep(0.002)
            else:
                raise reply
        raise AssertionError(f"{command} found no node")

    def close(self):
        for connection in self.connections.values():
            connection.close()


class Far:
    """A way to a server on which each answer takes that long."""

    def __init__(self, port, seconds):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._target, self._seconds = port, seconds
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink, wait in ((client, server, 0), (server, client, self._seconds)):
                threading.Thread(target=self._pass_on, args=(source, sink, wait), daemon=True).start()

    @staticmethod
    def _pass_on(source, sink, wait):
        try:
            while data := source.recv(1 << 16):
                time.sleep(wait)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self._listener.close()


class Model:
    """Keys of all types, changed at random through a client, and what was acknowledged of it."""

    FAR = 4_000_000_000_000

    def __init__(self, names, seed):
        self.random, self.names = random.Random(seed), names
        self.values, self.done = {}, 0
        self.hot = "{%s}hot" % names[0]
        self.keys = [self.hot] + ["{%s}%s" % (name, kind) for name in names
                                  for kind in ("string", "ttl", "hash", "list", "set", "zset", "stream", "gone")]

    def fill(self, client):
        for key in self.keys:
            for _ in range(3):
                self.change(client, key)

    def step(self, client):
        self.change(client, self.hot if self.random.random() < 0.3 else self.random.choice(self.keys))

    def change(self, client, key):
        kind = key.partition("}")[2]
        number = self.random.randrange(1000)
        self.done += 1
        if kind == "hot":
            self.values[key] = str(client.call(key, "INCR", key)).encode()
        elif kind == "string":
            self.values[key] = str(client.call(key, "INCRBY", key, number)).encode()
        elif kind == "ttl":
            client.call(key, "SET", key, number, "PXAT", self.FAR + number)
            self.values[key] = (str(number).encode(), self.FAR + number)
        elif kind == "hash":
            new = client.call(key, "HINCRBY", key, f"f{number % 20}", number)
            self.values.setdefault(key, {})[b"f%d" % (number % 20)] = str(new).encode()
        elif kind == "list":
            client.call(key, "RPUSH", key, number)
            self.values.setdefault(key, []).append(b"%d" % number)
        elif kind == "set":
            client.call(key, "SADD", key, f"m{number}")
            self.values.setdefault(key, set()).add(b"m%d" % number)
        elif kind == "zset":
            new = client.call(key, "ZINCRBY", key, number, f"m{number % 20}")
            self.values.setdefault(key, {})[b"m%d" % (number % 20)] = new
        elif kind == "stream":
            self.values.setdefault(key, []).append(client.call(key, "XADD", key, "*", "n", number))
        elif self.values.get(key) is None:
            client.call(key, "SET", key, number)
            self.values[key] = b"%d" % number
        else:
            client.call(key, "DEL", key)
            self.values[key] = None

    def read(self, client, key):
        kind = key.partition("}")[2]
        call = lambda *command: client.call(key, *command)  # noqa: E731
        if kind == "ttl":
            return call("GET", key), call("PEXPIRETIME", key)
        if kind == "hash":
            flat = call("HGETALL", key)
            return dict(zip(flat[::2], flat[1::2]))
        if kind == "list":
            return call("LRANGE", key, 0, -1)
        if kind == "set":
            return set(call("SMEMBERS", key))
        if kind == "zset":
            flat = call("ZRANGE", key, 0, -1, "WITHSCORES")
            return dict(zip(flat[::2], flat[1::2]))
        if kind == "stream":
            return [entry[0] for entry in call("XRANGE", key, "-", "+")]
        return call("GET", key)

    def wrong(self, client):
        return [(key, expected, seen) for key, expected in self.values.items()
                if not self.same(key, seen := self.read(client, key), expected)]

    @staticmethod
    def same(key, seen, expected):
        # What is left of the time is sent, not the moment: what the way took is added.
        if key.endswith("}ttl") and expected is not None:
            return seen[0] == expected[0] and 0 <= seen[1] - expected[1] < 5000
        return seen == expected
