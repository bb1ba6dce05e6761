"""Makes the sequence: single commands from the grammar, now and then spoilt, and units of several requests where one request
alone would not do (transactions, random members, whole scans). A unit leaves both servers with the same data."""

import random

from . import compare
from .grammar import LINES, LIVES, NO_MUTATION
from .language import Emission, compile_line
from .replies import elements, is_error, strings, tree
from .server_units import SERVER_UNITS
from .steps import Step, Unit, plain, words_of
from .values import JUNK, KEYS_OF_A_TYPE, State, TYPES, key_name, pool_table

SPOILT = 0.07       # of the commands: an argument too few or too many, another value, two exchanged
IN_UNITS = 0.12     # of the turns are units of several requests
IN_SCRIPTS = 0.02   # of the single commands run in a script


class Generator:
    def __init__(self, seed, payloads, protocol):
        self.rng, self.protocol = random.Random(seed), protocol
        self.state = State(payloads)
        pools = pool_table()
        self._lines = []
        turns = {}
        for line in LINES.strip().splitlines():
            if not line or line.startswith("#"):
                continue
            weight, name, *rest = line.split(" ", 2)
            entry = (name, compile_line(rest[0] if rest else "", pools, name), words_of(name, []))
            turns.setdefault(name, []).append((float(weight), entry))
        # A command's lines share its turns: its first line's weight.
        for lines in turns.values():
            count = 12 * lines[0][0]
            total = sum(weight for weight, _ in lines)
            for weight, entry in lines:
                self._lines += [entry] * max(1, round(count * weight / total))
        self._units = [maker for weight, maker in UNITS + SERVER_UNITS for _ in range(weight)]

    def next(self):
        rng = self.rng
        if self._units and rng.random() < IN_UNITS:
            return self._units[int(rng.random() * len(self._units))](self)
        steps = self.single()
        if rng.random() < IN_SCRIPTS and steps[-1].name not in NOT_IN_SCRIPTS:
            steps = [in_script(rng, steps[-1])]
        return Unit(steps)

    def single(self):
        """A command of the grammar, and before it what makes its effect the same on both."""
        rng = self.rng
        name, write, head = self._lines[int(rng.random() * len(self._lines))]
        e = Emission(rng, self.state)
        write(e)
        # Other scores than 0 would make the ranges of members anybody's guess (values.lex_key).
        of_equal_scores = name == "zadd" and b"lexset" in e.out[0]
        if rng.random() < SPOILT and name not in NO_MUTATION and not of_equal_scores:
            spoil(rng, e, name in LIVES)
            if name == "xadd":
                e.out = [b"1-1" if word == b"*" else word for word in e.out]  # the clock's: units of its own
        step = Step(name, head + e.out, e.words, compare.COMPARISONS.get(name))
        if name in OF_A_GROUP:
            return before_group(rng, step) + [step]
        return [step]

    def key(self, kind):
        return key_name(self.rng, self.state.pick_tag(self.rng), kind)


MAKE_CONSUMERS = {"xreadgroup", "xclaim", "xautoclaim"}
OF_A_GROUP = MAKE_CONSUMERS | {"xack", "xpending", "xinfo|consumers", "xgroup|setid", "xgroup|createconsumer", "xgroup|delconsumer"}


def before_group(rng, step):
    """The group is made now and then, since most groups do not exist. 7.2 makes the consumer also when it gets nothing, 7.0
    does not: it is there before."""
    words = step.words
    if step.name == "xreadgroup":
        at = [word.upper() for word in words].index(b"STREAMS") + 1
        keys, names = words[at:at + (len(words) - at) // 2], words[2:4]
    else:
        at = 2 if "|" in step.name else 1
        keys, names = words[at:at + 1], words[at + 1:at + 3]
    steps = []
    for key in keys:
        if names and rng.random() < 0.4:
            steps.append(plain("xgroup|create", key, names[0], rng.choice([b"0", b"0", b"$"]), b"MKSTREAM"))
        if step.name in MAKE_CONSUMERS and len(names) == 2:
            steps.append(Step("xgroup|createconsumer", [b"XGROUP", b"CREATECONSUMER", key, *names]))
    return steps


def spoil(rng, e, lives):
    out, chance = e.out, rng.random()
    e.words = []
    at = int(rng.random() * len(out)) if out else 0
    junk = JUNK[int(rng.random() * len(JUNK))]
    if lives and (junk == b"1" or 0.5 <= chance < 0.6):
        return
    if not out or chance < 0.15:
        out.insert(at, junk)
    elif chance < 0.3:
        del out[at]
    elif chance < 0.4:
        out.append(junk)
    elif chance < 0.5:
        out.append(out[at])
    elif chance < 0.6:
        other = int(rng.random() * len(out))
        out[at], out[other] = out[other], out[at]
    elif chance < 0.65:
        del out[at:]
    else:
        out[at] = junk


NOT_IN_SCRIPTS = {"wait", "blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread",
                  "xreadgroup", "xpending", "xinfo|stream", "dump", "xinfo|groups", "xinfo|consumers", "xclaim", "xautoclaim"}
CALL = b"return redis.call(unpack(ARGV))"
PCALL = b"return redis.pcall(unpack(ARGV))"
CALL3 = b"redis.setresp(3); return redis.call(unpack(ARGV))"


def in_script(rng, step):
    """The command called by a script: its reply is translated to Lua and back."""
    script = (CALL, CALL, PCALL, CALL3)[int(rng.random() * 4)]
    return Step(step.name, [b"EVAL", script, b"0", *step.words], (), step.compare)


# Units.

def transaction(g):
    rng = g.rng
    inner = [step for _ in range(1 + int(rng.random() * 5)) for step in g.single()]
    steps = []
    if rng.random() < 0.2:
        steps.append(plain("watch", g.key("str"), g.key("str")))
        if rng.random() < 0.3:
            steps.append(plain("unwatch"))
    steps.append(plain("multi"))
    for step in inner:
        steps.append(Step("queued", step.words, (), None))
    if rng.random() < 0.1:
        steps.append(plain("discard"))
    else:
        steps.append(plain("exec", inner=inner))
    return Unit(steps)


def anything(a, b):
    """Random; the unit's check looks at it."""
    return a[:1] == b[:1]


def random_count(rng):
    chance = rng.random()
    return 0 if chance < 0.05 else 1000 if chance < 0.1 else int(1 + chance * 8) if chance < 0.7 else -int(1 + chance * 8)


def drawn(replies, what, distinct):
    """What is wrong with members drawn from what the reply before showed."""
    whole, found = set(strings(replies[0])), what
    if not whole.issuperset(found):
        return f"{found} are not all in it"
    if distinct and len(set(found)) != len(found):
        return f"{found} are not distinct"
    return None


def both(check):
    """A check of one server's replies, for both; which one is wrong is in the text."""
    def checked(redis, ours):
        for name, replies in (("redis", redis), ("ours", ours)):
            if any(is_error(reply) for reply in replies):
                continue
            problem = check(replies)
            if problem:
                return f"{name}: {problem}"
        return None
    return checked


def many_or_one(reply):
    kind, value = tree(reply)
    if value is None:
        return []
    return [value] if kind == b"$" else [each[1] for each in value]


def same_count(a, b):
    if is_error(a) or is_error(b):
        return False
    x, y = tree(a), tree(b)
    return x[0] == y[0] and (not isinstance(x[1], list) or len(x[1]) == len(y[1])) and (x[1] is None) == (y[1] is None)


def spop(g):
    key, count = g.key("set"), int(g.rng.random() * 8)
    arguments = [count] if g.rng.random() < 0.7 else []

    def check(replies):
        before, popped, after = set(strings(replies[0])), many_or_one(replies[1]), set(strings(replies[2]))
        if len(set(popped)) != len(popped) or not before.issuperset(popped) or before - set(popped) != after:
            return f"{popped} of {before} leaves {after}"
        return None
    return Unit([plain("smembers", key, compare=compare.unordered), plain("spop", key, *arguments, compare=same_count),
                 plain("smembers", key, compare=same_count), plain("del", key)], both(check))


def srandmember(g):
    key, count = g.key("set"), random_count(g.rng)
    arguments = [count] if g.rng.random() < 0.7 else []
    return Unit([plain("smembers", key, compare=compare.unordered), plain("srandmember", key, *arguments, compare=same_count)],
                both(lambda replies: drawn(replies, many_or_one(replies[1]), bool(arguments) and count > 0)))


def with_values(replies, found, distinct):
    """Pairs drawn from a flat or a paired list of pairs."""
    def pairs(reply):
        kind, value = tree(reply)
        if value is None:
            return []
        if kind == b"%":
            return [(k[1], v[1]) for k, v in value]
        if value and isinstance(value[0][1], list):
            return [(k[1], v[1]) for _, (k, v) in value]
        return [(k[1], v[1]) for k, v in zip(value[::2], value[1::2])]
    whole, drawn_pairs = set(pairs(replies[0])), pairs(found)
    if not whole.issuperset(drawn_pairs):
        return f"{drawn_pairs} are not all in it"
    if distinct and len(set(drawn_pairs)) != len(drawn_pairs):
        return "not distinct"
    return None


def hrandfield(g):
    key, count = g.key("hash"), random_count(g.rng)
    show = plain("hgetall", key, compare=compare.unordered_pairs)
    chance = g.rng.random()
    if chance < 0.5:
        step = plain("hrandfield", key, count, b"WITHVALUES", cover=[("hrandfield", "WITHVALUES")], compare=same_count)
        return Unit([show, step], both(lambda replies: with_values(replies, replies[1], count > 0)))
    arguments = [count] if chance < 0.8 else []
    return Unit([plain("hkeys", key, compare=compare.unordered), plain("hrandfield", key, *arguments, compare=same_count)],
                both(lambda replies: drawn(replies, many_or_one(replies[1]), bool(arguments) and count > 0)))


def zrandmember(g):
    key, count = g.key("zset"), random_count(g.rng)
    chance = g.rng.random()
    if chance < 0.5:
        step = plain("zrandmember", key, count, b"WITHSCORES", cover=[("zrandmember", "WITHSCORES")], compare=same_count)
        return Unit([plain("zrange", key, 0, -1, b"WITHSCORES"), step],
                    both(lambda replies: with_values(replies, replies[1], count > 0)))
    arguments = [count] if chance < 0.8 else []
    return Unit([plain("zrange", key, 0, -1), plain("zrandmember", key, *arguments, compare=same_count)],
                both(lambda replies: drawn(replies, many_or_one(replies[1]), bool(arguments) and count > 0)))


def randomkey(g):
    return Unit([plain("keys", "*"), plain("randomkey", compare=anything)],
                both(lambda replies: drawn(replies, many_or_one(replies[1]), False)))


SCAN_STEPS = 40000  # more than slots, so that a scan that never ends is found


def scan(name, head, options, pairs=False):
    """A whole scan; the elements found, without order and repetition, which are each server's own."""
    def walk(player):
        cursor, found = b"0", []
        for _ in range(SCAN_STEPS):
            reply = player.ask(*head, cursor, *options)
            if is_error(reply):
                return reply
            at, values = elements(reply)
            cursor, values = tree(at)[1], elements(values)
            found += zip(values[::2], values[1::2]) if pairs else values
            if cursor == b"0":
                return sorted(set(found))
        return b"the scan does not end"
    return Unit([Step(name, list(head) + [b"0"] + options, [(name, option.decode()) for option in options[::2]])], None, walk)


def scan_options(rng, kinds=()):
    options = []
    if rng.random() < 0.6:
        options += [b"MATCH", rng.choice([b"*", b"*1*", b"m*", b"{a}*", b"*[0-3]", b"nosuch"])]
    if rng.random() < 0.7:
        options += [b"COUNT", rng.choice([b"1000", b"100", b"7"] if not kinds else [b"10000", b"2000"])]
    elif kinds:
        options += [b"COUNT", b"10000"]
    if kinds and rng.random() < 0.5:
        options += [b"TYPE", rng.choice(kinds)]
    return options


def scan_keys(g):
    return scan("scan", (b"SCAN",), scan_options(g.rng, [b"string", b"list", b"hash", b"set", b"zset", b"stream", b"nosuch"]))


def scan_set(g):
    return scan("sscan", (b"SSCAN", g.key("set")), scan_options(g.rng))


def scan_hash(g):
    return scan("hscan", (b"HSCAN", g.key("hash")), scan_options(g.rng), pairs=True)


def scan_zset(g):
    return scan("zscan", (b"ZSCAN", g.key("zset")), scan_options(g.rng), pairs=True)


def near_id(a, b):
    """An id out of the clock."""
    if is_error(a) or is_error(b) or a[:1] != b"$" or b[:1] != b"$" or b"-1" in (a[1:3], b[1:3]):
        return False
    return abs(int(tree(a)[1].split(b"-")[0]) - int(tree(b)[1].split(b"-")[0])) < compare.CLOCK_MS


def xadd_by_clock(g):
    key = g.key("stream")
    return Unit([plain("xadd", key, b"*", b"f", b"v", cover=[("xadd", "*")], compare=near_id), plain("xlen", key),
                 plain("xread", b"COUNT", 100, b"STREAMS", key, b"$"), plain("del", key)])


def object_freq(g):
    """The counter grows by chance."""
    key = g.key(g.rng.choice(TYPES))
    return Unit([plain("config|set", b"maxmemory-policy", b"allkeys-lfu"), plain("object|freq", key, compare=compare.near(255)),
                 plain("object|idletime", key), plain("config|set", b"maxmemory-policy", b"noeviction"),
                 plain("object|freq", key)])


def flush(g):
    name = g.rng.choice(["flushall", "flushdb"])
    option = g.rng.choice([[], [b"NOSUCH"]] + [[b"ASYNC"], [b"SYNC"]] * 7)
    return Unit([plain(name, *option, cover=[(name, o.decode()) for o in option]), plain("dbsize")])


def empty_a_slot(g):
    tag = g.state.pick_tag(g.rng)
    return Unit([plain("unlink", *[f"{{{tag}}}{kind}{n}" for kind in TYPES for n in range(KEYS_OF_A_TYPE)])])


UNITS = [
    (24, transaction), (6, spop), (6, srandmember), (10, hrandfield), (10, zrandmember), (4, randomkey),
    (8, scan_keys), (6, scan_set), (6, scan_hash), (6, scan_zset), (4, xadd_by_clock), (4, object_freq), (3, flush),
    (2, empty_a_slot),
]
