#!/usr/bin/python3
"""Random commands to redis-server and to guccho-node, compared.

  run.py [--seed N] [--seeds N] [--commands N] [--protocol 2|3] [--workers N]    plays seeds N, N+1, ... in turn, and stops at the first
                                                       difference: the fewest commands that show it are printed
  run.py --keep-going ...                              collects the differences by kind and goes on
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))

from compat.differential.generator import campaign, servers  # noqa: E402
from compat.differential.generator.coverage import Coverage  # noqa: E402


def report(coverage, targets, least, seconds):
    below = coverage.below(targets, least)
    print(f"{coverage.commands} commands in {seconds:.1f} s, {100 * coverage.errors / max(1, coverage.commands):.1f} % errors, "
          f"{len(targets)} commands and option words, {len(below)} of them below {least}")
    if len(below) > 60:
        print("  " + ", ".join(f"{name} {word}".strip() for _, name, word in below))
    else:
        for count, name, word in below:
            print(f"  {count:6} {name} {word}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--commands", type=int, default=100000, help="of each seed")
    parser.add_argument("--protocol", type=int, choices=[2, 3], help="default: both in turn")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--least", type=int, help="what each command and option word must reach (default: in proportion)")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--errors", action="store_true", help="print which commands were refused most")
    arguments = parser.parse_args()

    redis, ours = servers.both_servers(arguments.workers)
    found, total, begin = {}, Coverage(), time.monotonic()
    try:
        targets, payloads = servers.targets(redis, ours), servers.payloads(redis)
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            protocol = arguments.protocol or 2 + seed % 2
            pair = campaign.Pair(redis.port, ours.port, protocol)

            def tell(difference, seed=seed, protocol=protocol, pair=pair):
                new = difference.signature() not in found
                found[difference.signature()] = found.get(difference.signature(), 0) + 1
                if new:
                    print(f"== seed {seed}, RESP{protocol}, after {len(difference.units)} units: {difference}", flush=True)
                    shrunk = None if arguments.no_shrink else campaign.shrink(pair, difference)
                    if shrunk:
                        for unit in shrunk[0]:
                            for step in unit.steps:
                                print(f"    {campaign.show(step.words)}")
                        print(f"  {shrunk[1]}", flush=True)
                return arguments.keep_going and ours.alive()

            campaign.run_seed(pair, seed, arguments.commands, payloads, total, tell)
            pair.close()
            if seed % 10 == 0:
                print(f"seed {seed}: {total.commands} commands", flush=True)
    except campaign.Difference:
        pass
    finally:
        if not ours.alive():
            print(ours.tail())
        redis.remove()
        ours.remove()
    report(total, targets, arguments.least or max(1, total.commands * 1000 // 5_000_000), time.monotonic() - begin)
    if arguments.errors:
        for name, count in total.kinds.most_common(40):
            print(f"  {count:6} errors of {name}, accepted {total.accepted[name, None]}")
    for signature, count in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{count:5} x {signature}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
