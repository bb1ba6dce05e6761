"""Where we answer otherwise than redis-server 7.0 on purpose: (command, what of the two replies, why). The texts of the hand-
written cases are in ../differences.py; these are the same differences, as random commands meet them."""

from .replies import is_error


def _encoding(a, b):
    return a in (b"$9\r\nquicklist\r\n", b"$9\r\nhashtable\r\n") and b == b"$8\r\nlistpack\r\n"


def _sort_get(a, b):
    return a.startswith(b"-ERR GET option of SORT denied") and not is_error(b)


def _shared(a, b):
    return a == b":2147483647\r\n" and b == b":1\r\n"


DELIBERATE = [
    ("sort", _sort_get, "GET is allowed where all names are in one slot, as later"),
    ("sort_ro", _sort_get, "GET is allowed where all names are in one slot, as later"),
    ("object|refcount", _shared, "Redis shares the objects of small integers"),
    ("object|encoding", _encoding, "7.2 packs small lists and sets"),
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
