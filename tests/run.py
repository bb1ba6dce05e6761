#!/usr/bin/python3
"""Runs the Python tests (tests/**/test_*.py): every file is a process of its own, a few side by side, since they mostly
wait for clusters. Prints one line a test, the reports of the failures, and "N passed, N failed".

  tests/run.py [--jobs N] [--server guccho|redis] [--allow-none] [FILTER...]     FILTER: part of file:Class.test, any may match
"""

import argparse
import glob
import importlib.util
import os
import subprocess
import sys
import threading
import time
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__))
FILE_SECONDS = 600  # a file that takes longer hangs


class Result(unittest.TestResult):
    """Prints each test as it ends; asks a failed one for the logs of its servers while they still run."""

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._bad = False

    def _report(self, test, error):
        self._bad = True
        report = [self._exc_info_to_string(error, test)]
        if hasattr(test, "describe"):
            try:
                report.append(test.describe())
            except Exception as problem:
                report.append(f"(no logs: {problem!r})")
        print("\n".join(report), flush=True)

    def addError(self, test, error):
        super().addError(test, error)
        self._report(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._report(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            print(subtest.id())
            self._report(test, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._bad = True
        print(f"skipped  {test.id()}: {reason}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self._started
        print(f"{'FAILED' if self._bad else 'ok':8} {test.id()}  {seconds:.1f} s", flush=True)


def tests_of(path, filters):
    """The tests of one file whose name matches."""
    name = os.path.relpath(path, TESTS)[:-3].replace(os.sep, ".")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    suite = unittest.TestSuite()
    pending = [unittest.defaultTestLoader.loadTestsFromModule(module)]
    while pending:
        for item in pending.pop():
            if isinstance(item, unittest.TestSuite):
                pending.append(item)
            elif not filters or any(part in item.id() for part in filters):
                suite.addTest(item)
    return suite


def run_file(path, filters):
    result = Result()
    tests_of(path, filters).run(result)
    # A subtest counts with its test.
    bad = len({getattr(test, "test_case", test).id() for test, _ in result.errors + result.failures + result.skipped})
    print(f"@counts {max(result.testsRun - bad, 0)} {bad}", flush=True)
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--server", choices=["guccho", "redis"])
    parser.add_argument("--allow-none", action="store_true", help="no match is no failure")
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("filters", nargs="*")
    arguments = parser.parse_args()
    if arguments.server:
        os.environ["GUCCHO_TEST_SERVER"] = arguments.server
    sys.path.insert(0, TESTS)
    if arguments.file:
        return run_file(arguments.file, arguments.filters)

    files = sorted(glob.glob(os.path.join(TESTS, "**", "test_*.py"), recursive=True))
    files = [path for path in files if tests_of(path, arguments.filters).countTestCases() > 0]
    totals = {"passed": 0, "failed": 0}
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not files:
                    return
                path = files.pop(0)
            command = [sys.executable, os.path.abspath(__file__), "--file", path, *arguments.filters]
            try:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors="replace", timeout=FILE_SECONDS)
                output = done.stdout
            except subprocess.TimeoutExpired as hung:
                output = f"{(hung.output or b'').decode(errors='replace')}\n{path}: still runs after {FILE_SECONDS} s\n"
            body, found, counts = output.rpartition("@counts ")
            passed, failed = map(int, counts.split()) if found else (0, 1)
            with lock:
                totals["passed"] += passed
                totals["failed"] += failed
                print(body if found else output, end="", flush=True)

    workers = [threading.Thread(target=work) for _ in range(arguments.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if totals["passed"] + totals["failed"] == 0 and not arguments.allow_none:
        print("no test matches")
        totals["failed"] = 1
    print(f"{totals['passed']} passed, {totals['failed']} failed")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
