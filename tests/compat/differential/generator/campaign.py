"""Plays a seed's sequence to both servers in step and finds the first reply, or the first key, that differs for no reason."""

import time

from . import differences
from .coverage import Coverage
from .dataset import compare_data
from .player import Gone, Player, encode
from .replies import elements, end_of, is_error
from .steps import Step
from .units import Generator

BATCH = 400            # commands in flight
DATA_EVERY = 2500      # commands between two comparisons of the data
# Small thresholds, so that values pass from one encoding to the next often.
SETTINGS = {"hash-max-listpack-entries": 12, "hash-max-listpack-value": 40, "zset-max-listpack-entries": 12,
            "zset-max-listpack-value": 40, "set-max-intset-entries": 10, "stream-node-max-entries": 8,
            "hll-sparse-max-bytes": 300, "list-max-listpack-size": 10, "proto-max-bulk-len": 1048576}


class Difference(Exception):
    """units: all that was played up to it, the last one being where it showed."""

    def __init__(self, units, step, redis, ours, note=""):
        super().__init__(note)
        self.units, self.step, self.redis, self.ours, self.note = units, step, redis, ours, note

    def signature(self):
        return (self.step.name, self.note, self.redis[:24], self.ours[:24])

    def __str__(self):
        return (f"{show(self.step.words)}\n  redis: {clip(self.redis)}\n  ours:  {clip(self.ours)}"
                + (f"\n  ({self.note})" if self.note else ""))


def clip(data, limit=1500):
    text = repr(data)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(data)} bytes)"


def show(words):
    """The command in the notation of the case files."""
    shown = []
    for word in words:
        plain = word and all(33 <= byte < 127 and byte not in b"\"'\\#" for byte in word)
        shown.append(word.decode() if plain else '"' + "".join(
            chr(byte) if 32 <= byte < 127 and byte not in b"\"\\" else f"\\x{byte:02x}" for byte in word) + '"')
    return " ".join(shown)


class Pair:
    """The two servers, with a connection to each."""

    def __init__(self, redis_port, our_port, protocol):
        self.ports, self.protocol = (redis_port, our_port), protocol
        self.players = []
        self.connect()

    def connect(self):
        self.close()
        self.players = [Player(port, self.protocol) for port in self.ports]

    def close(self):
        for player in self.players:
            player.close()
        self.players = []

    def clear(self):
        """The state in which every sequence begins."""
        self.connect()
        for player in self.players:
            for name, value in SETTINGS.items():
                reply = player.ask(b"CONFIG", b"SET", name.encode(), b"%d" % value)
                if is_error(reply):
                    raise AssertionError(f"CONFIG SET {name}: {reply!r}")
            player.ask(b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction")
            player.ask(b"FLUSHALL")
            player.ask(b"FUNCTION", b"FLUSH")
            player.ask(b"SCRIPT", b"FLUSH")

    def compare_data(self, units):
        found = compare_data(self.players, lambda key, words, a, b: differences.reason("data", words, a, b))
        if found:
            key, words, a, b = found
            raise Difference(units, Step("data", words), a, b, f"the data set: {key!r}")


def begin(pair, batch):
    data = b"".join([encode(step.words) for unit in batch for step in unit.steps])
    for player in pair.players:
        player.send(data)


def finish(pair, batch, coverage, history):
    """Reads both servers' replies to a batch and compares them."""
    ours = None
    try:
        redis, ours = pair.players[0].replies(), pair.players[1].replies()
    except Gone as gone:
        history += batch
        raise Difference(history, batch[-1].steps[-1], b"", b"", f"{'ours' if ours is None else 'redis'}: {gone}") from gone
    a = b = 0
    for unit in batch:
        history.append(unit)
        collected = ([], []) if unit.check else None
        for step in unit.steps:
            reply = b"+"  # of one that is to have none
            for _ in range(step.replies):
                end = end_of(redis, a)
                reply = redis[a:end]
                a = end
                if ours.startswith(reply, b):
                    b += len(reply)
                    other = reply
                else:
                    try:
                        end = end_of(ours, b)
                    except (ValueError, IndexError) as error:
                        raise Difference(history, step, reply, ours[b:b + 200], "not RESP") from error
                    other = ours[b:end]
                    b = end
                    if step.inner is None:
                        judge(step, reply, other, history)
                if step.inner is not None:
                    inside(step, reply, other, coverage, history)
                if collected:
                    collected[0].append(reply)
                    collected[1].append(other)
            coverage.add(step, reply[0] == 45 or reply[0] == 33)
        if collected:
            problem = unit.check(*collected)
            if problem:
                raise Difference(history, unit.steps[min(1, len(unit.steps) - 1)], b"", b"", problem)
    if b != len(ours) or a != len(redis):
        raise Difference(history, batch[-1].steps[-1], redis[a:], ours[b:], "more replies than requests")


def judge(step, redis, ours, history):
    if step.compare and step.compare(redis, ours):
        return
    if differences.reason(step.name, step.words, redis, ours):
        return
    raise Difference(history, step, redis, ours)


def inside(exec_step, redis, ours, coverage, history):
    """The replies inside of EXEC's."""
    left, right = elements(redis), elements(ours)
    if left is None or right is None or len(left) != len(right):
        if redis != ours:
            raise Difference(history, exec_step, redis, ours)
        return
    for step, a, b in zip(exec_step.inner, left, right):
        if a != b:
            judge(step, a, b, history)
        coverage.add(step, is_error(a))


def walk(pair, unit, coverage, history):
    history.append(unit)
    step = unit.steps[0]
    found = []
    for player in pair.players:
        try:
            found.append(unit.walk(player))
        except Gone as gone:
            raise Difference(history, step, b"", b"", str(gone)) from gone
    if found[0] != found[1]:
        raise Difference(history, step, repr(found[0]).encode(), repr(found[1]).encode())
    coverage.add(step, isinstance(found[0], bytes))


def play_all(pair, source, coverage, history, limit):
    """Plays units out of source() until `limit` commands were played. The next batch is made while the servers work."""
    since_data = 0
    batch, alone = gather(source)
    while coverage.commands < limit:
        if batch:
            begin(pair, batch)
        following = gather(source)
        if batch:
            finish(pair, batch, coverage, history)
        if alone:
            walk(pair, alone, coverage, history)
        since_data += sum(len(unit.steps) for unit in batch)
        if since_data >= DATA_EVERY:
            since_data = 0
            pair.compare_data(history)
        batch, alone = following
    pair.compare_data(history)


def gather(source):
    """Units up to a batch, and the one after it if it is played alone."""
    batch, count = [], 0
    while count < BATCH:
        unit = source()
        if unit.walk:
            return batch, unit
        batch.append(unit)
        count += len(unit.steps)
    return batch, None


def replay(pair, units):
    """Plays these from the beginning; the Difference that shows, or None."""
    pair.clear()
    coverage, history = Coverage(), []
    todo = iter(units)
    try:
        batch, count = [], 0
        for unit in todo:
            if unit.walk or count >= BATCH:
                if batch:
                    begin(pair, batch)
                    finish(pair, batch, coverage, history)
                batch, count = [], 0
            if unit.walk:
                walk(pair, unit, coverage, history)
            else:
                batch.append(unit)
                count += len(unit.steps)
        if batch:
            begin(pair, batch)
            finish(pair, batch, coverage, history)
        pair.compare_data(history)
    except Difference as difference:
        return difference
    return None


def explain(pair, difference, shrinking=True):
    """The difference, and the fewest commands that are found to show it: or, if it does not show again, those before it that
    name a key of its own."""
    lines = [str(difference)]
    shrunk = shrink(pair, difference) if shrinking else None
    if shrunk:
        lines += ["the fewest commands that show it:"]
        lines += [f"    {show(step.words)}" for unit in shrunk[0] for step in unit.steps]
        lines += [str(shrunk[1])]
    else:
        keys = {word for word in difference.step.words if word.startswith(b"{")}
        named = [step for unit in difference.units for step in unit.steps if keys & set(step.words)]
        lines += ["it does not show again from the beginning; the last commands with its keys were:"]
        lines += [f"    {show(step.words)}" for step in named[-30:]]
    return "\n".join(lines)


SHRINK_SECONDS = 20.0


def kind_of(difference):
    """What a shorter sequence must show, too: the command, and of the data also how it differs."""
    name = difference.step.name
    return name if name != "data" else (name, difference.step.words[0], difference.redis[:24], difference.ours[:24])


def shrink(pair, difference):
    """The fewest units that are found to still show a difference of the same command. Returns (units, the difference)."""
    end = time.monotonic() + SHRINK_SECONDS
    units, wanted = list(difference.units), kind_of(difference)

    def shows(candidate):
        found = replay(pair, candidate)
        return found if found and kind_of(found) == wanted else None

    best = None
    # The last commands are mostly enough, and those that name the keys of the last one.
    for tail in (20, 100, 400, 2000, 10000, len(units)):
        best = shows(units[-tail:])
        if best:
            break
    if not best:
        return None
    units = list(best.units)
    size = max(1, len(units) // 2)
    while time.monotonic() < end:
        at, cut = 0, False
        while at < len(units) and time.monotonic() < end:
            found = shows(units[:at] + units[at + size:])
            if found:
                best, units, cut = found, list(found.units), True
            else:
                at += size
        if size == 1 and not cut:
            break
        size = max(1, size // 2)
    return units, best


def run_seed(pair, seed, commands, payloads, coverage, on_difference=None):
    """One seed's sequence. on_difference(difference) decides what to do about one: it returns True to go on with empty
    servers; without it the Difference is raised."""
    generator = Generator(seed, payloads, pair.protocol)
    limit = coverage.commands + commands
    pair.clear()
    while True:
        history = []
        try:
            play_all(pair, generator.next, coverage, history, limit)
            return
        except Difference as difference:
            if not on_difference or not on_difference(difference):
                raise
            pair.clear()
