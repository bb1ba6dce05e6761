#!/usr/bin/python3
"""Many connections and huge values: redis-benchmark and a mixed load with 1,000 and 10,000 connections, and values of 512 MB set
and read. Every error ends the program with status 1. After each part the resident memory is looked at until it is within 10 %
of that before, for 30 s.

  tests/bench/connections.py [--server guccho|redis] [--workers N] [--scale N] [--connections N...]
"""

import argparse
import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench.lib import mixed
from bench.lib.load import benchmark, load
from bench.lib.pair import Node, say
from integration.lib.resp import encode
from integration.lib.server import KINDS

KEYS = 100_000
VALUE = "x" * 100
HUGE = 512 * 1024 * 1024  # proto-max-bulk-len
CHUNK = 1 << 20
HUGE_KEYS = 2
SETTLE_SECONDS = 30
SETTLED = 1.10
SPARE_FILES = 200


def raise_file_limit():
    """As far as is allowed; returns how many files this process may open. Servers started later inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, 20_000)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def by_redis_benchmark(server, connections, scale):
    for pipeline, operations in ((1, 100_000), (16, 400_000)):
        for command in (["SET", "key:__rand_int__", VALUE], ["GET", "key:__rand_int__"], ["INCR", "counter:__rand_int__"]):
            run = benchmark(server.port, command, pipeline=pipeline, keys=KEYS, clients=connections,
                            operations=max(2 * connections * pipeline, int(operations * scale)))
            say(f"{command[0]:5} {connections} connections, pipeline {pipeline}: {run.rate:.0f} op/s, "
                f"p50 {run.p50:.1f} ms, p99 {run.p99:.1f} ms")


def by_mixed_load(server, connections, scale):
    operations = max(20 * connections, int(300_000 * scale))
    took = mixed.run(server.port, connections, operations, KEYS)
    say(f"mixed {connections} connections: {operations / took:.0f} op/s, every reply compared")


def huge_values(server):
    """Sets and reads values of 512 MB, sent and compared in pieces so that this process stays small."""
    chunk = os.urandom(CHUNK)
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
        for number in range(HUGE_KEYS):
            connection.sendall(b"*3\r\n$3\r\nSET\r\n$6\r\nhuge:%d\r\n$%d\r\n" % (number, HUGE))
            for _ in range(HUGE // CHUNK):
                connection.sendall(chunk)
            connection.sendall(b"\r\n")
            expect(connection, b"+OK\r\n")
        for number in range(HUGE_KEYS):
            connection.sendall(encode("GET", f"huge:{number}"))
            expect(connection, b"$%d\r\n" % HUGE)
            for _ in range(HUGE // CHUNK):
                expect(connection, chunk)
            expect(connection, b"\r\n")
        # One byte more is refused, and the connection lives or is closed as redis-server does it.
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as other:
            other.sendall(b"*3\r\n$3\r\nSET\r\n$4\r\nmore\r\n$%d\r\n" % (HUGE + 1))
            expect(other, b"-ERR Protocol error: invalid bulk length\r\n")
        for number in range(HUGE_KEYS):
            connection.sendall(encode("DEL", f"huge:{number}"))
            expect(connection, b":1\r\n")
    say(f"{HUGE_KEYS} values of {HUGE} bytes set, read, compared, deleted")


def expect(connection, wanted):
    got = bytearray(len(wanted))
    view, at = memoryview(got), 0
    while at < len(wanted):
        count = connection.recv_into(view[at:])
        if count == 0:
            raise mixed.WrongReply("the server closed the connection")
        at += count
    if got != wanted:
        raise mixed.WrongReply(f"expected {bytes(wanted[:80])!r}, got {bytes(got[:80])!r}")


def settle(server, before):
    """Resident memory when it is within 10 % of before, or after 30 s; and how long that took."""
    ended = time.monotonic()
    while True:
        after, waited = server.resident_bytes(), time.monotonic() - ended
        if after <= before * SETTLED or waited >= SETTLE_SECONDS:
            return after, waited
        time.sleep(0.5)


def peak(server):
    """The greatest resident memory since the last call."""
    with open(f"/proc/{server.process.pid}/status") as file:
        kib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    with open(f"/proc/{server.process.pid}/clear_refs", "w") as file:
        file.write("5")
    return kib * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=sorted(KINDS), default="guccho")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer operations")
    parser.add_argument("--connections", type=int, nargs="+", default=[1_000, 10_000])
    arguments = parser.parse_args()

    files = raise_file_limit()
    reachable = [min(count, files - SPARE_FILES) for count in arguments.connections]
    print(f"open files allowed: {files}; connections wanted {arguments.connections}, reached {reachable}")
    node = Node(KINDS[arguments.server], workers=arguments.workers, maxclients=max(reachable) + 100)
    server = node.primary
    try:
        allowed = int(server.call("CONFIG", "GET", "maxclients")[1])
        if allowed < max(reachable):
            raise RuntimeError(f"the server takes {allowed} connections only")
        # What the loads write is there before, in the same sizes, so that only what they leave behind is growth.
        load(server.port, (("SET", mixed.key(number), mixed.value(number)) for number in range(KEYS)))
        load(server.port, (("SET", f"key:{number:012}", VALUE) for number in range(KEYS)))
        load(server.port, (("SET", f"counter:{number:012}", 100) for number in range(KEYS)))
        parts = []
        for count in reachable:
            parts.append((f"redis-benchmark {count}", lambda count=count: by_redis_benchmark(server, count, arguments.scale)))
            parts.append((f"mixed {count}", lambda count=count: by_mixed_load(server, count, arguments.scale)))
        parts.append(("512 MB values", lambda: huge_values(server)))
        settle(server, 0)  # what loading left behind is given back first
        before = server.resident_bytes()
        print(f"{'part':24} {'before MiB':>10} {'peak MiB':>9} {'after MiB':>9} {'waited s':>8}")
        worst = 0.0
        for name, part in parts:
            peak(server)
            part()
            most = peak(server)
            after, waited = settle(server, before)
            worst = max(worst, after / before)
            print(f"{name:24} {before / 2**20:10.1f} {most / 2**20:9.1f} {after / 2**20:9.1f} {waited:8.1f}  "
                  f"{'OK' if after <= before * SETTLED else 'above by ' + format(after / before - 1, '.0%')}", flush=True)
        errors = server.info("stats")
        print(f"no error; rejected connections {errors['rejected_connections']}, "
              f"worst memory after a part {worst - 1:+.1%} (bound +10 %)")
    finally:
        node.remove()


if __name__ == "__main__":
    main()
