#!/usr/bin/python3
"""Random commands to redis-server and to guccho-node, compared: replies as they come, and the data now and then. Stops at the
first difference and prints the fewest commands that are found to show it.

  run.py --seed 7 --commands 50000                 replays what a test says of seed 7 (an odd seed speaks RESP3, an even one RESP2)
  run.py --seeds 50 --commands 100000              5 million commands, of the seeds 1 to 50
  run.py --seeds 50 --commands 100000 --keep-going collects the differences by kind and goes on after each

grammar.py says what is played, coverage.py what is not, differences.py and compare.py where replies may differ, and why.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))

from compat.differential.generator import campaign, servers  # noqa: E402
from compat.differential.generator.coverage import Coverage, report  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--commands", type=int, default=100000, help="of each seed")
    parser.add_argument("--protocol", type=int, choices=[2, 3], help="default: both in turn")
    parser.add_argument("--workers", type=int, default=1)
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
                    shrinking = not arguments.no_shrink and ours.alive() and redis.alive()
                    print(f"== seed {seed}, RESP{protocol}, after {len(difference.units)} units: "
                          f"{campaign.explain(pair, difference, shrinking)}", flush=True)
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
    print(report(total, targets, time.monotonic() - begin))
    if arguments.errors:
        for name, count in total.kinds.most_common(40):
            print(f"  {count:6} errors of {name}, accepted {total.accepted[name, None]}")
    for signature, count in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{count:5} x {signature}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
