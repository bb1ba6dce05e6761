#!/usr/bin/python3
"""The engine beside redis-server: CPU per operation, memory, the longest turn of a worker's loop, two workers against one.
Both servers in cluster mode, one worker, no persistence, 50 connections, in one run. tests/bench/README.md says what each row
means. Progress goes to stderr, the table to stdout.

  tests/bench/engine.py [--rows NAME...] [--rounds N] [--scale N] [--replicas 0|1|both] [--markdown]

NAME: a row (get_p16), its beginning (turn_), or speed, memory, turns, scaling.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench.lib import memory, scaling, speed, table, turns
from bench.lib.pair import say

GROUPS = {"speed": speed.NAMES, "memory": memory.NAMES, "turns": turns.NAMES, "scaling": scaling.NAMES}
ALL = [name for names in GROUPS.values() for name in names]


def chosen(words):
    """The rows that the words name; an unknown word ends the program."""
    names = []
    for word in words or GROUPS:
        found = GROUPS.get(word) or ([word] if word in ALL else [name for name in ALL if name.startswith(word)])
        if not found:
            sys.exit(f"engine: no row '{word}'. There are: {' '.join(ALL)}")
        names += found
    return list(dict.fromkeys(names))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement of speed (pipeline 1: three times as many)")
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer operations and keys")
    parser.add_argument("--replicas", choices=("0", "1", "both"), default="both", help="speed without, with one, or both")
    parser.add_argument("--markdown", action="store_true", help="print the table once more, as README.md has it")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or not 0 < arguments.scale <= 10:
        parser.error("--rounds must be at least 1, --scale above 0 and at most 10")
    names = chosen(arguments.rows)
    replicas = {"0": [False], "1": [True], "both": [False, True]}[arguments.replicas]

    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load average {os.getloadavg()[0]:.1f} before; median of {arguments.rounds} rounds, "
          f"scale {arguments.scale:g}; redis and guccho: us an operation, or the row's unit")
    print(table.header(), flush=True)
    rows = []
    for source in (speed.rows(names, arguments.rounds, arguments.scale, replicas), memory.rows(names, arguments.scale),
                   turns.rows(names, arguments.scale), scaling.rows(names, arguments.rounds, arguments.scale)):
        for row in source:
            rows.append(row)
            print(table.line(row), flush=True)
    say(f"load average {os.getloadavg()[0]:.1f} after")
    below = [row.name for row in rows if table.verdict(row) != "OK"]
    print(f"{len(rows)} rows, {len(below)} below" + (": " + " ".join(below) if below else ""))
    if arguments.markdown:
        print("\n" + table.markdown(rows))


if __name__ == "__main__":
    main()
