#!/usr/bin/python3
"""Runs the test suites that client libraries bring, against clusters of our nodes, and compares with the lists of tests that
cannot pass (exclusions/*.txt). Fails when a test fails that is not listed, or does not fail although it is.

  run.py [--server guccho|redis] [--fetch] [--only TEST]... [--list] [NAME...]        NAME: redis-py, rueidis, go-redis
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from compat.suites import go_redis, redis_py, rueidis  # noqa: E402
from compat.suites.report import Exclusions, Report  # noqa: E402
from integration.lib.server import KINDS  # noqa: E402

SUITES = {"redis-py": redis_py, "rueidis": rueidis, "go-redis": go_redis}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=list(KINDS), default="guccho", help="redis: how the real server does")
    parser.add_argument("--fetch", action="store_true", help="only fetch the packages")
    parser.add_argument("--only", action="append", help="part of the suite, as its own runner names it")
    parser.add_argument("--list", action="store_true", help="name every test and what became of it")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(SUITES):
        parser.error(f"no suite {', '.join(sorted(unknown))}: {', '.join(SUITES)}")

    passed = failed = 0
    for name in arguments.names or SUITES:
        if arguments.fetch:
            SUITES[name].prepare()
            continue
        started = time.monotonic()
        exclusions = Exclusions(name)
        report = Report(SUITES[name].run(KINDS[arguments.server], exclusions, arguments.only), exclusions, not arguments.only)
        if arguments.list:
            for test, (outcome, _) in report.results.items():
                print(f"{outcome:8} {test}")
        report.print()
        print(f"-- {name} against {arguments.server}: {time.monotonic() - started:.0f} s", flush=True)
        passed += len(report.passed)
        failed += len(report.failed) + len(report.stale) + (0 if report.passed else 1)
    if not arguments.fetch:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
