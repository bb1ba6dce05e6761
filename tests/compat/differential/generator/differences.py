"""Where we answer otherwise than redis-server 7.0 on purpose: (command, what of the two replies, why). The texts of the hand-
written cases are in ../differences.py; these are the same differences, as random commands meet them."""


def _encoding(a, b):
    return (a[4:-2], b[4:-2]) in {(b"quicklist", b"listpack"), (b"hashtable", b"listpack"), (b"skiplist", b"listpack"), (b"embstr", b"int")}


def _sort_get(a, b):
    return a.startswith(b"-ERR GET option of SORT denied")


def _shared(a, b):
    return a == b":2147483647\r\n" and b == b":1\r\n"


def _refused_in_transaction(a, b):
    return b"is not allowed in a transaction" in b


def _least_rank(a, b):
    return b.startswith(b"-ERR value is out of range, value must between -9223372036854775807 and")


DELIBERATE = [
    ("lpos", _least_rank, "7.2 refuses a RANK that cannot be negated"),
    ("sort", _sort_get, "GET is allowed where all names are in one slot, as later"),
    ("sort_ro", _sort_get, "GET is allowed where all names are in one slot, as later"),
    ("cluster|saveconfig", _refused_in_transaction, "it waits for the disk, which a transaction may not"),
    ("object|refcount", _shared, "Redis shares the objects of small integers"),
    ("object|encoding", _encoding, "as in the data set (dataset.py), where it is compared in full"),
]

BY_NAME = {}
for _name, _test, _why in DELIBERATE:
    BY_NAME.setdefault(_name, []).append((_test, _why))


def reason(name, words, a, b):
    """Why these replies to a command may differ, or None."""
    for test, why in BY_NAME.get(name, ()):
        if test(a, b):
            return why
    return None
