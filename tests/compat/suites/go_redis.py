"""go-redis' own suite (Ginkgo). Its cluster tests form a cluster of six of our nodes by themselves; its tests of single
commands talk to one more of our nodes, which owns all slots. redis-server plays what neither is: the shards of a ring, and
a primary, a replica and a sentinel, which the suite wants to find before it begins."""

import json
import os
import re
import subprocess

from . import fetch
from .report import FAILED, PASSED, SKIPPED
from integration.lib.cluster import Cluster
from integration.lib.server import REDIS, Server

MODULE, VERSION = "github.com/redis/go-redis/v9", "v9.23.0"
REDIS_VERSION = "7.2"  # newer commands are skipped
# Specs about modules, sentinels, rings of plain servers, and TLS with the certificates of its containers.
OTHER_FILES = ["search", "json", "timeseries", "probabilistic", "vectorset", "sentinel", "ring", "tls"]
# Plain Go tests, beside Ginkgo's, that use a cluster.
PLAIN_TESTS = "^TestClusterFullDuplex"
SUITE_SECONDS = 1500
OUTCOMES = {"passed": PASSED, "skipped": SKIPPED, "pending": SKIPPED}


def prepare():
    return fetch.go_module(MODULE, VERSION)


def run(kind, exclusions, only=None):
    folder = prepare()
    # The suite waits for the roles that it gave out, for its own seconds: nobody may take over meanwhile.
    nodes = [Server(kind, cluster_node_timeout=15000, enable_debug_command="yes") for _ in range(6)]
    single = Server(kind, enable_debug_command="yes")
    ring = [Server(REDIS, cluster=False) for _ in range(3)]
    primary, replica, sentinel = (Server(REDIS, cluster=False) for _ in range(3))
    servers = [*nodes, single, *ring, primary, replica, sentinel]
    try:
        replace_ports(folder, nodes, single, ring, primary, replica, sentinel)
        program = fetch.go_test_program(folder)
        for server in servers:
            server.start(arguments=["--sentinel"] if server is sentinel else [])
        single.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        environment = dict(os.environ, REDIS_VERSION=REDIS_VERSION, REDIS_PORT=str(single.port))
        results = ginkgo(folder, program, environment, exclusions, only)
        if not only:
            results.update(plain(folder, program, environment, kind))
        return results
    finally:
        for server in servers:
            server.remove()


def replace_ports(folder, nodes, single, ring, primary, replica, sentinel):
    """The suite's fixed ports, by ours. One replica and one sentinel do for several, since what would tell them apart is left
    out."""
    fetch.replace(folder, r"\b1660[0-5]\b", {str(16600 + index): str(node.port) for index, node in enumerate(nodes)})
    fetch.replace(folder, r'(?<=:)6379(?=")', {"6379": str(single.port)}, files=r"^(redis|commands)_test\.go$")
    # The library's own default, which some specs rely on, and what they expect of it.
    fetch.replace(folder, r'(?<=localhost:)6379(?=")', {"6379": str(single.port)}, files=r"^(?!osscluster_test).*\.go$")
    of_main = {"6379": single, "6390": ring[0], "6391": ring[1], "6392": ring[2], "9121": primary, "9122": replica,
               "9123": replica, "26379": sentinel, "26380": sentinel, "26381": sentinel}
    fetch.replace(folder, '"(?:' + "|".join(of_main) + ')"', {f'"{port}"': f'"{server.port}"' for port, server in of_main.items()},
                  files=r"^main_test\.go$")


def execute(folder, program, environment, *options):
    return subprocess.run([program, f"-test.timeout={SUITE_SECONDS}s", *options], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")


def ginkgo(folder, program, environment, exclusions, only):
    report = os.path.join(folder, "report.json")
    options = ["-test.run=^TestGinkgoSuite$", f"--ginkgo.json-report={report}", "--ginkgo.no-color", "--ginkgo.succinct",
               f"--ginkgo.timeout={SUITE_SECONDS}s", f"--ginkgo.skip-file=/({'|'.join(OTHER_FILES)})[a-z_]*_test.go"]
    if exclusions.not_run:
        patterns = (re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in exclusions.not_run)
        options.append(f"--ginkgo.skip=({'|'.join(patterns)})$")
    options += [f"--ginkgo.focus={each}" for each in only or []]
    done = execute(folder, program, environment, *options)
    if not os.path.exists(report):
        raise RuntimeError(f"go-redis' suite ended with {done.returncode} and no report:\n{done.stdout[-6000:]}")
    with open(report) as file:
        specs = [spec for suite in json.load(file) for spec in suite["SpecReports"]]
    results = {}
    for spec in specs:
        name = " ".join([*(spec["ContainerHierarchyTexts"] or []), spec["LeafNodeText"]]).strip() or spec["LeafNodeType"]
        failure = spec.get("Failure") or {}
        if spec["State"] == "skipped" and not failure.get("Message"):
            continue  # left out by us
        text = f"{failure.get('Message', '')}\n{failure.get('Location', {}).get('FileName', '')}:" \
               f"{failure.get('Location', {}).get('LineNumber', '')}"
        outcome = OUTCOMES.get(spec["State"], FAILED)
        # Some names occur twice: the worst of them counts.
        if name not in results or outcome == FAILED:
            results[name] = (outcome, text)
    return results


def plain(folder, program, environment, kind):
    """On a cluster of their own: Ginkgo's specs end with taking theirs apart."""
    cluster = Cluster(3, 1, [kind] * 6)
    try:
        cluster.start().form()
        addresses = ",".join(f"127.0.0.1:{server.port}" for server in cluster.servers)
        done = execute(folder, program, dict(environment, GOREDIS_CLUSTER_FD_ADDRS=addresses), f"-test.run={PLAIN_TESTS}",
                       "-test.v")
    finally:
        cluster.remove()
    kinds = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}
    return {name: (kinds[kind], done.stdout if kind == "FAIL" else "")
            for kind, name in re.findall(r"^--- (PASS|FAIL|SKIP): (\S+)", done.stdout, re.MULTILINE)}
