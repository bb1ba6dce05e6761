"""A raw RESP2/RESP3 client: sends exact bytes and returns replies both decoded and as the bytes they came in.

Real client libraries hide what a reply looked like; tests of the protocol need to see it."""

import socket


class ReplyError(Exception):
    """An error reply; str() is its text without the leading '-'."""

    def __eq__(self, other):
        return isinstance(other, ReplyError) and str(self) == str(other)

    def __hash__(self):
        return hash(str(self))


class Push(list):
    """A RESP3 push message."""


def encode(*arguments):
    """One command as a multibulk request."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Connection:
    """One connection. Every read has the timeout given here; a closed peer raises EOFError."""

    def __init__(self, port, host="127.0.0.1", timeout=20.0, protocol=2, tls=None):
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        self._buffer = b""
        self._at = 0
        if protocol == 3:
            self.ask("HELLO", "3")  # refused while a password is due: the connection then stays with RESP2

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self._socket.sendall(data)

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def call(self, *arguments):
        """Sends one command and returns its decoded reply; an error reply is raised."""
        self.send(encode(*arguments))
        reply = self.read()
        if isinstance(reply, ReplyError):
            raise reply
        return reply

    def ask(self, *arguments):
        """Like call, but an error reply is returned."""
        self.send(encode(*arguments))
        return self.read()

    def pipeline(self, commands):
        """Sends all commands in one write and returns their replies in order; error replies are returned."""
        self.send(b"".join(encode(*command) for command in commands))
        return [self.read() for _ in commands]

    def read(self):
        """Reads one reply, decoded."""
        return self.read_with_bytes()[0]

    def read_with_bytes(self):
        """Reads one reply; returns it decoded and as it came."""
        self._buffer = self._buffer[self._at:]
        self._at = 0
        value = self._value()
        return value, self._buffer[:self._at]

    def read_to_end(self):
        """Reads until the peer closes and returns the bytes."""
        data = self._buffer[self._at:]
        self._buffer, self._at = b"", 0
        while True:
            try:
                more = self._socket.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def _fill(self):
        more = self._socket.recv(65536)
        if not more:
            raise EOFError("the server closed the connection")
        self._buffer += more

    def _line(self):
        while True:
            end = self._buffer.find(b"\r\n", self._at)
            if end >= 0:
                line = self._buffer[self._at:end]
                self._at = end + 2
                return line
            self._fill()

    def _bytes(self, count):
        while len(self._buffer) < self._at + count + 2:
            self._fill()
        data = self._buffer[self._at:self._at + count]
        self._at += count + 2
        return data

    def _value(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._bytes(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self._value() for _ in range(int(rest))]
        if kind == b"_":
            return None
        if kind == b"#":
            return rest == b"t"
        if kind == b",":
            return float(rest)
        if kind == b"(":
            return int(rest)
        if kind == b"!":
            return ReplyError(self._bytes(int(rest)).decode(errors="replace"))
        if kind == b"=":
            return self._bytes(int(rest))[4:]
        if kind == b"%":
            return {_key(self._value()): self._value() for _ in range(int(rest))}
        if kind == b"~":
            return [self._value() for _ in range(int(rest))]
        if kind == b">":
            return Push(self._value() for _ in range(int(rest)))
        if kind == b"|":
            for _ in range(2 * int(rest)):
                self._value()
            return self._value()
        raise ValueError(f"not RESP: {line!r}")


def _key(value):
    return tuple(value) if isinstance(value, list) else value
