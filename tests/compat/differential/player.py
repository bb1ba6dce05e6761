"""Plays a case to one server and returns what it answered, in a form that two servers' answers can be compared in."""

import socket

from integration.lib import resp
from integration.lib.wait import until

GONE_SECONDS = 10.0
CLOSE_SECONDS = 3.0
SCAN_STEPS = 200000  # more than slots, so that a scan that never ends is found


class Answer:
    """What one step brought: the bytes (or the filtered form) to compare."""

    def __init__(self, step, shown):
        self.step, self.shown = step, shown


class Player:
    def __init__(self, port, protocol):
        self._port, self._protocol = port, protocol
        self._connections = {}

    def close(self):
        for connection in self._connections.values():
            connection.close()
        self._connections = {}

    def play(self, case):
        return [Answer(step, self._step(step)) for step in case.steps]

    def _connection(self, name):
        if name not in self._connections:
            self._connections[name] = resp.Connection(self._port, protocol=self._protocol)
        return self._connections[name]

    def _step(self, step):
        try:
            connection = self._connection(step.connection)
        except ConnectionRefusedError:
            return b"(the server is gone)"
        try:
            if step.verb == "raw":
                return self._raw(connection, step)
            if step.verb == "read":
                return connection.read_with_bytes()[1]
            if step.verb == "gone":
                until(lambda: connection.call("EXISTS", *step.words) == 0, GONE_SECONDS, f"{step.words} gone")
                return b"gone"
            if step.filter in ("scan", "scanpairs"):
                return self._scan(connection, step)
            connection.send(resp.encode(*step.words))
            return filtered(step.filter, connection.read_with_bytes()[1])
        except (EOFError, ConnectionResetError, BrokenPipeError):
            self._connections.pop(step.connection).close()
            return b"(closed)"
        except socket.timeout:
            self._connections.pop(step.connection).close()
            return b"(no answer)"

    def _raw(self, connection, step):
        replies, data = step.words
        connection.send(data)
        if replies == b"close":
            connection.settimeout(CLOSE_SECONDS)
            answer = connection.read_to_end()
            self._connections.pop(step.connection).close()
            return answer + b"(closed)"
        return b"".join(connection.read_with_bytes()[1] for _ in range(int(replies)))

    def _scan(self, connection, step):
        """The cursor is the first word "0" of the command."""
        words = list(step.words)
        at = words.index(b"0")
        found = []
        for _ in range(SCAN_STEPS):
            reply = connection.ask(*words)
            if isinstance(reply, resp.ReplyError):
                return f"-{reply}".encode()
            found += reply[1]
            words[at] = reply[0]
            if reply[0] == b"0":
                break
        else:
            return b"(the scan does not end)"
        if step.filter == "scanpairs":
            found = list(zip(found[::2], found[1::2]))
        # A scan may return an element more than once.
        return repr(sorted(set(found))).encode()


def filtered(name, data):
    """The reply's bytes, in the form in which the filter compares them."""
    if name is None:
        return data
    if name == "skip":
        return b"(not compared)"
    if name == "kind":
        return data.split(b" ")[0] if data.startswith(b"-") else data
    if name.startswith("near:"):
        return nearly(int(name[5:]), parse(data, 0)[0])
    tree, _ = parse(data, 0)
    if name == "types":
        return repr(shape(tree)).encode()
    if name == "deep":
        return repr(unordered(tree)).encode()
    kind, value = tree
    if not isinstance(value, list):
        return data
    if name == "pairs" and kind != "%":
        value = list(zip(value[::2], value[1::2]))
    return repr((kind, sorted(value, key=repr))).encode()


class Near:
    """An integer that equals another one within a tolerance."""

    def __init__(self, tolerance, value):
        self.tolerance, self.value = tolerance, value

    def __eq__(self, other):
        return isinstance(other, Near) and abs(self.value - other.value) <= self.tolerance

    def __repr__(self):
        return f"{self.value} within {self.tolerance}"


def nearly(tolerance, tree):
    """The reply with all its integers replaced."""
    kind, value = tree
    if kind == ":":
        return Near(tolerance, int(value))
    if not isinstance(value, list):
        return tree
    return (kind, [[nearly(tolerance, part) for part in each] if kind == "%" else nearly(tolerance, each)
                   for each in value])


def parse(data, at):
    """One reply as (kind, value), kinds kept apart; maps as lists of pairs. Returns it and the position behind it."""
    end = data.index(b"\r\n", at)
    kind, rest, at = chr(data[at]), data[at + 1:end], end + 2
    if kind in "$=!" and rest != b"-1":
        size = int(rest)
        return (kind, data[at:at + size]), at + size + 2
    if kind in "*~>%" and rest != b"-1":
        values = []
        for _ in range(int(rest) * (2 if kind == "%" else 1)):
            value, at = parse(data, at)
            values.append(value)
        if kind == "%":
            values = list(zip(values[::2], values[1::2]))
        return (kind, values), at
    return (kind, rest), at


def unordered(tree):
    kind, value = tree
    if not isinstance(value, list):
        return tree
    parts = [[unordered(part) for part in each] if kind == "%" else unordered(each) for each in value]
    return (kind, sorted(parts, key=repr))


def shape(tree):
    kind, value = tree
    if not isinstance(value, list):
        return kind
    return (kind, [[shape(part) for part in each] if kind == "%" else shape(each) for each in value])
