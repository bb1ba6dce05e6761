"""Plays requests to one server: all of a batch in one write, all replies in one read."""

import select
import socket

SENTINEL = b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n"
ANSWER_SECONDS = 30.0


class Gone(Exception):
    """The server closed the connection or does not answer."""


class Player:
    def __init__(self, port, protocol):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._batches = 0
        self._pending = b""
        self._mark = b""
        self._received = bytearray()
        self.protocol = protocol
        if protocol == 3:
            self.ask(b"HELLO", b"3")

    def close(self):
        self._socket.close()

    def send(self, requests):
        """Begins a batch; replies() must be called before the next one."""
        token = b"end of batch %d" % self._batches
        self._batches += 1
        self._mark = b"$%d\r\n%s\r\n" % (len(token), token)
        self._pending = memoryview(requests + SENTINEL % (len(token), token))
        self._received = bytearray()
        self._turn(0)

    def replies(self):
        """The bytes of all replies of the batch."""
        while not self._received.endswith(self._mark):
            self._turn(ANSWER_SECONDS)
        return bytes(self._received[:-len(self._mark)])

    def ask(self, *words):
        """One request, its reply as it came."""
        self.send(encode(words))
        return self.replies()

    def _turn(self, seconds):
        """Writes and reads what is possible now."""
        readable, writable, _ = select.select([self._socket], [self._socket] if self._pending else [], [], seconds)
        try:
            if writable:
                self._pending = self._pending[self._socket.send(self._pending):]
            if readable:
                data = self._socket.recv(1 << 20)
                if not data:
                    raise Gone("the server closed the connection")
                self._received += data
        except OSError as error:
            raise Gone(str(error)) from error
        if not readable and not writable and seconds:
            raise Gone("no answer")


def encode(words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    return b"".join(parts)
