"""Load on a server: redis-benchmark for what is measured, and a quick loader for the data that must be there before."""

import collections
import os
import socket
import statistics
import subprocess

from integration.lib.resp import encode
from integration.lib.server import die_with_parent

CLIENTS = 50
TIMEOUT_SECONDS = 900
LOAD_BYTES = 1 << 20  # their replies fit into the sockets' buffers

# What one run gave: requests per second and milliseconds as redis-benchmark saw them.
Run = collections.namedtuple("Run", "rate p50 p99")
# And with it the server's CPU microseconds per operation.
Measured = collections.namedtuple("Measured", "cpu rate p50 p99")


class BenchmarkFailed(Exception):
    """redis-benchmark did not end well, or the server answered with errors."""


def benchmark_command(port, command, *, pipeline, operations, keys, clients=CLIENTS):
    """keys: __rand_int__ in the command becomes a number below it, twelve digits long."""
    return ["redis-benchmark", "-p", str(port), "-c", str(clients), "-n", str(max(operations, clients)), "-r", str(keys),
            "-P", str(pipeline), "--csv", *map(str, command)]


def benchmark(port, command, **options):
    done = subprocess.run(benchmark_command(port, command, **options), capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or "Error" in done.stderr + done.stdout or len(lines) < 2:
        raise BenchmarkFailed(f"{' '.join(map(str, command))}: {done.stdout} {done.stderr}".strip())
    # "test","rps","avg","min","p50","p95","p99","max": from the right, since the test's name is the command, commas and all.
    fields = [field.strip('"') for field in lines[-1].rsplit(",", 7)]
    return Run(float(fields[1]), float(fields[4]), float(fields[6]))


def measure(server, command, **options):
    """Runs the load and divides the server's CPU time, all of its threads, by the operations."""
    before = server.cpu_seconds()
    run = benchmark(server.port, command, **options)
    return Measured((server.cpu_seconds() - before) / options["operations"] * 1e6, *run)


def medians(runs):
    return type(runs[0])(*(statistics.median(column) for column in zip(*runs)))


class Background:
    """Load that goes on while something else is looked at; ended by its process id."""

    def __init__(self, port, command, **options):
        self._process = subprocess.Popen(benchmark_command(port, command, **options), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()


def load(port, commands):
    """Sends all commands (sequences of arguments), a megabyte in one write. Their replies must be of one line each; an error
    raises."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        waiting, size = [], 0
        for command in commands:
            waiting.append(encode(*command))
            size += len(waiting[-1])
            if size >= LOAD_BYTES:
                _exchange(connection, waiting)
                waiting, size = [], 0
        _exchange(connection, waiting)


def _exchange(connection, requests):
    connection.sendall(b"".join(requests))
    lines, last = 0, b"\n"
    while lines < len(requests):
        data = connection.recv(1 << 16)
        if not data:
            raise BenchmarkFailed("the server closed the connection")
        if (last == b"\n" and data[:1] == b"-") or b"\n-" in data:
            raise BenchmarkFailed(data[:200].decode(errors="replace"))
        lines, last = lines + data.count(b"\n"), data[-1:]


def random_text(count, length):
    """`count` different-looking strings of hexadecimal digits, from one reading of random bytes."""
    data = os.urandom(count * ((length + 1) // 2)).hex()
    step = (length + 1) // 2 * 2
    return [data[at:at + length] for at in range(0, count * step, step)]
