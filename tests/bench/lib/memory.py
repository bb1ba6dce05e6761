"""The rows of memory: growth of resident memory, in bytes a key or a member above the bytes of keys and values."""

import os
import random
import time

from .load import load, random_text
from .pair import Pair, say
from .table import Row

KEY_BYTES = VALUE_BYTES = 16
STEPS = 10
SETTLE_SECONDS = 30


def fill(server, keys, values, ttl=None):
    extra = ("EX", ttl) if ttl else ()
    load(server.port, (("SET", key, value, *extra) for key, value in zip(keys, values)))


def worst_step(server, first, step, ttl):
    """Fills to `first` keys, then in ten steps; the greatest growth a key above key and value, and all keys."""
    # Eight random bytes as text: 16-byte keys that do not repeat.
    keys = random_text(first + STEPS * step, KEY_BYTES)
    fill(server, keys[:first], random_text(first, VALUE_BYTES), ttl)
    worst, before = 0.0, server.resident_bytes()
    for at in range(first, len(keys), step):
        fill(server, keys[at:at + step], random_text(step, VALUE_BYTES), ttl)
        after = server.resident_bytes()
        worst = max(worst, (after - before) / step - KEY_BYTES - VALUE_BYTES)
        before = after
    return worst, keys


def settled(server):
    """Resident memory once it no longer falls and no compaction runs."""
    seen, deadline = server.resident_bytes(), time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(3)
        now = server.resident_bytes()
        if now >= seen and server.info("memory")["active_defrag_running"] == "0":
            return now
        seen = now
    return seen


def rewrite_half(server, keys):
    """Deletes a random half and writes it again with values of 8 to 64 bytes. All that is resident above an empty node is
    counted, so this row also pays for what is not the keys' (`empty` is taken off by the caller)."""
    chosen = set(random.sample(range(len(keys)), len(keys) // 2))
    # 8 to 64, the same for both servers.
    sizes = random.Random(1)
    load(server.port, (("DEL", keys[at]) for at in chosen))
    payload = (len(keys) - len(chosen)) * (KEY_BYTES + VALUE_BYTES)
    pool = os.urandom(32).hex()

    def writes():
        nonlocal payload
        for at in chosen:
            size = sizes.randint(8, 64)
            payload += KEY_BYTES + size
            yield "SET", keys[at], pool[:size]

    load(server.port, writes())
    return payload


def keys_rows(names, scale):
    """key, key_ttl, empty_node, rewrite_half."""
    first, step = int(1_000_000 * scale), int(100_000 * scale)
    results = {"key": [], "empty_node": [], "rewrite_half": [], "key_ttl": []}
    if names & {"key", "empty_node", "rewrite_half"}:
        with Pair() as pair:
            for server in pair.primaries:
                empty = server.resident_bytes()
                results["empty_node"].append(empty / 2**20)
                if not names & {"key", "rewrite_half"}:
                    continue
                say(f"memory a key, {server.kind}")
                worst, keys = worst_step(server, first, step, None)
                results["key"].append(worst)
                if "rewrite_half" in names:
                    payload = rewrite_half(server, keys)
                    results["rewrite_half"].append((settled(server) - empty - payload) / len(keys))
    if "key_ttl" in names:
        with Pair() as pair:
            for server in pair.primaries:
                say(f"memory a key with TTL, {server.kind}")
                results["key_ttl"].append(worst_step(server, first, step, 1_000_000)[0])
    for name, target, unit in (("key", 22, "B"), ("key_ttl", 30, "B"), ("rewrite_half", 30, "B"), ("empty_node", 30, "MB")):
        if name in names and results[name]:
            redis, ours = results[name]
            yield Row(name, unit, target, ours, False, redis, ours)


def zset_commands(index):
    members = random_text(200, 12)
    return ["ZADD", f"z:{index:012}", *(part for member in members for part in (random.random(), member))]


def hash_commands(index):
    values = random_text(50, 16)
    return ["HSET", f"h:{index:012}", *(part for at, value in enumerate(values) for part in (f"field:{at:02}", value))]


def set_commands(index):
    return ["SADD", f"s:{index:012}", *random_text(200, 12)]


def list_commands(index):
    return ["RPUSH", f"l:{index:012}", *random_text(500, 16)]


# name: command that makes one, how many are made, elements each, payload bytes an element, target (None: redis-server's)
COLLECTIONS = {
    "zset_200": (zset_commands, 5_000, 200, 12 + 8, 36),
    "hash_50": (hash_commands, 20_000, 50, 8 + 16, None),
    "set_200": (set_commands, 5_000, 200, 12, None),
    "list_500": (list_commands, 2_000, 500, 16, None),
}


def collection_rows(names, scale):
    """Bytes an element above its payload, by resident memory of many collections; MEMORY USAGE of one beside."""
    for name, (command, count, elements, payload, target) in COLLECTIONS.items():
        if name not in names:
            continue
        say(f"memory of {name}")
        count = max(500, int(count * scale))
        found, usage = [], []
        with Pair() as pair:
            for server in pair.primaries:
                before = server.resident_bytes()
                load(server.port, (command(index) for index in range(count)))
                found.append((server.resident_bytes() - before) / count / elements - payload)
                key = command(0)[1]
                usage.append(server.call("MEMORY", "USAGE", key, "SAMPLES", 0) / elements - payload)
        redis, ours = found
        yield Row(name, "B", redis if target is None else target, ours, False, redis, ours,
                  f"by MEMORY USAGE {usage[0]:.1f} : {usage[1]:.1f}")


def rows(names, scale):
    names = set(names)
    yield from keys_rows(names, scale)
    yield from collection_rows(names, scale)


NAMES = ["key", "key_ttl", "rewrite_half", "empty_node", *COLLECTIONS]
