"""A primary by hand: takes the port of a primary that was killed, and answers and feeds its replica byte by byte."""

import fcntl
import select
import socket
import struct
import time

from .resp import encode

TIOCOUTQ = 0x5411  # bytes that the peer's kernel has not taken yet
EMPTY_RDB = b"REDIS0010\xff" + bytes(8)


class Primary:
    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self._listener.settimeout(20)
        self.links = []

    def close(self):
        for link in self.links:
            link.close()
        self._listener.close()

    def accept(self, answer=b"+CONTINUE\r\n"):
        """The next link of the replica, with this answer to its PSYNC."""
        link = Link(self._listener.accept()[0])
        self.links.append(link)
        link.greet()
        link.send(answer)
        return link


class Link:
    """asked: what the replica's PSYNC said, (replication id, offset of the next byte)."""

    def __init__(self, connection):
        self._socket = connection
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(20)
        self._buffer = b""
        self.asked = None
        self.offset = 0  # of the stream, with what was fed
        self.acknowledged = None  # the newest offset
        self.acknowledgements = self.newlines = 0

    def close(self):
        self._socket.close()

    def reset(self):
        """Ends the connection with an RST. What the replica's kernel has taken is still to be read there."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def feed(self, *commands, ask=True):
        """Commands of the stream in one write; ask: behind them, for an acknowledgement. Bytes go as they are."""
        data = b"".join(command if isinstance(command, bytes) else encode(*command) for command in commands)
        if ask:
            data += encode("REPLCONF", "GETACK", "*")
        self.send(data)
        self.offset += len(data)

    def feed_until_stuck(self, commands):
        """Feeds one after the other until the sockets take nothing for a second. Returns where each command that was begun
        ends in the stream, and up to where the kernels here and there have the stream."""
        ends, taken = [], self.offset
        self._socket.setblocking(False)
        for command in commands:
            data = encode(*command)
            self.offset += len(data)
            ends.append(self.offset)
            while data:
                if not select.select([], [self._socket], [], 1)[1]:
                    break
                count = self._socket.send(data)
                taken += count
                data = data[count:]
            if data:
                break
        self._socket.settimeout(20)
        return ends, taken, taken - self.unsent()

    def unsent(self):
        return struct.unpack("i", fcntl.ioctl(self._socket, TIOCOUTQ, bytes(4)))[0]

    def wait_applied(self, seconds=20):
        """The replica has acknowledged all that was fed."""
        deadline = time.monotonic() + seconds
        while self.acknowledged != self.offset:
            assert time.monotonic() < deadline, f"{self.acknowledged} of {self.offset} acknowledged"
            self.look()

    def look(self, seconds=0.05):
        """Takes what the replica says within that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.acknowledged != self.offset:
            if select.select([self._socket], [], [], left)[0]:
                self._take()

    def greet(self):
        while self.asked is None:
            self._take()

    def _take(self):
        more = self._socket.recv(65536)
        if not more:
            raise EOFError("the replica closed the link")
        self._buffer += more
        while (arguments := self._cut()) is not None:
            self._act([argument.decode() for argument in arguments])

    def _act(self, arguments):
        if not arguments:
            self.newlines += 1
        elif arguments[0].upper() == "PSYNC":
            self.asked = (arguments[1], int(arguments[2]))
            self.offset = self.asked[1] - 1
        elif arguments[0].upper() == "PING":
            self.send(b"+PONG\r\n")
        elif [word.upper() for word in arguments[:2]] == ["REPLCONF", "ACK"]:
            self.acknowledged = int(arguments[2])
            self.acknowledgements += 1
        else:
            self.send(b"+OK\r\n")

    def _cut(self):
        """One request of the buffer; an empty one is a bare newline."""
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            return None
        if not line.strip():
            self._buffer = rest
            return []
        arguments = []
        for _ in range(int(line[1:])):
            header, end, rest = rest.partition(b"\r\n")
            length = int(header[1:]) if end else 0
            if not end or len(rest) < length + 2:
                return None
            arguments.append(rest[:length])
            rest = rest[length + 2:]
        self._buffer = rest
        return arguments
