"""The values that arguments are drawn from: keys by the type that they mostly hold, and numbers and texts with their edges.

A pool is a function that returns a function of one Emission (language.py)."""

TYPES = ("str", "num", "bit", "hll", "list", "set", "zset", "geo", "hash", "stream")
NOT_SORTED = tuple(kind for kind in TYPES if kind not in ("zset", "geo"))
KEYS_OF_A_TYPE = 4
# Hash tags: keys of one command share a slot most of the time. Of three workers each has one.
TAGS = ("a", "aa", "t2")

WRONG_TYPE = 0.03  # how often a key of another type is taken
MISSING = 0.04     # ... or one that no command writes
OTHER_SLOT = 0.01  # ... or one of another slot

NOW_AT_LEAST = 1_600_000_000   # s, the past for every clock
FAR = 4_000_000_000            # s, the future

# No zero byte: Redis ends the texts of its errors there.
JUNK = [b"", b"-1", b"0", b"1", b"1.5", b"inf", b"-inf", b"nan", b"-0", b"9223372036854775807", b"9223372036854775808",
        b"-9223372036854775808", b"-9223372036854775809", b"18446744073709551616", b"1e400", b"abc", b" 1", b"1 ", b"+1",
        b"0x10", b"01", b"*", b"-", b"+", b"$", b"(", b"[", b"(1", b"[a", b"NX", b"COUNT", b"WITHSCORES",
        b"\xff\xfe\r\n", b"x" * 300, b"%s", b"1-", b"-1-1", b"5-5-5", b"1-18446744073709551615", b"{a}hash1", b"{a}list1"]

EDGE_INTEGERS = [b"0", b"-1", b"9223372036854775807", b"-9223372036854775808", b"4611686018427387904", b"1000000000000",
                 b"2147483648", b"-2147483649", b"32768", b"-129"]
EDGE_SCORES = [b"inf", b"-inf", b"+inf", b"-0", b"0", b"1e308", b"-1e308", b"5e-324", b"0.1", b"3.14159265358979312",
               b"9007199254740993", b"1e17", b"1e21", b"123456789012345680000", b"1.5e-9", b"Infinity", b"0x1F", b"1e3"]
EDGE_FLOATS = [b"0", b"-0", b"1e17", b"0.1", b"-3.0e3", b"1e-10", b"5.0000000000000001", b"100000000000000000000", b"1e-300",
               b"3.3", b"0.000001", b"17179869184.25"]
EDGE_VALUES = [b"", b"0", b"-0", b"1.0", b" 1", b"01", b"+5", b"9223372036854775807", b"-9223372036854775808",
               b"9223372036854775808", b"\x00\xff\r\n\x80", b"a" * 20, b"a" * 44, b"b" * 45, b"c" * 63, b"c" * 64, b"d" * 65, b"e" * 300,
               b"nan", b"inf", b"127", b"128", b"-129", b"32767", b"32768", b"8388607", b"8388608", b"2147483648", b"12", b"13"]


class State:
    """What a sequence of commands knows of itself; it never depends on a reply, so that a seed replays."""

    def __init__(self, payloads):
        self.payloads, self.functions = payloads
        self.entry = 1000   # of the next stream entry: above all that were made
        self._ttl = 0

    def pick_tag(self, rng):
        return TAGS[int(rng.random() * len(TAGS))]

    def seconds(self):
        """A time to live that no other command gets, so that GT and LT never compare two that are almost the same."""
        self._ttl = (self._ttl + 7919) % 1_000_003
        return 20_000 + self._ttl


def key_name(rng, tag, kind):
    chance = rng.random()
    if chance < WRONG_TYPE:
        kind = TYPES[int(rng.random() * len(TYPES))]
    elif chance < WRONG_TYPE + MISSING:
        return f"{{{tag}}}missing".encode()
    elif chance < WRONG_TYPE + MISSING + OTHER_SLOT:
        tag = TAGS[int(rng.random() * len(TAGS))]
    return f"{{{tag}}}{kind}{int(rng.random() * KEYS_OF_A_TYPE)}".encode()


def key_pool(kind):
    def pool():
        return lambda e: e.out.append(key_name(e.rng, e.tag, kind))
    return pool


def lex_key():
    """A sorted set whose scores are all 0: where they differ, Redis leaves open what a range of members is, and its skip list
    answers by chance."""
    def write(e):
        chance = e.rng.random()
        kind = "lexset" if chance > WRONG_TYPE else NOT_SORTED[int(e.rng.random() * len(NOT_SORTED))]
        e.out.append(f"{{{e.tag}}}{kind}{int(e.rng.random() * KEYS_OF_A_TYPE)}".encode())
    return write


def only_key(kind):
    """A key that holds nothing but this type: BY nosort keeps a list's or sorted set's order, and a set has none."""
    return lambda e: e.out.append(f"{{{e.tag}}}{kind}{int(e.rng.random() * KEYS_OF_A_TYPE)}".encode())


def any_key():
    def write(e):
        e.out.append(key_name(e.rng, e.tag, TYPES[int(e.rng.random() * len(TYPES))]))
    return write


def keys_counted(kind):
    """The count of keys and the keys."""
    kinds = kind.split(",")

    def write(e):
        count = 1 + int(e.rng.random() * 3)
        e.out.append(b"%d" % count)
        for _ in range(count):
            e.out.append(key_name(e.rng, e.tag, kinds[int(e.rng.random() * len(kinds))]))
    return write


def choice(values):
    values = [v if isinstance(v, bytes) else v.encode() for v in values]
    count = len(values)

    def pool():
        return lambda e: e.out.append(values[int(e.rng.random() * count)])
    return pool


def edged(edges, share, common):
    """`common` gives a value of the rng, one of `edges` comes now and then."""
    count = len(edges)

    def pool():
        def write(e):
            chance = e.rng.random()
            e.out.append(edges[int(chance / share * count)] if chance < share else common(e.rng))
        return write
    return pool


def between(argument):
    """{int:A..B}"""
    low, high = map(int, argument.split(".."))

    def write(e):
        e.out.append(b"%d" % e.rng.randint(low, high))
    return write


def integer(argument="-10..100"):
    low, high = map(int, argument.split(".."))
    return edged(EDGE_INTEGERS, 0.05, lambda rng: b"%d" % rng.randint(low, high))()


def value():
    edges, count = EDGE_VALUES, len(EDGE_VALUES)

    def write(e):
        chance = e.rng.random()
        if chance < 0.2:
            e.out.append(edges[int(e.rng.random() * count)])
        elif chance < 0.5:
            e.out.append(b"%d" % int(e.rng.random() * 1000))
        else:
            e.out.append(b"v%d" % int(e.rng.random() * 1000))
    return write


def member():
    def write(e):
        chance = e.rng.random()
        many = 800 if e.wide else 16
        if chance < 0.6:
            e.out.append(b"m%d" % int(e.rng.random() * many))
        elif chance < 0.92:
            e.out.append(b"%d" % (int(e.rng.random() * many * 2) - 4))
        else:
            e.out.append(EDGE_VALUES[int(e.rng.random() * len(EDGE_VALUES))])
    return write


def plain_member():
    """Few, so that commands over several keys find the same ones."""
    def write(e):
        e.out.append(b"%d" % int(e.rng.random() * (800 if e.wide else 12)))
    return write


def score_text(rng):
    chance = rng.random()
    if chance < 0.7:
        return b"%d" % int(rng.random() * 40 - 10)
    if chance < 0.9:
        return repr(round(rng.random() * 40 - 10, 1 + int(rng.random() * 4))).encode()
    if chance < 0.93:
        return repr(rng.random() * 1e9 - 5e8).encode()
    return EDGE_SCORES[int(rng.random() * len(EDGE_SCORES))]


def score():
    return lambda e: e.out.append(score_text(e.rng))


def score_bound():
    def write(e):
        chance = e.rng.random()
        if chance < 0.15:
            e.out.append((b"-inf", b"+inf", b"inf")[int(chance * 20)])
        else:
            e.out.append((b"(" if chance > 0.7 else b"") + score_text(e.rng))
    return write


def lex_bound():
    def write(e):
        chance = e.rng.random()
        if chance < 0.3:
            e.out.append(b"-" if chance < 0.15 else b"+")
        else:
            text = b"m%d" % int(e.rng.random() * 16) if chance < 0.8 else b"%d" % int(e.rng.random() * 20)
            e.out.append((b"[" if chance < 0.6 else b"(") + text)
    return write


def low_high(low, high, make):
    """Two bounds, the lower first most of the time, and the open ends often."""
    def pool():
        def write(e):
            out = e.out
            start = len(out)
            make(e)
            make(e)
            chance = e.rng.random()
            if chance < 0.2:
                out[start] = low
            if chance < 0.1 or chance > 0.9:
                out[start + 1] = high
        return write
    return pool


def swapped(pool):
    def reverse():
        inner = pool()

        def write(e):
            inner(e)
            e.out[-1], e.out[-2] = e.out[-2], e.out[-1]
        return write
    return reverse


def seconds():
    return lambda e: e.out.append(b"%d" % e.state.seconds())


def milliseconds():
    return lambda e: e.out.append(b"%d" % (e.state.seconds() * 1000 + int(e.rng.random() * 1000)))


def at_seconds():
    def write(e):
        chance = e.rng.random()
        e.out.append(b"%d" % (FAR + int(chance * 1_000_000) if chance < 0.95 else NOW_AT_LEAST))
    return write


def future_seconds():
    """For SET, which keeps a key that is already over until somebody looks: DBSIZE depends on who does."""
    return lambda e: e.out.append(b"%d" % (FAR + int(e.rng.random() * 1_000_000)))


def future_milliseconds():
    return lambda e: e.out.append(b"%d005" % (FAR + int(e.rng.random() * 1_000_000)))


def at_milliseconds():
    def write(e):
        chance = e.rng.random()
        e.out.append(b"%d" % ((FAR + int(chance * 1_000_000) if chance < 0.95 else NOW_AT_LEAST) * 1000 + 5))
    return write


def long_seconds():
    """For EXPIRE: mostly long, now and then already over."""
    def write(e):
        e.out.append(b"%d" % e.state.seconds() if e.rng.random() < 0.93 else b"-1")
    return write


def new_id():
    """The id of an entry to add: greater than all before it."""
    def write(e):
        chance, state = e.rng.random(), e.state
        state.entry += 1
        if chance < 0.7:
            e.out.append(b"%d-%d" % (state.entry, int(chance * 10)))
        elif chance < 0.8:
            e.out.append(b"%d-*" % state.entry)
        elif chance < 0.96:
            e.out.append(b"%d" % state.entry)
        else:
            e.out.append((b"0-0", b"5-5", b"0-*", b"1-x", b"%d-0" % (state.entry - 3))[int(e.rng.random() * 5)])
    return write


def next_id():
    """An id that is surely greater than all before it."""
    def write(e):
        e.state.entry += 1
        e.out.append(b"%d-%d" % (e.state.entry, int(e.rng.random() * 10)))
    return write


def old_id():
    """The id of an entry that may exist."""
    def write(e):
        chance, entry = e.rng.random(), e.state.entry
        near = max(0, entry - int(e.rng.random() ** 2 * 120))
        if chance < 0.5:
            e.out.append(b"%d-%d" % (near, int(e.rng.random() * 7)))
        elif chance < 0.9:
            e.out.append(b"%d" % near)
        else:
            e.out.append((b"0", b"0-0", b"0-1", b"18446744073709551615-18446744073709551615", b"%d-9" % entry)[int(chance * 50) % 5])
    return write


def id_bound():
    inner = old_id()

    def write(e):
        chance = e.rng.random()
        inner(e)
        if chance < 0.4:
            e.out[-1] = b"-" if chance < 0.2 else b"+"
        elif chance < 0.55:
            e.out[-1] = b"(" + e.out[-1]
    return write


def streams():
    """The keys and ids of XREAD."""
    def write(e):
        count = 1 + int(e.rng.random() * 2)
        for _ in range(count):
            e.out.append(key_name(e.rng, e.tag, "stream"))
        for _ in range(count):
            chance = e.rng.random()
            e.out.append(b"0" if chance < 0.6 else b"$" if chance < 0.65 else b"%d" % (e.state.entry - int(chance * 60)))
    return write


def group_streams():
    def write(e):
        count = 1 + int(e.rng.random() * 2)
        for _ in range(count):
            e.out.append(key_name(e.rng, e.tag, "stream"))
        for _ in range(count):
            chance = e.rng.random()
            e.out.append(b">" if chance < 0.75 else b"0" if chance < 0.85 else b"%d" % (e.state.entry - int(chance * 60)))
    return write


def bit_field_type():
    def write(e):
        chance = e.rng.random()
        sign = b"u" if chance < 0.5 else b"i"
        width = 1 + int(e.rng.random() * (63 if sign == b"u" else 64)) if chance > 0.2 else 8
        e.out.append(sign + b"%d" % width if chance < 0.98 else b"u64")
    return write


def bit_offset():
    def write(e):
        chance = e.rng.random()
        e.out.append(b"#%d" % int(chance * 60) if chance < 0.3 else b"%d" % int(chance * 300))
    return write


def payload():
    """What DUMP gave for some value, or that damaged."""
    def write(e):
        chance, payloads = e.rng.random(), e.state.payloads
        data = payloads[int(e.rng.random() * len(payloads))]
        if chance < 0.03:
            at = int(e.rng.random() * len(data))
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        elif chance < 0.05:
            data = data[:int(e.rng.random() * len(data))]
        e.out.append(data)
    return write


def distance():
    return lambda e: e.out.append(b"%d" % int(10 ** (e.rng.random() * 7.2)))


def longitude():
    return edged([b"-180", b"180", b"0", b"180.1", b"-179.999999", b"13.361389"], 0.06,
                 lambda rng: b"%.6f" % (rng.random() * 360 - 180) if rng.random() < 0.4 else b"%.6f" % (10 + rng.random() * 10))()


def latitude():
    return edged([b"-85.05112878", b"85.05112878", b"0", b"86", b"38.115556"], 0.06,
                 lambda rng: b"%.6f" % (rng.random() * 170 - 85) if rng.random() < 0.4 else b"%.6f" % (35 + rng.random() * 10))()


def pool_table():
    table = {kind: key_pool(kind) for kind in TYPES}
    int_score = low_high(b"-inf", b"+inf", score_bound())
    lex = low_high(b"-", b"+", lex_bound())
    ids = low_high(b"-", b"+", id_bound())
    table.update({
        "any": any_key,
        "lexset": lex_key,
        "plainlist": lambda: only_key("plainlist"), "plainzset": lambda: only_key("plainzset"),
        "keys": keys_counted,
        "int": integer,
        "range": between,
        "val": value,
        "float": edged(EDGE_FLOATS, 0.3, lambda rng: repr(round(rng.random() * 100 - 30, 1 + int(rng.random() * 3))).encode()),
        "member": member,
        "plain": plain_member,
        "element": edged(EDGE_VALUES, 0.1, lambda rng: b"e%d" % int(rng.random() * 500)),
        "field": member,
        "score": score,
        "scores": int_score,
        "scoresrev": swapped(int_score),
        "lex": lex,
        "lexrev": swapped(lex),
        "index": edged([b"0", b"-1", b"9223372036854775807", b"-9223372036854775808"], 0.25, lambda rng: b"%d" % (int(rng.random() * 30) - 12)),
        "count": edged([b"0", b"1", b"1000"], 0.2, lambda rng: b"%d" % (1 + int(rng.random() * 8))),
        "positive": edged([b"1", b"1000", b"9223372036854775807"], 0.1, lambda rng: b"%d" % (1 + int(rng.random() * 8))),
        "seconds": seconds, "milliseconds": milliseconds, "longseconds": long_seconds,
        "at": at_seconds, "atms": at_milliseconds, "future": future_seconds, "futurems": future_milliseconds,
        "pattern": choice(["*", "m*", "*1*", "?", "[0-9]*", "m[^1]*", "nosuch*", "\\*", "{a}*", "*{aa}*", "{t2}hash?"]),
        "newid": new_id, "nextid": next_id, "id": old_id, "ids": ids, "idsrev": swapped(ids), "streams": streams, "groupstreams": group_streams,
        "group": choice(["g1", "g1", "g2", "nogroup"]), "consumer": choice(["alice", "bob", "carol"]),
        "idle": choice(["0", "0", "0", "100000000000"]),
        "bftype": bit_field_type, "bfoffset": bit_offset,
        "payload": payload,
        "lon": longitude, "lat": latitude, "distance": distance,
        "place": choice([f"p{i}" for i in range(12)]),
        "weight": edged(EDGE_SCORES, 0.15, lambda rng: b"%d" % (int(rng.random() * 8) - 2)),
        "timeout": choice(["0.001", "0.001", "0.002", "1e-3"]),
        "channel": choice(["ch1", "ch2", "{a}ch", "news.x"]),
        "slot": edged([b"0", b"16383", b"15495", b"1180", b"4748"], 0.9, lambda rng: b"%d" % int(rng.random() * 16384)),
        "word": choice(["one", "two", "three"]),
        "section": choice(["server", "clients", "memory", "stats", "replication", "cpu", "commandstats", "keyspace", "all", "nosuch"]),
        "directive": choice(["maxmemory", "hash-max-listpack-entries", "maxmemory-policy", "nosuch", "zset-max-*", "timeout"]),
        "command": choice(["get", "set", "zadd", "nosuch", "xadd", "eval", "config"]),
        "category": choice(["string", "hash", "bitmap", "transaction", "nosuch"]),
        "sha": choice(["e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "ffffffffffffffffffffffffffffffffffffffff", "x"]),
    })
    return table
