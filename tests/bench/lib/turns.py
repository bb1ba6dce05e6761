"""The longest turn of a worker's loop, in CPU time of its thread, while something big happens under load."""

import time

from integration.lib.server import GUCCHO
from integration.lib.wait import until

from .load import Background, benchmark, load, random_text
from .pair import Node, say
from .table import Row

TARGET_MS = 2.0
TABLE_KEYS = 10_000_000
ZSET_MEMBERS = 5_000_000
EXPIRING_KEYS = 1_000_000
WAIT_SECONDS = 600
READ = ["GET", "key:__rand_int__"]


def begin(server):
    """From now on turns are measured, by their CPU time too, which they are not by default."""
    # Events of LATENCY begin at a second, so they cost nothing.
    server.call("CONFIG", "SET", "latency-monitor-threshold", 1000)
    server.call("CONFIG", "RESETSTAT")


def figures(server):
    """(the longest turn in ms of CPU time, the rest in words)"""
    info = server.info("guccho")
    server.call("CONFIG", "SET", "latency-monitor-threshold", 0)
    return (int(info["loop_turn_cpu_max_usec"]) / 1e3,
            f"CPU p99.99 {int(info['loop_turn_cpu_p9999_usec']) / 1e3:.2f} ms, wall p99.99 "
            f"{int(info['loop_turn_p9999_usec']) / 1e3:.2f} ms, of {info['loop_turns_with_cpu']} turns")


def end(server, name):
    longest, note = figures(server)
    return Row(name, "ms", TARGET_MS, longest, False, None, longest, note)


def grow(server, scale):
    count = int(TABLE_KEYS * scale)

    def write(keys):
        benchmark(server.port, ["SET", "key:__rand_int__", "xxxxxxxxxxxxxxxx"], pipeline=16, operations=count, keys=keys)

    begin(server)
    # Numbers from so wide a range, the widest that redis-benchmark takes, hardly repeat.
    write(2_000_000_000)
    row = end(server, "turn_table_grows")
    keys = server.call("DBSIZE")
    # The control: what this machine makes of turns in which nothing grows.
    server.call("FLUSHALL")
    write(100_000)
    begin(server)
    write(100_000)
    return row._replace(note=f"{row.note}; {keys} keys. As many SETs of keys that exist: {figures(server)[0]:.2f} ms")


def under_load(server):
    return Background(server.port, READ, pipeline=1, operations=1_000_000_000, keys=100_000)


def unlink(server, scale):
    count, step = int(ZSET_MEMBERS * scale), 200
    server.call("FLUSHALL")
    load(server.port, (["ZADD", "big", *(part for member in random_text(step, 12) for part in (hash(member) % 10**6, member))]
                       for _ in range(count // step)))
    with under_load(server):
        time.sleep(1)
        begin(server)
        server.call("UNLINK", "big")
        until(lambda: server.info("memory")["lazyfree_pending_objects"] == "0", WAIT_SECONDS, "the set is freed")
        row = end(server, "turn_unlink")
    return row._replace(note=f"{row.note}; {count} members")


def expire(server, scale):
    count = int(EXPIRING_KEYS * scale)
    server.call("FLUSHALL")
    # Late enough that all are written before.
    due = int(time.time() + 5 + count / 20_000) * 1000
    load(server.port, (("SET", f"due:{number:012}", "xxxxxxxxxxxxxxxx", "PXAT", due + number % 1000) for number in range(count)))
    if time.time() * 1000 > due:
        raise RuntimeError("the keys were due before all were written; use a smaller --scale")
    with under_load(server):
        time.sleep(max(0.0, due / 1000 - 1 - time.time()))
        begin(server)
        started = due / 1000
        until(lambda: server.call("DBSIZE") == 0, WAIT_SECONDS, "all keys expired")
        took = time.time() - started
        row = end(server, "turn_expire")
        begin(server)
        time.sleep(took + 1)
        control = figures(server)[0]
    return row._replace(note=f"{row.note}; {count} keys gone {took:.1f} s after the first was due. As long when nothing expires: "
                        f"{control:.2f} ms")


CASES = {"turn_table_grows": grow, "turn_unlink": unlink, "turn_expire": expire}


def rows(names, scale):
    wanted = [name for name in CASES if name in names]
    if not wanted:
        return
    node = Node(GUCCHO)
    try:
        for name in wanted:
            say(name)
            yield CASES[name](node.primary, scale)
    finally:
        node.remove()


NAMES = list(CASES)
