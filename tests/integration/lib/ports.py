"""Ports for test servers: each is reserved by a lock file for as long as this process lives, so that test processes that
run side by side never pick the same. The cluster bus of a server takes its port + 10000, which is reserved with it."""

import fcntl
import os
import socket
import tempfile

BUS_OFFSET = 10000

_held = []
_next = None


def _range():
    first, last = os.environ.get("GUCCHO_TEST_PORTS", "20300-20999").split("-")
    return range(int(first), int(last) + 1)


def _free(port):
    for candidate in (port, port + BUS_OFFSET):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                return False
    return True


def _reserve(port):
    directory = os.path.join(tempfile.gettempdir(), f"guccho-test-ports-{os.getuid()}")
    os.makedirs(directory, exist_ok=True)
    handle = open(os.path.join(directory, str(port)), "w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return False
    if not _free(port):
        handle.close()
        return False
    _held.append(handle)
    return True


def take(count=1):
    """Returns that many ports that nobody else has, or raises RuntimeError when the range is used up."""
    global _next
    numbers = list(_range())
    # Another process starts elsewhere in the range: fewer collisions, and a port just left is not taken again at once.
    if _next is None:
        _next = os.getpid() * 17 % len(numbers)
    taken = []
    for _ in range(len(numbers)):
        port = numbers[_next % len(numbers)]
        _next += 1
        if _reserve(port):
            taken.append(port)
        if len(taken) == count:
            return taken
    raise RuntimeError(f"no {count} free ports in {numbers[0]}-{numbers[-1]} (GUCCHO_TEST_PORTS sets the range)")


def take_block(count):
    """Returns the first of that many ports in a row that nobody else has, or raises RuntimeError."""
    numbers = list(_range())
    for start in range(0, len(numbers) - count + 1, count):
        before = len(_held)
        if all(_reserve(port) for port in numbers[start:start + count]):
            return numbers[start]
        for handle in _held[before:]:
            handle.close()
        del _held[before:]
    raise RuntimeError(f"no {count} free ports in a row in {numbers[0]}-{numbers[-1]} (GUCCHO_TEST_PORTS sets the range)")


def give_back(first, count):
    """Lets others take these ports again; whoever listened on them has ended."""
    for handle in [handle for handle in _held if first <= int(os.path.basename(handle.name)) < first + count]:
        _held.remove(handle)
        handle.close()
