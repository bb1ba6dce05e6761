"""Reads the scripts in cases/*.case. A file is a list of cases; a case is a title and its commands:

    == SET with NX
    SET k v NX
    2> GET k                   on the second connection (1 to 9; the first is the default)
    sorted KEYS *              a filter before the command says how the replies are compared
    raw 2 "PING\\r\\nPING\\r\\n"   sends these bytes and reads two replies
    raw close "*1\\r\\n:3\\r\\n"    ... and reads until the server closes the connection
    read                       reads one more reply, for what comes without being asked for
    gone k                     waits until EXISTS says that the key is gone
    # a comment

Words follow redis-cli's rules: blanks separate, "..." knows \\n \\r \\t \\xHH, '...' is literal. Filters:

    sorted    the elements of the reply in any order        pairs   ... taken two by two
    deep      ... and so in every array inside              types   only the shape: types and lengths of arrays
    near:N    integers, also in arrays, may differ by N
    kind      of an error only its first word               skip    not compared
    scan      a whole scan: the command is repeated with each cursor, the elements found are compared, in any order
    scanpairs ... taken two by two
"""

import re

FILTERS = re.compile(r"(sorted|pairs|deep|near:\d+|types|kind|skip|scan|scanpairs)$")


class Step:
    """One line of a case."""

    def __init__(self, text, connection, verb, filter_name, words):
        self.text, self.connection, self.verb, self.filter, self.words = text, connection, verb, filter_name, words


class CaseScript:
    """One case: its title and steps."""

    def __init__(self, title):
        self.title, self.steps = title, []


def split_words(line):
    """Splits by the rules of redis-cli; returns a list of bytes."""
    words, at = [], 0
    escapes = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
    while True:
        while at < len(line) and line[at] == " ":
            at += 1
        if at == len(line):
            return words
        word, quote = b"", None
        if line[at] in "\"'":
            quote, at = line[at], at + 1
        while True:
            if at == len(line):
                if quote:
                    raise ValueError(f"unbalanced quotes: {line}")
                break
            char = line[at]
            if quote == '"' and char == "\\":
                if line[at + 1] == "x":
                    word += bytes([int(line[at + 2:at + 4], 16)])
                    at += 4
                else:
                    word += escapes.get(line[at + 1], line[at + 1].encode())
                    at += 2
                continue
            if quote and char == quote or not quote and char == " ":
                at += 1
                break
            word += char.encode()
            at += 1
        words.append(word)


def parse_step(line):
    text, connection = line, "1"
    match = re.match(r"([1-9])> *", line)
    if match:
        connection, line = match.group(1), line[match.end():]
    words = split_words(line)
    first = words[0].decode(errors="replace")
    if first in ("raw", "read", "gone"):
        return Step(text, connection, first, None, words[1:])
    if FILTERS.match(first):
        return Step(text, connection, "command", first, words[1:])
    return Step(text, connection, "command", None, words)


def read_cases(path):
    cases = []
    with open(path) as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("== "):
                cases.append(CaseScript(line[3:]))
                continue
            try:
                cases[-1].steps.append(parse_step(line))
            except (ValueError, IndexError) as error:
                raise ValueError(f"{path}:{number}: {error}") from error
    return cases
