"""CPU time per operation with two workers against one. The load generator runs on the same cores, but its time is not the
server's: only the process' own CPU time is divided by the operations."""

import resource

from integration.lib.server import GUCCHO

from .load import load, measure, medians
from .pair import Node, say
from .speed import DATA, KEYS, VALUE
from .table import Row

TARGET = 1.25
OPERATIONS = 1_000_000
CASES = {"scaling_get": ["GET", "key:__rand_int__"], "scaling_set": ["SET", "key:__rand_int__", VALUE]}


def load_seconds():
    """CPU time of the load generators that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rows(names, rounds, scale):
    wanted = [name for name in CASES if name in names]
    if not wanted:
        return
    nodes = []
    try:
        for workers in (1, 2):
            nodes.append(Node(GUCCHO, workers=workers))
        for node in nodes:
            load(node.primary.port, DATA["keys"]())
        operations = int(OPERATIONS * scale)
        for name in wanted:
            say(name)
            runs, generator = ([], []), [0.0, 0.0]
            for number in range(rounds):
                for side in (0, 1) if number % 2 == 0 else (1, 0):
                    before = load_seconds()
                    runs[side].append(measure(nodes[side].primary, CASES[name], pipeline=16, operations=operations, keys=KEYS))
                    generator[side] += load_seconds() - before
            one, two = medians(runs[0]), medians(runs[1])
            beside = [spent / rounds / operations * 1e6 for spent in generator]
            yield Row(name, "x", TARGET, two.cpu / one.cpu, False, None, two.cpu,
                      f"{two.cpu / one.cpu * beside[0] / beside[1]:.2f} with the load generator's own slowdown taken out; one worker "
                      f"{one.cpu:.2f} us; load generator {beside[0]:.2f} : {beside[1]:.2f} us; "
                      f"{one.rate:.0f} : {two.rate:.0f} op/s")
    finally:
        for node in nodes:
            node.remove()


NAMES = list(CASES)
