"""The whole data set of both servers, compared: the keys, types, times of expiry, and each value, as DUMP where the encoding
is the same and its bytes follow from the value, else as a canonical form."""

from . import compare
from .player import encode
from .replies import end_of, strings, tree

VIEWS = {  # type -> commands that show all of a value
    b"string": [(b"GET",)],
    b"list": [(b"LRANGE", 0, -1)],
    b"set": [(b"SMEMBERS",)],
    b"hash": [(b"HGETALL",)],
    b"zset": [(b"ZRANGE", 0, -1, b"WITHSCORES")],
    b"stream": [(b"XRANGE", b"-", b"+"), (b"XINFO", b"STREAM"), (b"XINFO", b"GROUPS"), (b"XINFO", b"STREAM", b"FULL")],
}
HOW = {b"SMEMBERS": compare.unordered, b"HGETALL": compare.unordered_pairs, b"XINFO": compare.stream_views}
# Encodings whose DUMP follows from the value (and the order in which it was made, which is the same here).
SAME_DUMP = {b"int", b"embstr", b"raw", b"intset", b"listpack"}
OTHER_ENCODING = {  # (type, redis', ours)
    (b"list", b"quicklist", b"listpack"), (b"set", b"hashtable", b"listpack"),  # 7.2 packs small lists and sets
    (b"zset", b"skiplist", b"listpack"),  # Redis' SORT unpacks a sorted set; keys that are not sorted are compared below
    (b"string", b"embstr", b"int"),  # an integer that INCRBYFLOAT leaves is kept as one, as Redis' own replica does
}
NEVER_SORTED = b"}lexset"


def view(kind, key):
    for command in VIEWS[kind]:
        words = [w if isinstance(w, bytes) else b"%d" % w for w in command]
        yield words[:2] + [key] + words[2:] if words[0] == b"XINFO" else [words[0], key] + words[1:]


def compare_data(players, differs):
    """Compares all keys; `differs(key, command, a, b)` says whether a difference is a deliberate one. Returns the first
    that is not as (key, command, a, b), or None."""
    names = [sorted(strings(player.ask(b"KEYS", b"*"))) for player in players]
    if names[0] != names[1]:
        return (b"", [b"KEYS", b"*"], repr(set(names[0]) - set(names[1])).encode(), repr(set(names[1]) - set(names[0])).encode())
    keys = names[0]
    if not keys:
        return None
    facts = [(b"TYPE",), (b"PEXPIRETIME",), (b"OBJECT", b"ENCODING"), (b"DUMP",)]
    requests = [[*fact, key] for key in keys for fact in facts]
    answers = together(players, requests)
    views = []
    for i, key in enumerate(keys):
        (kind, kind2), (at, at2), (form, form2), (dump, dump2) = answers[4 * i:4 * i + 4]
        if kind != kind2:
            return key, requests[4 * i], kind, kind2
        if at != at2 and not compare.near(compare.CLOCK_MS)(at, at2):
            return key, requests[4 * i + 1], at, at2
        kind, form, form2 = kind[1:-2], tree(form)[1], tree(form2)[1]
        if form != form2 and ((kind, form, form2) not in OTHER_ENCODING or kind == b"zset" and NEVER_SORTED in key):
            return key, requests[4 * i + 2], form, form2
        if form == form2 and form in SAME_DUMP:
            if dump != dump2:
                # What differs is easier seen in the view.
                views += [(key, words) for words in view(kind, key)]
                views.append((key, [b"DUMP", key]))
        else:
            views += [(key, words) for words in view(kind, key)]
    for (key, words), (a, b) in zip(views, together(players, [words for _, words in views])):
        if a != b and not (words[0] in HOW and HOW[words[0]](a, b)) and not differs(key, words, a, b):
            return key, words, a, b
    return None


def together(players, requests):
    """The replies of both to the same requests, in pairs."""
    data = b"".join(encode(words) for words in requests)
    for player in players:
        player.send(data)
    found = []
    for player in players:
        replies, at, mine = player.replies(), 0, []
        for _ in requests:
            behind = end_of(replies, at)
            mine.append(replies[at:behind])
            at = behind
        found.append(mine)
    return list(zip(*found))
