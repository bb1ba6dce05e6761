"""The printed table: one line a row, the same columns for all kinds of rows."""

import collections

# target, reached: numbers in `unit`; at_least: whether more is better. redis, ours: what was measured of each, or None.
# note: what is printed beside, such as latencies.
Row = collections.namedtuple("Row", "name unit target reached at_least redis ours note", defaults=("",))


def verdict(row):
    good = row.reached >= row.target if row.at_least else row.reached <= row.target
    return "OK" if good else "below"


def number(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def header():
    return f"{'row':34} {'target':>12} {'reached':>10} {'redis':>9} {'guccho':>9}  {'':5}  beside"


def line(row):
    bound = (">= " if row.at_least else "<= ") + number(row.target) + " " + row.unit
    return (f"{row.name:34} {bound:>12} {number(row.reached):>10} {number(row.redis):>9} {number(row.ours):>9}  "
            f"{verdict(row):5}  {row.note}").rstrip()


def markdown(rows):
    """The table of README.md."""
    out = ["| row | target | reached | redis-server | guccho | | beside |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        bound = ("≥ " if row.at_least else "≤ ") + number(row.target) + " " + row.unit
        out.append(f"| {row.name} | {bound} | {number(row.reached)} | {number(row.redis)} | {number(row.ours)} | "
                   f"{verdict(row)} | {row.note} |")
    return "\n".join(out)
