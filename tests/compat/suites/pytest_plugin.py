"""Loaded into redis-py's test run: leaves out what GUCCHO_NOT_RUN names, tells in GUCCHO_RESULTS what became of each test, and
keeps its conftest from tracing allocations, which would make every test ten times as slow."""

import fnmatch
import json
import os
import tracemalloc

tracemalloc.start = lambda *frames: None
tracemalloc.stop = lambda: None


def pytest_collection_modifyitems(config, items):
    patterns = [pattern.replace("[", "[[]") for pattern in os.environ["GUCCHO_NOT_RUN"].splitlines()]
    left_out = [item for item in items if any(fnmatch.fnmatchcase(item.nodeid, pattern) for pattern in patterns)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_runtest_logreport(report):
    """Setup, call and end of a test report one by one; a passed setup says nothing yet."""
    if report.when == "call" or report.outcome != "passed":
        with open(os.environ["GUCCHO_RESULTS"], "a") as file:
            file.write(json.dumps([report.nodeid, report.outcome, report.longreprtext]) + "\n")
