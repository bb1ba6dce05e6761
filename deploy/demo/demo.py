"""The demo: a cluster forms, real clients load it with a real data set, one primary is killed and one frozen under them, and
every record is read back. Exit status 0 only if nothing was wrong that had been acknowledged and replicated, and the cluster
ended healthy with 3 primaries and 3 replicas. Started by `./dev run [--keep]`."""

import argparse
import bisect
import os
import signal
import sys
import threading
import time

import records as data
from redis.cluster import ClusterNode, RedisCluster
from replication import Watermarks
from workers import CLUSTER, ROUTER, Load
from world import ROOT, World

RESOURCE = os.path.join(ROOT, "deploy", "manifests", "samples", "demo.yaml")

WRITERS_PER_PORT = 2
READERS_PER_PORT = 1
RATE = 1500            # most operations a second of each worker, so that the failures fall into the middle
KILL_AT, FREEZE_AT = 0.25, 0.6  # shares of the records written
FROZEN_SECONDS = 5.0
FORM_SECONDS, HEAL_SECONDS, FINISH_SECONDS = 60, 60, 120
STALL_SECONDS = 30
PROGRESS_SECONDS = 2.0
BATCH = 500            # keys read at once at the end


class Story:
    """Lines with the time since the beginning."""

    def __init__(self):
        self._begin, self._lock = time.monotonic(), threading.Lock()

    def tell(self, text=""):
        with self._lock:
            for line in text.splitlines() or [""]:
                print(f"[{time.monotonic() - self._begin:6.1f} s] {line}" if line else "", flush=True)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def first_slot(node):
    text = node.slots if isinstance(node.slots, str) else " ".join(map(str, node.slots))
    return int(text.split()[0].split(",")[0].split("-")[0])


class Failure:
    """One primary taken away: what was done, when, and who took over."""

    def __init__(self, number, node, shard, moment):
        self.signal, self.node, self.shard, self.moment = number, node, shard, moment
        self.heir, self.took = None, None


class Demo:
    def __init__(self, keep):
        self._keep, self._story = keep, Story()
        self._world = World(RESOURCE, lambda line: self._story.tell(f"    operator: {line}"))
        self._failures = []
        self._problems = []  # what makes the demo fail

    def run(self):
        tell = self._story.tell
        records = data.load()
        self._workload = Load(records, WRITERS_PER_PORT, READERS_PER_PORT, RATE)
        tell(f"Guccho demo: {len(records):,} records of {data.FILE}")
        tell(f"`guccho up -f {os.path.relpath(RESOURCE, ROOT)}` makes the cluster; its nodes find each other by gossip")
        left_up = False
        try:
            self._world.up()
            if not self._world.wait_ready(FORM_SECONDS):
                tell(self._world.table())
                raise SystemExit(f"the cluster did not form within {FORM_SECONDS} s")
            tell(f"the cluster is ready\n{self._world.table()}")
            self._load(records)
            left_up = self._keep
        finally:
            if left_up:
                self._tell_how_to_connect()
            else:
                # What ends the cluster is not to be ended itself.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                left = self._world.down()
                if left:
                    self._problems.append(f"processes are still there: {left}")
                else:
                    tell("everything is stopped, nothing is left running")
        if self._problems:
            tell("FAILED: " + "; ".join(self._problems))
            return 1
        tell("PASSED: every acknowledged and replicated record was there and right, and the cluster ended healthy with 3+3")
        return 0

    def _load(self, records):
        tell = self._story.tell
        _, nodes = self._world.status()
        addresses = [(node.host, node.port, node.router_port) for node in nodes]
        self._watermarks = Watermarks([(host, port) for host, port, _ in addresses])
        load = self._workload
        tell(f"{load.writers} writers and {2 * READERS_PER_PORT} readers begin, half of them redis-py's cluster client on the "
             f"{CLUSTER}, half its plain client on the {ROUTER}")
        self._watermarks.start()
        load.start(addresses)
        begin = time.monotonic()
        try:
            self._run_until(load, len(records) * KILL_AT)
            self._fail(signal.SIGKILL)
            self._run_until(load, len(records) * FREEZE_AT)
            if not self._world.wait_ready(HEAL_SECONDS):
                self._problems.append(f"not healthy again within {HEAL_SECONDS} s after the kill")
            self._fail(signal.SIGSTOP)
            self._run_until(load, len(records))
        except BaseException:
            load.shared.abort.value = 1
            raise
        finally:
            reports = load.finish(FINISH_SECONDS)
            self._watermarks.stop()
        seconds = time.monotonic() - begin
        tell("all written; waiting for the cluster to be healthy with 3+3")
        if not self._world.wait_ready(HEAL_SECONDS):
            self._problems.append("the cluster did not end healthy with 3+3")
        tell(self._world.table())
        lost, wrong = self._read_back(records, addresses)
        self._summary(load, records, reports, lost, wrong, seconds)

    def _run_until(self, load, count):
        """Shows the progress until that many records are written."""
        last, written, read = time.monotonic(), load.written(), load.read()
        moved = last
        while load.written() < count and load.writers_alive():
            time.sleep(0.05)
            now = time.monotonic()
            if load.written() > written:
                moved = now
            elif now - moved > STALL_SECONDS:
                raise SystemExit(f"nothing was written for {STALL_SECONDS} s\n{self._world.table()}")
            if now - last >= PROGRESS_SECONDS:
                self._story.tell(f"{load.written():7,} written ({(load.written() - written) / (now - last):5,.0f}/s), "
                                 f"{load.read():7,} read back and compared ({(load.read() - read) / (now - last):5,.0f}/s)")
                last, written, read = now, load.written(), load.read()

    def _fail(self, number):
        """Takes a primary away and tells who took over; a frozen one is thawed later, in the background."""
        _, nodes = self._world.status()
        gone = {failure.shard for failure in self._failures}
        node = next(node for node in nodes if node.role == "primary" and first_slot(node) not in gone)
        shard = first_slot(node)
        moment = time.monotonic()
        os.kill(node.pid, number)
        self._watermarks.broke(shard, moment, time.monotonic())
        failure = Failure(number, node, shard, moment)
        self._failures.append(failure)
        self._story.tell(f"{number.name} to primary {node.place} (process {node.pid}, slots from {shard})")
        threading.Thread(target=self._watch_takeover, args=(failure, nodes), daemon=True).start()

    def _watch_takeover(self, failure, nodes):
        """Asks the surviving nodes who owns the slots now."""
        others = [node for node in nodes if node is not failure.node]
        while failure.heir is None and time.monotonic() - failure.moment < HEAL_SECONDS:
            for shard, (_, port), _ in Watermarks([(node.host, node.port) for node in others])._shards():
                if shard == failure.shard and port != failure.node.port:
                    failure.took = time.monotonic() - failure.moment
                    failure.heir = next(node for node in others if node.port == port)
            time.sleep(0.02)
        if failure.heir is None:
            self._problems.append(f"nobody took over from {failure.node.place}")
            return
        self._story.tell(f"{failure.heir.place} took over from {failure.node.place} after {failure.took * 1000:.0f} ms")
        if failure.signal == signal.SIGSTOP:
            time.sleep(max(0.0, FROZEN_SECONDS - (time.monotonic() - failure.moment)))
            os.kill(failure.node.pid, signal.SIGCONT)
            self._story.tell(f"SIGCONT to {failure.node.place}: it finds itself replaced and follows {failure.heir.place}")

    def _read_back(self, records, addresses):
        """Reads every record from the cluster; returns the indexes of the missing and of the wrong."""
        self._story.tell("reading every record back")
        client = RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port, _ in addresses], socket_timeout=10)
        lost, wrong = [], []
        for first in range(0, len(records), BATCH):
            batch = records[first:first + BATCH]
            for index, value in enumerate(client.mget_nonatomic([key for key, _ in batch]), first):
                if value is None:
                    lost.append(index)
                elif value != records[index][1]:
                    wrong.append(index)
        client.close()
        return lost, wrong

    def _first_write_after(self, load, records, failure, keyslot):
        """Seconds from the failure to the first acknowledged write in its slots that began with the new owner."""
        after = sorted(moment for index, moment in enumerate(load.shared.acknowledged)
                       if moment > failure.moment and keyslot(index) == failure.shard)
        # Answers that were on their way when the signal went out are not the new owner's.
        new = [moment for moment in after if failure.took and moment > failure.moment + failure.took / 2]
        return new[0] - failure.moment if new else None

    def _summary(self, load, records, reports, lost, wrong, seconds):
        from redis.crc import key_slot
        tell = self._story.tell
        starts = sorted(self._watermarks.marks)

        def shard_of(index):
            return starts[bisect.bisect_right(starts, key_slot(records[index][0])) - 1]

        acknowledged = load.shared.acknowledged
        lost_replicated = [index for index in lost
                           if acknowledged[index] and self._watermarks.replicated(
                               shard_of(index), load.shared.begun[index], acknowledged[index])]
        lost_unreplicated = [index for index in lost if acknowledged[index] and index not in set(lost_replicated)]
        unwritten = [index for index in range(len(records)) if not acknowledged[index]]
        wrong_reads = [entry for report in reports for entry in report.wrong]

        tell("")
        tell(f"Summary of {seconds:.0f} s under load")
        for failure in self._failures:
            if failure.heir:
                write = self._first_write_after(load, records, failure, shard_of)
                shown = f"{write * 1000:.0f} ms" if write else "none seen"
                tell(f"  {failure.signal.name} of {failure.node.place}: {failure.heir.place} took over after "
                     f"{failure.took * 1000:.0f} ms; first write in its slots after {shown}")
        tell(f"  {'':13} {'calls':>8} {'op/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'p99.9':>7} {'max ms':>8}")
        for port in (CLUSTER, ROUTER):
            for kind in ("write", "read"):
                of_kind = [report for report in reports if (report.port, report.kind) == (port, kind)]
                latencies = [latency * 1000 for report in of_kind for latency in report.latencies]
                rate = sum(len(report.latencies) / (report.end - report.begin) for report in of_kind)
                tell(f"  {port[:7]} {kind:5} {len(latencies):8,} {rate:7,.0f} {percentile(latencies, .5):7.2f} "
                     f"{percentile(latencies, .99):7.2f} {percentile(latencies, .999):7.1f} {percentile(latencies, 1):8.1f}")
        for port in (CLUSTER, ROUTER):
            errors = sum((report.errors for report in reports if report.port == port), start=type(reports[0].errors)())
            shown = ", ".join(f"{times} x {name}" for name, times in errors.most_common()) or "none"
            losses = [sum(load.port_of_record(index) == port for index in indexes)
                      for indexes in (lost_replicated, lost_unreplicated, wrong)]
            tell(f"  {port}: refused or uncertain, then tried again: {shown}; lost although replicated {losses[0]}, "
                 f"lost before replication {losses[1]}, wrong {losses[2]}")
        if wrong or wrong_reads:
            self._problems.append(f"{len(wrong)} records and {len(wrong_reads)} reads were wrong")
        if lost_replicated:
            self._problems.append(f"{len(lost_replicated)} records were lost although they were replicated")
        if unwritten:
            self._problems.append(f"{len(unwritten)} records were never acknowledged")
        if len(reports) < len(load.shared.progress):
            self._problems.append(f"{len(load.shared.progress) - len(reports)} workers did not end")

    def _tell_how_to_connect(self):
        _, nodes = self._world.status()
        node = nodes[0]
        self._story.tell(f"left running, as asked for:\n"
                         f"  redis-cli -c -p {node.port}          a cluster client, on the cluster port\n"
                         f"  redis-cli -p {node.router_port}             a plain client, on the router port\n"
                         f"  build/release/bin/guccho status --state {self._world.state}\n"
                         f"  build/release/bin/guccho down --purge --yes --state {self._world.state}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the cluster running")
    arguments = parser.parse_args()
    # Ended from outside, it ends the cluster in order too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("demo: ended by SIGTERM"))
    return Demo(arguments.keep).run()


if __name__ == "__main__":
    sys.exit(main())
