"""Requests, and what is played together."""

from . import compare


class Step:
    """One request, and how its reply is compared."""

    __slots__ = ("name", "words", "cover", "replies", "compare", "inner")

    def __init__(self, name, words, cover=(), compare=None, replies=1, inner=None):
        self.name, self.words, self.cover = name, words, cover
        self.compare, self.replies = compare, replies
        self.inner = inner  # of EXEC: the steps whose replies are inside of its reply


class Unit:
    """Steps that are played together. check(replies of redis, replies of ours) says what is wrong with them, or None.
    walk(player) is played alone instead of steps; what it returns must be the same for both."""

    __slots__ = ("steps", "check", "walk")

    def __init__(self, steps, check=None, walk=None):
        self.steps, self.check, self.walk = steps, check, walk


def words_of(name, arguments):
    head = [part.encode() for part in name.upper().split("|")]
    return head + arguments


def plain(name, *arguments, cover=(), **options):
    arguments = [a if isinstance(a, bytes) else str(a).encode() for a in arguments]
    return Step(name, words_of(name, arguments), cover, options.pop("compare", compare.COMPARISONS.get(name)), **options)
