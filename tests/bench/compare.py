#!/usr/bin/python3
"""Server CPU time per operation, ours beside redis-server in one run: both in cluster mode with all slots on one node and one
worker, driven by redis-benchmark. Prints microseconds and ratios (below 1: we need less).

  tests/bench/compare.py [--rounds N] [--scale N] [COMMAND...]      COMMAND: get set incr hset mget
"""

import argparse
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from integration.lib.server import GUCCHO, REDIS, Server
from integration.lib.wait import until

KEYS = 100000
CLIENTS = 20
MGET_KEYS = 10
VALUE = "x" * 32

COMMANDS = {
    "set": ["SET", "key:__rand_int__", VALUE],
    "get": ["GET", "key:__rand_int__"],
    "incr": ["INCR", "counter:__rand_int__"],
    "hset": ["HSET", "hash:__rand_int__", "field", VALUE],
    "mget": ["MGET", *["{tag}:__rand_int__"] * MGET_KEYS],
}
# Operations of one measurement, so that each takes a second or two of server time.
OPERATIONS = {1: 150_000, 16: 800_000}


def benchmark(port, pipeline, operations, command):
    """Runs redis-benchmark and returns the requests per second that it reports."""
    done = subprocess.run(["redis-benchmark", "-p", str(port), "-c", str(CLIENTS), "-n", str(operations), "-r", str(KEYS),
                           "-P", str(pipeline), "--csv", *command], capture_output=True, text=True, check=True, timeout=300)
    return float(done.stdout.strip().splitlines()[-1].split(",")[1].strip('"'))


def started(kind):
    server = Server(kind, io_threads=1).start()
    server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, f"{server} serves")
    # The same keys in both, so that reads find what they ask for.
    for command in (COMMANDS["set"], COMMANDS["hset"], ["SET", "{tag}:__rand_int__", VALUE]):
        benchmark(server.port, 16, 3 * KEYS, command)
    return server


def measure(server, pipeline, operations, command):
    """CPU microseconds of the server per operation, and requests per second."""
    before = server.cpu_seconds()
    rate = benchmark(server.port, pipeline, operations, command)
    return (server.cpu_seconds() - before) / operations * 1e6, rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer operations")
    parser.add_argument("commands", nargs="*")
    arguments = parser.parse_args()
    commands = arguments.commands or ["get", "set", "incr", "hset", "mget"]

    redis, ours = started(REDIS), started(GUCCHO)
    try:
        print(f"server CPU per operation, median of {arguments.rounds}; {KEYS} keys, {CLIENTS} clients, values of "
              f"{len(VALUE)} bytes, MGET of {MGET_KEYS}")
        print(f"{'command':8} {'pipeline':>8} {'redis us':>9} {'guccho us':>10} {'ratio':>6} "
              f"{'redis op/s':>11} {'guccho op/s':>12}")
        for pipeline, operations in OPERATIONS.items():
            for name in commands:
                count = int(operations * arguments.scale / (4 if name == "mget" else 1))
                # In turns, so that whatever else the machine does falls on both.
                rounds = [(measure(redis, pipeline, count, COMMANDS[name]), measure(ours, pipeline, count, COMMANDS[name]))
                          for _ in range(arguments.rounds)]
                redis_cpu, our_cpu = (statistics.median(each[side][0] for each in rounds) for side in (0, 1))
                redis_rate, our_rate = (statistics.median(each[side][1] for each in rounds) for side in (0, 1))
                print(f"{name.upper():8} {pipeline:8} {redis_cpu:9.2f} {our_cpu:10.2f} {our_cpu / redis_cpu:6.2f} "
                      f"{redis_rate:11.0f} {our_rate:12.0f}", flush=True)
        print(f"resident memory: redis {redis.resident_bytes() / 2**20:.1f} MiB, guccho {ours.resident_bytes() / 2**20:.1f} MiB")
    finally:
        redis.remove()
        ours.remove()


if __name__ == "__main__":
    main()
