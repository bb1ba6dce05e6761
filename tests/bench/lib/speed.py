"""The rows of speed: server CPU time per operation, redis-server's divided by ours."""

import collections
import os

from .load import load, measure, medians, random_text
from .pair import Pair, say
from .table import Row

KEYS = 1_000_000         # what GET, SET and INCR find
IN_ONE = 100_000         # members of the one big collection, keys in the slot of MGET
SMALL = 1_000            # how many lists of 100, hashes of 50
STREAM = 200_000         # entries that XREADGROUP finds
VALUE = "xxxxxxxxxxxxxxxx"
SCRIPT = "redis.call('set', KEYS[1], ARGV[1])\nreturn redis.call('get', KEYS[1])"
# Noise that is not held against a latency: redis-benchmark's own steps and those of the machine.
LATENCY_SLACK = 1.05

RAND = "__rand_int__"


def numbered(prefix, count):
    """The names that redis-benchmark makes of prefix and __rand_int__."""
    return (f"{prefix}{number:012}" for number in range(count))


# steps: commands whose CPU per operation is summed. before: called with the server before each measurement, not measured.
# data: which data sets must be there. operations: of one measurement; about a second of redis-server's time.
Case = collections.namedtuple("Case", "name target pipeline operations keys data steps before", defaults=(None,))


def new_list(server):
    server.call("DEL", "big:list")


def new_stream(server):
    server.call("DEL", "stream:new")


def new_group(server):
    """Nothing delivered, nothing pending."""
    server.ask("XGROUP", "DESTROY", "stream", "g")
    server.call("XGROUP", "CREATE", "stream", "g", "0")


def zrange_by_rank():
    # redis-benchmark cannot make a second number that depends on the first, so the place is one of a run's choice.
    start = int.from_bytes(os.urandom(4), "big") % (IN_ONE - 100)
    return [["ZRANGE", "big:zset", start, start + 99]]


CASES = [
    Case("get_p1", 1.1, 1, 120_000, KEYS, ["keys"], [["GET", f"key:{RAND}"]]),
    Case("set_p1", 1.1, 1, 120_000, KEYS, ["keys"], [["SET", f"key:{RAND}", VALUE]]),
    Case("get_p16", 2.8, 16, 1_000_000, KEYS, ["keys"], [["GET", f"key:{RAND}"]]),
    Case("set_p16", 2.8, 16, 800_000, KEYS, ["keys"], [["SET", f"key:{RAND}", VALUE]]),
    Case("incr_p16", 2.2, 16, 800_000, KEYS, ["counters"], [["INCR", f"n:{RAND}"]]),
    Case("hset_big", 1.8, 16, 800_000, IN_ONE, ["hash"], [["HSET", "big:hash", f"f:{RAND}", VALUE]]),
    Case("sadd_big", 1.8, 16, 800_000, IN_ONE, ["set"], [["SADD", "big:set", f"m:{RAND}"]]),
    Case("lpush", 1.4, 16, 800_000, KEYS, [], [["LPUSH", "big:list", VALUE]], new_list),
    Case("zadd", 3.0, 16, 400_000, IN_ONE, ["zset"], [["ZADD", "big:zset", RAND, f"m:{RAND}"]]),
    Case("zrange_rank", 1.5, 16, 60_000, IN_ONE, ["zset"], zrange_by_rank),
    Case("zrange_score", 1.5, 16, 60_000, IN_ONE, ["zset"],
         [["ZRANGE", "big:zset", RAND, "+inf", "BYSCORE", "LIMIT", 0, 100]]),
    Case("lrange_100", 1.5, 16, 80_000, SMALL, ["lists"], [["LRANGE", f"list:{RAND}", 0, 99]]),
    Case("mget_10", 1.5, 16, 200_000, IN_ONE, ["slot"], [["MGET", *[f"{{slot}}:{RAND}"] * 10]]),
    Case("hgetall_50", 1.5, 16, 80_000, SMALL, ["hashes"], [["HGETALL", f"hash:{RAND}"]]),
    Case("xadd", 1.2, 16, 400_000, KEYS, [], [["XADD", "stream:new", "*", "field", VALUE]], new_stream),
    Case("xreadgroup_xack", 1.2, 16, STREAM, STREAM, ["stream"],
         [["XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "stream", ">"], ["XACK", "stream", "g", f"1-{RAND}"]],
         new_group),
    Case("pfadd", 1.2, 16, 800_000, KEYS, [], [["PFADD", "hll", f"e:{RAND}"]]),
    Case("setbit", 1.2, 16, 800_000, IN_ONE, ["bitmaps"], [["SETBIT", f"bits:{RAND}", 77, 1]]),
    Case("eval", 1.2, 16, 200_000, KEYS, ["keys"], [["EVAL", SCRIPT, 1, f"key:{RAND}", VALUE]]),
]

DATA = {
    "keys": lambda: (("SET", key, VALUE) for key in numbered("key:", KEYS)),
    "counters": lambda: (("SET", key, 1000) for key in numbered("n:", KEYS)),
    "hash": lambda: (("HSET", "big:hash", field, VALUE) for field in numbered("f:", IN_ONE)),
    "set": lambda: (("SADD", "big:set", member) for member in numbered("m:", IN_ONE)),
    "zset": lambda: (("ZADD", "big:zset", at * 7919 % IN_ONE, member) for at, member in enumerate(numbered("m:", IN_ONE))),
    "lists": lambda: (("RPUSH", key, *random_text(100, 16)) for key in numbered("list:", SMALL)),
    "slot": lambda: (("SET", key, VALUE) for key in numbered("{slot}:", IN_ONE)),
    "hashes": lambda: (("HSET", key, *(part for at, text in enumerate(random_text(50, 16))
                                       for part in (f"field:{at:02}", text))) for key in numbered("hash:", SMALL)),
    # XADD answers in two lines, so in a script.
    "stream": lambda: (("EVAL", "for id = ARGV[1], ARGV[2] do redis.call('XADD', KEYS[1], '1-' .. string.format('%d', id), "
                                "'field', ARGV[3]) end", 1, "stream", first, first + 999, VALUE)
                       for first in range(1, STREAM, 1000)),
    "bitmaps": lambda: (("SETBIT", key, 127, 1) for key in numbered("bits:", IN_ONE)),
}


def run_case(pair, case, rounds, scale):
    """Medians of (redis, ours)."""
    measured = ([], [])
    operations = max(1600, int(case.operations * scale))
    for number in range(rounds):
        steps = case.steps() if callable(case.steps) else case.steps
        for side, server in pair.alternating(number):
            if case.before:
                case.before(server)
            runs = [measure(server, step, pipeline=case.pipeline, operations=operations, keys=case.keys) for step in steps]
            # The latency of several steps is that of the first; their costs add up.
            measured[side].append(runs[0]._replace(cpu=sum(run.cpu for run in runs)))
    return [medians(each) for each in measured]


def rows(names, rounds, scale, replicas):
    """Yields the rows of the cases named; replicas: which of (False, True) to measure with."""
    cases = [case for case in CASES if case.name in names]
    for replica in replicas if cases else ():
        with Pair(replica=replica) as pair:
            for name in sorted({name for case in cases for name in case.data}):
                say(f"loading {name}")
                for server in pair.primaries:
                    load(server.port, DATA[name]())
            for node in pair.nodes:
                node.wait_replicated()
            for case in cases:
                many = rounds * 3 if case.pipeline == 1 else rounds  # close to the target, so decided by many
                redis, ours = run_case(pair, case, many, scale)
                for node in pair.nodes:
                    node.wait_replicated()
                worse = [which for which in ("p50", "p99")
                         if getattr(ours, which) > getattr(redis, which) * LATENCY_SLACK]
                note = (f"p50/p99 ms {redis.p50:.2f}/{redis.p99:.2f} : {ours.p50:.2f}/{ours.p99:.2f} "
                        f"{' and '.join(worse) + ' worse' if worse else 'OK'}")
                name = case.name + (" +replica" if replica else "")
                yield Row(name, "x", case.target, redis.cpu / ours.cpu, True, redis.cpu, ours.cpu, note)


NAMES = [case.name for case in CASES]
