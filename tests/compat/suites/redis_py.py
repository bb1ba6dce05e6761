"""redis-py's own tests, those that run against a cluster."""

import json
import os
import subprocess
import tempfile

from . import fetch
from .report import FAILED
from integration.lib.cluster import Cluster

VERSION = "8.1.0"
REQUIREMENTS = ["pytest==9.2.0", "pytest-asyncio==1.5.0", "pytest-timeout==2.4.0", "mock==5.2.0", "numpy==2.4.6"]
# The files that talk to a cluster; each is there once more for asyncio. The others want modules, TLS of a certain
# directory, sentinels, or no server at all.
TOPICS = ["cache", "client", "cluster", "cluster_transaction", "command_parser", "command_policies", "commands", "encoding",
          "function", "hash", "keyspace_notifications", "legacy_responses_arg", "lock", "monitor", "pipeline", "pubsub",
          "scripting"]
QUICK = ["tests/test_cluster.py", "tests/test_cluster_transaction.py"]
TEST_SECONDS = 60
HERE = os.path.dirname(os.path.abspath(__file__))


def prepare():
    """Fetches what is needed; returns (folder, python)."""
    return fetch.python_sdist("redis", VERSION, REQUIREMENTS)


def run(kind, exclusions, only=None):
    """Runs the files (all by default) against a cluster of that kind of servers: {test: (outcome, text)}."""
    folder, python = prepare()
    files = only or [path for topic in TOPICS for path in (f"tests/test_{topic}.py", f"tests/test_asyncio/test_{topic}.py")
                     if os.path.exists(os.path.join(folder, path))]
    cluster = Cluster(3, 1, [kind] * 6, enable_debug_command="yes")
    try:
        cluster.start().form()
        with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as results:
            # Allocations are not traced: that makes the tests ten times as slow (pytest_plugin says how).
            command = [python, "-m", "pytest", "-p", "pytest_plugin", *files, "-m", "not onlynoncluster and not redismod",
                       f"--redis-url=redis://localhost:{cluster.servers[0].port}", f"--timeout={TEST_SECONDS}", "-q",
                       "-W", "ignore"]
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", env=dict(os.environ, PYTHONPATH=HERE, GUCCHO_NOT_RUN="\n".join(exclusions.not_run),
                                           GUCCHO_RESULTS=results.name))
            found = read(results)
            if done.returncode not in (0, 1):  # 1: some tests failed
                print(f"pytest ended with {done.returncode}:\n{done.stdout[-4000:]}")
                found["the run as a whole"] = (FAILED, "it ended early")
            return found
    finally:
        cluster.remove()


def read(lines):
    results = {}
    for line in lines:
        name, outcome, text = json.loads(line)
        # A test that passed and then failed to clean up has failed.
        if name not in results or outcome == FAILED:
            results[name] = (outcome, text)
    return results
