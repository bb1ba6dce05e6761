"""A mixed load in the manner of memtier_benchmark: many connections, one SET to ten GETs, values of many sizes, bursts of
random depth. A key's value follows from its number, so every reply is compared byte for byte."""

import random
import select
import socket
import time

from integration.lib.resp import encode

SHORTEST, LONGEST = 32, 1024
READS_PER_WRITE = 10
DEEPEST = 16  # commands that a connection sends at once
QUIET_SECONDS = 60

_TEXT = bytes(random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=2 * LONGEST))


def key(number):
    return b"mixed:%010d" % number


def value(number):
    size = SHORTEST + number * 7919 % (LONGEST - SHORTEST + 1)
    at = number % LONGEST
    return _TEXT[at:at + size]


class WrongReply(Exception):
    """A reply that is not the expected one, or none."""


class _Client:
    """A connection with what it still expects."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=QUIET_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.expected, self.received, self.sent = b"", [], 0

    def send(self, keys, random_):
        requests, replies = [], []
        depth = random_.randint(1, DEEPEST)
        for _ in range(depth):
            number = random_.randrange(keys)
            if random_.randrange(READS_PER_WRITE + 1) == 0:
                requests.append(encode("SET", key(number), value(number)))
                replies.append(b"+OK\r\n")
            else:
                requests.append(encode("GET", key(number)))
                replies.append(b"$%d\r\n%s\r\n" % (len(value(number)), value(number)))
        self.expected, self.received = b"".join(replies), []
        self.socket.sendall(b"".join(requests))
        return depth

    def take(self):
        """Whether all that was expected has come."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise WrongReply("the server closed a connection")
        self.received.append(data)
        if sum(map(len, self.received)) < len(self.expected):
            return False
        got = b"".join(self.received)
        if got != self.expected:
            raise WrongReply(f"expected {self.expected[:100]!r}, got {got[:100]!r}")
        return True


def run(port, connections, operations, keys, seed=1):
    """Plays `operations` commands over so many connections at once; returns the seconds it took."""
    random_ = random.Random(seed)
    poller, clients, open_ = select.epoll(), {}, 0
    try:
        for _ in range(connections):
            client = _Client(port)
            clients[client.socket.fileno()] = client
            poller.register(client.socket, select.EPOLLIN)
        started, left, open_ = time.monotonic(), operations, 0
        for client in clients.values():  # every connection at least once
            left -= client.send(keys, random_)
            open_ += 1
        while open_ > 0:
            events = poller.poll(QUIET_SECONDS)
            if not events:
                raise WrongReply(f"{open_} connections got no reply for {QUIET_SECONDS} s")
            for descriptor, _ in events:
                client = clients[descriptor]
                if not client.take():
                    continue
                if left > 0:
                    left -= client.send(keys, random_)
                else:
                    open_ -= 1
        return time.monotonic() - started
    finally:
        poller.close()
        for client in clients.values():
            client.socket.close()
