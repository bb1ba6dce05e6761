"""rueidis' cluster integration: client-side caching, transactions, blocking commands, publish/subscribe and scripts at once."""

import re
import subprocess

from . import fetch
from .report import FAILED, PASSED
from integration.lib.cluster import Cluster

MODULE, VERSION = "github.com/redis/rueidis", "v1.0.79"
# The second runs without its pipelining, the third as a client of Redis 5: RESP2, no caching.
TESTS = ["TestClusterClientIntegration", "TestClusterClientIntegrationWithPool", "TestCluster5ClientIntegration"]
SUITE_SECONDS = 900


def prepare():
    return fetch.go_module(MODULE, VERSION)


def run(kind, exclusions, only=None):
    folder = prepare()
    cluster = Cluster(3, 1, [kind] * 6)
    try:
        ports = [str(server.port) for server in cluster.servers]
        fetch.replace(folder, r"(?<=127\.0\.0\.1:)700[1-6]\b",
                      {f"700{index}": port for index, port in enumerate(ports, 1)}, files=r"^redis_test\.go$")
        program = fetch.go_test_program(folder)
        cluster.start().form()
        results = {}
        for test in only or TESTS:
            done = subprocess.run([program, "-test.run", f"^{test}$", "-test.v", f"-test.timeout={SUITE_SECONDS}s"], cwd=folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace")
            good = done.returncode == 0 and re.search(rf"^--- PASS: {test} ", done.stdout, re.MULTILINE)
            results[test] = (PASSED if good else FAILED, done.stdout)
        return results
    finally:
        cluster.remove()
