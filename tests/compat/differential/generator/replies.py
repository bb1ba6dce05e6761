"""RESP read fast: where a reply ends, and its tree when it must be looked at."""


def end_of(data, at):
    """The position behind the reply that begins at `at`; the data must hold all of it."""
    left = 1
    find = data.find
    while left:
        left -= 1
        kind = data[at]
        end = find(b"\r\n", at)
        if kind == 36 or kind == 61 or kind == 33:  # $ = !
            size = int(data[at + 1:end])
            at = end + 2 if size < 0 else end + size + 4
            continue
        if kind == 42 or kind == 126 or kind == 62:  # * ~ >
            left += max(0, int(data[at + 1:end]))
        elif kind == 37:  # %
            left += 2 * max(0, int(data[at + 1:end]))
        at = end + 2
    return at


def elements(data):
    """The replies inside of an array, as the bytes that they came in; None if it is no array."""
    if data[:1] not in b"*~" or data[:1] == b"":
        return None
    end = data.index(b"\r\n")
    count, at, found = int(data[1:end]), end + 2, []
    if count < 0:
        return None
    for _ in range(count):
        behind = end_of(data, at)
        found.append(data[at:behind])
        at = behind
    return found


def tree(data):
    """(kind, value): bytes, or for arrays, sets and pushes a list, for maps a list of pairs; null is (kind, None)."""
    return _tree(data, 0)[0]


def _tree(data, at):
    kind = data[at:at + 1]
    end = data.index(b"\r\n", at)
    rest, at = data[at + 1:end], end + 2
    if kind in b"$=!":
        size = int(rest)
        return ((kind, None), at) if size < 0 else ((kind, data[at:at + size]), at + size + 2)
    if kind in b"*~>":
        if rest == b"-1":
            return (kind, None), at
        found = []
        for _ in range(int(rest)):
            value, at = _tree(data, at)
            found.append(value)
        return (kind, found), at
    if kind == b"%":
        found = []
        for _ in range(int(rest)):
            key, at = _tree(data, at)
            value, at = _tree(data, at)
            found.append((key, value))
        return (kind, found), at
    return (kind, rest), at


def strings(data):
    """The strings in a flat array or set."""
    return [value for _, value in tree(data)[1] or []]


def is_error(data):
    return data[:1] in (b"-", b"!")
