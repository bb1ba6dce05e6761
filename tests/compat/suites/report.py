"""What a suite said, held against the list of its tests that we know cannot pass."""

import fnmatch
import os
import re

EXCLUSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exclusions")
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
NOT_RUN = "not run: "
SHOWN_CHARACTERS = 3000  # of a failure's text


class Exclusions:
    """A file of sections: a reason in brackets, under it one test a line. Those under [not run: reason] may be patterns
    (* ? as in a shell) and are left out of the run; the others run, and must fail."""

    def __init__(self, name):
        self.reasons = {}  # test -> reason
        self.not_run = []
        reason = None
        with open(os.path.join(EXCLUSIONS, f"{name}.txt")) as file:
            for number, line in enumerate(file, 1):
                line = line.strip()
                if not line or line.startswith("#"):
                    continue
                if section := re.fullmatch(r"\[(.+)\]", line):
                    reason = section[1]
                elif reason is None:
                    raise ValueError(f"{file.name}:{number}: no [reason] above it")
                elif reason.startswith(NOT_RUN):
                    self.not_run.append(line)
                elif line in self.reasons:
                    raise ValueError(f"{file.name}:{number}: listed twice")
                else:
                    self.reasons[line] = reason

    def leaves_out(self, test):
        # Brackets are part of names here (parametrized tests), not sets of characters.
        return any(fnmatch.fnmatchcase(test, pattern.replace("[", "[[]")) for pattern in self.not_run)


class Report:
    """results: {test: (outcome, text)}. complete: whether all of the suite ran, so that a listed name must occur."""

    def __init__(self, results, exclusions, complete=True):
        self.results = results
        self.passed = [test for test, (outcome, _) in results.items()
                       if outcome == PASSED and test not in exclusions.reasons]
        self.skipped = [test for test, (outcome, _) in results.items() if outcome == SKIPPED]
        failed = [test for test, (outcome, _) in results.items() if outcome == FAILED]
        self.excluded = [test for test in failed if test in exclusions.reasons]
        self.failed = [test for test in failed if test not in exclusions.reasons]
        # The list must stay true: what is on it and does not fail has to leave it.
        self.stale = [test for test in exclusions.reasons
                      if (results[test][0] != FAILED if test in results else complete)]

    def good(self):
        return bool(self.passed) and not self.failed and not self.stale

    def print(self):
        for test in self.failed:
            print(f"FAILED   {test}\n{self.results[test][1][-SHOWN_CHARACTERS:]}")
        for test in self.stale:
            print(f"FAILED   {test}\nis excluded, but "
                  f"{'was ' + self.results[test][0] if test in self.results else 'does not exist'}: take it off the list")
        print(self.line(), flush=True)

    def line(self):
        return (f"{len(self.passed)} passed as they should, {len(self.failed)} failed, {len(self.excluded)} failed as listed, "
                f"{len(self.stale)} listed without failing, {len(self.skipped)} skipped by the suite itself")
