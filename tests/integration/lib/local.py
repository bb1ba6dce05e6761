"""A cluster kept by `guccho up`: nodes under their supervisors, an operator that the test starts and kills."""

import json
import os
import shutil
import signal
import subprocess
import tempfile

from . import ports, resp
from .server import BINARIES, die_with_parent
from .wait import until

GUCCHO = os.path.join(BINARIES, "guccho")
COMMAND_SECONDS = 90
READY_SECONDS = 60.0
SLOTS = 16384


def running(pid, start_time=None):
    """True while the process exists and is no zombie; with the start time: while it is that very process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] not in "ZX" and start_time in (None, fields[19])


def parse_identity(text):
    _, pid, start_time = text.rsplit("/", 2)
    return int(pid), start_time


class Node:
    """A row of `guccho status --json`."""

    def __init__(self, row):
        self.place = row["node"]
        self.id = row["id"]
        self.role = row["role"]
        self.slots = row["slots"]
        self.keys = row["keys"]
        self.in_sync = row["inSync"]
        self.state = row["state"]
        self.port = row["port"]
        self.router_port = row["routerPort"]
        self.incarnation = row["incarnation"]
        self.pid = row["pid"]

    def __repr__(self):
        return f"{self.place} {self.role} [{self.slots}] {self.state}"

    def call(self, *arguments):
        with resp.Connection(self.port, timeout=5.0) as connection:
            return connection.call(*arguments)

    def slot_count(self):
        total = 0
        for part in self.slots.split():
            first, _, last = part.partition("-")
            total += int(last or first) - int(first) + 1
        return total


class LocalCluster:
    """A state directory, its resource file, and at most one operator of the test's own."""

    def __init__(self, primaries=3, replicas=1, **spec):
        self.directory = tempfile.mkdtemp(prefix="guccho-up-")
        self.state = os.path.join(self.directory, "s")
        self.file = os.path.join(self.directory, "cluster.yaml")
        self.log_path = os.path.join(self.directory, "operator.log")
        self.spec = {"primaries": primaries, "replicasPerPrimary": replicas, **spec}
        self.room = max(8, primaries * (replicas + 2))
        self.blocks = []
        self.use_new_ports()
        self.operator = None
        self.pids = set()  # of all processes ever seen, with their start times

    def use_new_ports(self):
        """Ports that nobody else has, for the next start; written to the file."""
        block = ports.take_block(2 * self.room)
        self.blocks.append(block)
        self.spec["local"] = {"firstPort": block, "firstRouterPort": block + self.room}
        self.write()

    def write(self, **changes):
        self.spec.update(changes)
        resource = {"apiVersion": "guccho.io/v1", "kind": "RedisCluster", "metadata": {"name": "test"},
                    "spec": self.spec}
        with open(self.file, "w") as file:
            json.dump(resource, file)  # JSON is YAML

    def run(self, *arguments, check=True):
        """A short command; returns its result, with stdout and stderr as text."""
        done = subprocess.run([GUCCHO, arguments[0], "--state", self.state, *arguments[1:]], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS)
        if check and done.returncode != 0:
            raise AssertionError(f"guccho {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def up(self, *arguments, file=True, program=GUCCHO):
        """Starts an operator; it dies with the test, the nodes do not."""
        assert self.operator is None
        arguments = [*arguments, *(["-f", self.file] if file else [])]
        with open(self.log_path, "ab") as log:
            self.operator = subprocess.Popen([program, "up", "--state", self.state, *arguments],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             preexec_fn=die_with_parent)
        resource = os.path.join(self.state, "resource.json")
        until(lambda: os.path.exists(resource) or self.operator.poll() is not None, 10, "the resource is applied")
        return self

    def kill_operator(self, number=signal.SIGKILL):
        self.operator.send_signal(number)
        status = self.operator.wait(COMMAND_SECONDS)
        self.operator = None
        return status

    def events(self):
        """The lines of events.log."""
        try:
            with open(os.path.join(self.state, "events.log")) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def status(self):
        status = json.loads(self.run("status", "--json").stdout)
        status["nodes"] = [Node(row) for row in status["nodes"]]
        self.remember(status["nodes"])
        return status

    def nodes(self):
        return self.status()["nodes"]

    def node(self, place):
        return next(node for node in self.nodes() if node.place == place)

    def condition(self, name):
        return self.status()["conditions"][name]["status"]

    def remember(self, nodes):
        self.pids |= {parse_identity(node.incarnation) for node in nodes if node.incarnation}
        self.pids |= set(self.supervisors().values())

    def supervisors(self):
        """Place -> identity of its supervisor."""
        found = {}
        places = os.path.join(self.state, "nodes")
        for place in os.listdir(places) if os.path.isdir(places) else []:
            try:
                with open(os.path.join(places, place, "record")) as file:
                    lines = dict(line.split(" ", 1) for line in file.read().splitlines())
                found[place] = parse_identity(lines["supervisor"])
                if "process" in lines:
                    self.pids.add(parse_identity(lines["process"]))
            except FileNotFoundError:
                pass
        return found

    def recorded_phase(self):
        """The phase that the operator wrote down, which what it does later rests on; `guccho status` looks anew."""
        try:
            with open(os.path.join(self.state, "status.json")) as file:
                return json.load(file)["phase"]
        except FileNotFoundError:
            return None

    def is_settled(self):
        """Ready, everything as asked for, nothing left to do, and known to the operator if one runs."""
        if self.operator and self.recorded_phase() != "Ready":
            return False
        status = self.status()
        if status["phase"] != "Ready" or status["observedGeneration"] != status["generation"]:
            return False
        nodes = status["nodes"]
        owners = [node for node in nodes if node.slots]
        return (len(nodes) == self.spec["primaries"] * (1 + self.spec["replicasPerPrimary"])
                and sum(node.slot_count() for node in owners) == SLOTS
                and len(owners) == self.spec["primaries"] and all(node.in_sync for node in nodes))

    def wait_settled(self, seconds=READY_SECONDS):
        until(self.is_settled, seconds, f"the cluster is Ready with {self.spec}")
        return self

    def down(self, *arguments):
        self.supervisors()
        done = self.run("down", "--yes", *arguments)
        if self.operator:
            self.operator.wait(COMMAND_SECONDS)
            self.operator = None
        return done

    def still_running(self):
        """What runs of all that was ever seen running."""
        return {identity for identity in self.pids if running(*identity)}

    def describe(self):
        """For the report of a failed test."""
        parts = []
        status = self.run("status", check=False)
        parts.append(f"--- {self.state}\n{status.stdout}{status.stderr}")
        with open(self.log_path, errors="replace") as file:
            parts.append("--- operator\n" + "\n".join(file.read().splitlines()[-60:]))
        places = os.path.join(self.state, "nodes")
        for place in sorted(os.listdir(places)) if os.path.isdir(places) else []:
            for name in ("supervisor.log", "node.log"):
                try:
                    with open(os.path.join(places, place, name), errors="replace") as file:
                        parts.append(f"--- {place}/{name}\n" + "\n".join(file.read().splitlines()[-15:]))
                except FileNotFoundError:
                    pass
        return "\n".join(parts)

    def remove(self):
        """Ends everything, also what a failed test left, and deletes the directory."""
        if self.operator:
            self.kill_operator()
        supervisors = self.supervisors()
        # Supervisors first, or they would start their nodes again.
        for pid, start_time in [*supervisors.values(), *self.pids]:
            if running(pid, start_time):
                os.kill(pid, signal.SIGKILL)
        for block in self.blocks:
            ports.give_back(block, 2 * self.room)
        self.blocks.clear()
        shutil.rmtree(self.directory, ignore_errors=True)
