"""The notation of grammar.py, compiled into functions that write a command's arguments.

    WORD            an option word, counted when the command is accepted
    {pool}          a value of this pool (values.py); {pool:x} passes x on
    =text           a fixed argument that is not counted
    [ ... ]         may be left out, half of the time;  [20 ... ] is there in 20 of 100
    ( a | b )       one of these
    < [a] [b] >     all of these, in any order
    ( ... )*        once to a few times, now and then many times
"""


class Emission:
    """One command while it is written: its arguments and the option words in it."""

    __slots__ = ("rng", "out", "words", "tag", "wide", "state")

    def __init__(self, rng, state):
        self.rng, self.state = rng, state
        self.out, self.words = [], []
        self.tag = state.pick_tag(rng)
        self.wide = False


def compile_line(text, pools, command):
    """The function of one Emission that writes the arguments of `text`; `command` is who the option words belong to."""
    return Parser(text, pools, command).whole()


class Parser:
    def __init__(self, text, pools, command):
        self._tokens = text.split()
        self._at, self._pools, self._command = 0, pools, command

    def whole(self):
        made = self._sequence(())
        if self._at != len(self._tokens):
            raise ValueError(f"{self._command}: unexpected {self._tokens[self._at]}")
        return made

    def _next(self):
        self._at += 1
        return self._tokens[self._at - 1]

    def _parts(self, ends):
        parts = []
        while self._at < len(self._tokens) and self._tokens[self._at] not in ends:
            parts.append(self._one())
        return parts

    def _sequence(self, ends):
        parts = self._parts(ends)
        if len(parts) == 1:
            return parts[0]

        def run(e):
            for part in parts:
                part(e)
        return run

    def _one(self):
        token = self._next()
        if token.startswith("["):
            return self._optional(int(token[1:] or 50) / 100)
        if token == "(":
            return self._choice()
        if token == "<":
            return self._any_order()
        if token.startswith("{"):
            name, _, argument = token[1:-1].partition(":")
            return self._pools[name](argument) if argument else self._pools[name]()
        if token.startswith("=") and token != "=":
            data = token[1:].encode()
            return lambda e: e.out.append(data)
        return self._word(token)

    def _word(self, token):
        data, lower, coverage = token.encode(), token.lower().encode(), (self._command, token)

        def word(e):
            e.out.append(data if e.rng.random() < 0.9 else lower)
            e.words.append(coverage)
        return word

    def _optional(self, chance):
        inside = self._sequence(("]",))
        self._next()

        def optional(e):
            if e.rng.random() < chance:
                inside(e)
        return optional

    def _choice(self):
        choices = []
        while True:
            choices.append(self._sequence(("|", ")", ")*")))
            end = self._next()
            if end != "|":
                break
        count = len(choices)
        if count == 1:
            one = choices[0]
        else:
            def one(e):
                choices[int(e.rng.random() * count)](e)
        if end == ")":
            return one

        def repeated(e):
            chance = e.rng.random()
            times = 1 + int(chance * 4) if chance < 0.985 else 5 + int(e.rng.random() * 40)
            e.wide = times > 4
            for _ in range(times):
                one(e)
            e.wide = False
        return repeated

    def _any_order(self):
        parts = self._parts((">",))
        self._next()

        def any_order(e):
            order = parts[:]
            if e.rng.random() < 0.5:
                e.rng.shuffle(order)
            for part in order:
                part(e)
        return any_order
