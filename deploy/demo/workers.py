"""The load: writers and readers, each a process of its own with a client of redis-py that nobody here wrote: RedisCluster on
the cluster port, the plain Redis client on the router port."""

import collections
import multiprocessing
import queue
import random
import signal
import time

import redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError

CLUSTER, ROUTER = "cluster port", "router port"

SOCKET_SECONDS = 2.0
RETRY_SECONDS = 0.02


class Shared:
    """What the processes share, without locks: each element has one writer."""

    def __init__(self, records, workers):
        self.records = records
        self.acknowledged = multiprocessing.RawArray("d", len(records))  # monotonic time; 0 while not acknowledged
        self.begun = multiprocessing.RawArray("d", len(records))         # when the call that was acknowledged was made
        self.progress = multiprocessing.RawArray("L", workers)           # operations done by each worker
        self.stop_reading = multiprocessing.RawValue("b", 0)
        self.abort = multiprocessing.RawValue("b", 0)


class Report:
    """What one worker saw."""

    def __init__(self, kind, port):
        self.kind, self.port = kind, port
        self.latencies = []                    # seconds, of each call that succeeded
        self.errors = collections.Counter()    # first words of each error -> times
        self.wrong = []                        # (key, got)
        self.missing = []                      # indexes that were acknowledged and read as absent
        self.begin = self.end = 0.0


class ClusterClient:
    """redis-py's cluster client; made anew when it has lost its way."""

    def __init__(self, nodes):
        self._nodes, self._client = nodes, None

    def call(self, *arguments):
        if self._client is None:
            self._client = RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port, _ in self._nodes],
                                        socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)
        try:
            return self._client.execute_command(*arguments)
        except RedisClusterException:
            self._client = None
            raise


class RouterClient:
    """The plain client on the router port of one node; on a lost connection it goes to the next node's."""

    def __init__(self, nodes):
        self._nodes, self._turn, self._client = nodes, random.randrange(len(nodes)), None

    def call(self, *arguments):
        if self._client is None:
            host, _, port = self._nodes[self._turn % len(self._nodes)]
            # Longer than a command may wait inside for a failover.
            self._client = redis.Redis(host=host, port=port, socket_timeout=3 * SOCKET_SECONDS,
                                       socket_connect_timeout=SOCKET_SECONDS, retry=None)
        try:
            return self._client.execute_command(*arguments)
        except (RedisConnectionError, redis.exceptions.TimeoutError):
            self._client.close()
            self._client = None
            self._turn += 1
            raise


CLIENTS = {CLUSTER: ClusterClient, ROUTER: RouterClient}
FAILURES = (RedisError, RedisClusterException, OSError)


def describe(error):
    """Errors of one sort under one name: the class, and the first word of what the server said."""
    words = str(error).split()
    code = words[0].rstrip(":") if words and words[0].isupper() else ""
    return f"{type(error).__name__} {code}".strip()


def write(shared, report, client, number, writers, number_of_worker, rate):
    """Writes every writers-th record once, and each again until it is acknowledged; at most rate a second."""
    for index in range(number, len(shared.records), writers):
        key, value = shared.records[index]
        while not shared.abort.value:
            begin = time.monotonic()
            try:
                client.call("SET", key, value)
                break
            except FAILURES as error:
                report.errors[describe(error)] += 1
                time.sleep(RETRY_SECONDS)
        else:
            return
        now = time.monotonic()
        report.latencies.append(now - begin)
        shared.begun[index] = begin
        shared.acknowledged[index] = now
        shared.progress[number_of_worker] += 1
        ahead = report.begin + len(report.latencies) / rate - now
        if ahead > 0.01:
            time.sleep(ahead)


def read(shared, report, client, number_of_worker, rate):
    """Reads acknowledged records at random and compares them, until told to stop."""
    while not shared.stop_reading.value and not shared.abort.value:
        index = random.randrange(len(shared.records))
        if not shared.acknowledged[index]:
            time.sleep(0.0002)
            continue
        key, value = shared.records[index]
        begin = time.monotonic()
        try:
            got = client.call("GET", key)
        except FAILURES as error:
            report.errors[describe(error)] += 1
            time.sleep(RETRY_SECONDS)
            continue
        now = time.monotonic()
        report.latencies.append(now - begin)
        shared.progress[number_of_worker] += 1
        if got is None:
            report.missing.append(index)
        elif got != value:
            report.wrong.append((key, got))
        ahead = report.begin + len(report.latencies) / rate - now
        if ahead > 0.01:
            time.sleep(ahead)


class Load:
    """Has the workers and collects their reports. They are forked at once, since a process that has threads by then should not
    fork, and wait for start()."""

    def __init__(self, records, writers_per_port, readers_per_port, rate):
        """rate: most operations a second of each worker."""
        self._workers, self._starts = [], []
        self._reports = multiprocessing.Queue()
        ports = [CLUSTER, ROUTER]
        self.writers = writers_per_port * len(ports)
        count = self.writers + readers_per_port * len(ports)
        self.shared = Shared(records, count)
        for worker in range(count):
            begin, give = multiprocessing.Pipe(duplex=False)
            arguments = (ports[worker % 2], begin, worker, worker < self.writers, rate)
            self._workers.append(multiprocessing.Process(target=self._run, args=arguments, daemon=True))
            self._starts.append(give)
        for worker in self._workers:
            worker.start()

    def port_of_record(self, index):
        return (CLUSTER, ROUTER)[index % self.writers % 2]

    def _run(self, port, begin, worker, is_writer, rate):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the demo's, which ends its workers
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        report = Report("write" if is_writer else "read", port)
        client = CLIENTS[port](begin.recv())
        report.begin = time.monotonic()
        if is_writer:
            write(self.shared, report, client, worker, self.writers, worker, rate)
        else:
            read(self.shared, report, client, worker, rate)
        report.end = time.monotonic()
        self._reports.put(report)

    def start(self, nodes):
        """nodes: [(host, port, router port)]"""
        for start in self._starts:
            start.send(nodes)

    def written(self):
        return sum(self.shared.progress[:self.writers])

    def read(self):
        return sum(self.shared.progress[self.writers:])

    def writers_alive(self):
        return any(worker.is_alive() for worker in self._workers[:self.writers])

    def finish(self, seconds):
        """Stops the readers, waits for all; returns the reports. Workers that hang are killed and have no report."""
        self.shared.stop_reading.value = 1
        deadline = time.monotonic() + seconds
        reports = []
        while len(reports) < len(self._workers) and time.monotonic() < deadline:
            try:
                reports.append(self._reports.get(timeout=0.5))
            except queue.Empty:
                pass
        for worker in self._workers:
            worker.join(1)
            if worker.is_alive():
                worker.kill()
        return reports
