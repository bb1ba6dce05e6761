"""How the replies of two servers are compared where bytes need not be equal. A comparison is a function of (redis' bytes,
our bytes) that says whether they agree; it is asked only when they differ. Each has its reason here."""

from .replies import is_error, tree

CLOCK_MS = 30_000  # how far the two may be apart in time: one was asked after the other


def _both_values(a, b):
    return not is_error(a) and not is_error(b)


def unordered(a, b):
    """Redis' hash tables have their own order, and it differs between two runs of Redis, too."""
    if not _both_values(a, b):
        return False
    (kind, left), (other, right) = tree(a), tree(b)
    return kind == other and isinstance(left, list) and isinstance(right, list) and sorted(left, key=repr) == sorted(right, key=repr)


def unordered_pairs(a, b):
    """... of fields and values, which RESP2 sends as one flat array."""
    if not _both_values(a, b):
        return False
    (kind, left), (other, right) = tree(a), tree(b)
    if kind != other or not isinstance(left, list) or not isinstance(right, list):
        return False
    if kind != b"%":
        left, right = list(zip(left[::2], left[1::2])), list(zip(right[::2], right[1::2]))
    return sorted(left, key=repr) == sorted(right, key=repr)


def near(tolerance):
    """An integer that follows from the clock."""
    def compare(a, b):
        if a[:1] != b":" or b[:1] != b":":
            return False
        left, right = int(a[1:]), int(b[1:])
        return (left < 0) == (right < 0) and abs(left - right) <= tolerance
    return compare


def shape_of(node):
    kind, value = node
    if not isinstance(value, list):
        return (kind, value is None)
    if kind == b"%":
        return (kind, [(key, shape_of(each)) for key, each in value])
    return (kind, [shape_of(each) for each in value])


def shape(a, b):
    """The content is of each server's own; keys of maps must be the same."""
    return _both_values(a, b) and shape_of(tree(a)) == shape_of(tree(b))


def same_kind(a, b):
    """Only whether there is an answer, and of which type."""
    return _both_values(a, b) and a[:1] == b[:1]


CLOCK_FIELDS = {b"idle", b"inactive", b"seen-time", b"active-time"}
RADIX_FIELDS = {b"radix-tree-nodes"}


# Fields of XINFO that came with 7.2.
NEWER_FIELDS = {b"inactive", b"active-time"}


def _without_newer(node):
    kind, value = node
    if not isinstance(value, list):
        return node
    if kind == b"%":
        return (kind, [(key, _without_newer(each)) for key, each in value if key[1] not in NEWER_FIELDS])
    value = [_without_newer(each) for each in value]
    if len(value) % 2 == 0 and any(key == (b"$", name) for key in value[::2] for name in NEWER_FIELDS):
        pairs = [pair for pair in zip(value[::2], value[1::2]) if pair[0][1] not in NEWER_FIELDS]
        value = [each for pair in pairs for each in pair]
    return (kind, value)


def _close(left, right):
    """Trees that differ only in integers that are clock times or idle times."""
    (kind, a), (other, b) = left, right
    if kind != other:
        return False
    if kind == b"%":
        return len(a) == len(b) and all(_same_field(*pair) for pair in zip(a, b))
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return False
        if len(a) % 2 == 0 and a and all(key[0] == b"$" for key in a[::2]):
            return all(_same_field(x, y) for x, y in zip(zip(a[::2], a[1::2]), zip(b[::2], b[1::2])))
        return all(_close(x, y) for x, y in zip(a, b))
    if kind == b":":
        a, b = int(a), int(b)
        return a == b or min(a, b) > 1_500_000_000_000 and abs(a - b) <= CLOCK_MS
    return a == b


def _same_field(left, right):
    (key, a), (other, b) = left, right
    if key != other:
        return False
    if key[1] in CLOCK_FIELDS and a[0] == b[0] == b":":
        return abs(int(a[1]) - int(b[1])) <= CLOCK_MS
    if key[1] in RADIX_FIELDS:  # of Redis' own structure
        return True
    return _close(a, b)


def stream_views(a, b):
    """Idle times and delivery times follow from the clock; the nodes of the tree are Redis' own; 7.2 has two more fields."""
    return _both_values(a, b) and _close(tree(a), _without_newer(tree(b)))


def pending_entries(a, b):
    """XPENDING's third column is an idle time."""
    if not _both_values(a, b):
        return False
    left, right = tree(a)[1], tree(b)[1]
    if not isinstance(left, list) or not isinstance(right, list) or len(left) != len(right):
        return False
    for x, y in zip(left, right):
        x, y = x[1], y[1]
        if not isinstance(x, list) or not isinstance(y, list) or len(x) != 4 or len(y) != 4:
            return False
        if x[:2] + x[3:] != y[:2] + y[3:] or abs(int(x[2][1]) - int(y[2][1])) > CLOCK_MS:
            return False
    return True


def unordered_deep(a, b):
    """Sets inside of the reply are in no order: a library's functions, a key's flags."""
    return _both_values(a, b) and _sorted(tree(a)) == _sorted(tree(b))


def any_order_of_channels(a, b):
    """Channels are left in no order: only the kinds of the replies and the counts are the same."""
    left, right = tree(a), tree(b)
    return left[0] == right[0] and left[1][0] == right[1][0] and left[1][2] == right[1][2]


def _sorted(node):
    kind, value = node
    if not isinstance(value, list):
        return repr(node)
    parts = [repr((_sorted(k), _sorted(v))) for k, v in value] if kind == b"%" else [_sorted(each) for each in value]
    return repr((kind, sorted(parts)))


# RDB types whose bytes follow from the value alone: strings, packed hashes, packed sorted sets, sets of integers. Of the others
# the order of elements, the cutting of a list into nodes, or an idle time is in the bytes: the data set's comparison sees to them.
SAME_BYTES = {0, 11, 16, 17}


def dumps(a, b):
    (_, left), (_, right) = tree(a), tree(b)
    if left is None or right is None or is_error(a) or is_error(b):
        return False
    return not (left[0] == right[0] and left[0] in SAME_BYTES)


# Answers about the server itself: only that there is one of this type. Their content has tests of its own.
ABOUT_THE_SERVER = ["info", "role", "lolwut", "command", "command|count", "command|docs", "command|info", "command|list", "config|help",
                    "slowlog|get", "slowlog|len", "slowlog|help", "latency|doctor", "latency|help", "latency|histogram",
                    "memory|doctor", "memory|help", "memory|malloc-stats", "memory|stats", "memory|usage", "client|help",
                    "client|id", "client|info", "client|list", "command|help", "cluster|info", "cluster|help",
                    "cluster|nodes", "cluster|shards", "cluster|slots", "acl|cat", "acl|help", "acl|getuser", "acl|list", "pubsub|help",
                    "script|help", "function|help", "object|help", "xgroup|help", "xinfo|help", "function|stats", "cluster|links"]

COMPARISONS = {
    **dict.fromkeys(ABOUT_THE_SERVER, same_kind),
    "command|getkeysandflags": unordered_deep, "time": shape, "cluster|myid": shape, "acl|genpass": shape, "hello": same_kind,
    "cluster|getkeysinslot": unordered, "config|get": unordered_pairs,
    "smembers": unordered, "sinter": unordered, "sunion": unordered, "sdiff": unordered, "keys": unordered,
    "hkeys": unordered, "hvals": unordered, "hgetall": unordered_pairs,
    "ttl": near(30), "pttl": near(CLOCK_MS), "expiretime": near(30), "pexpiretime": near(CLOCK_MS),
    "object|idletime": same_kind,  # meaningless in Redis for a key that was touched under another maxmemory-policy
    "dump": dumps,
    "xpending": pending_entries,
    "xinfo|stream": stream_views, "xinfo|groups": stream_views, "xinfo|consumers": stream_views,
}
