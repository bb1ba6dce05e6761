"""The cluster as the guccho command runs it: `guccho up` in the background, `guccho status --json` for what is."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUCCHO = os.path.join(ROOT, "build", "release", "bin", "guccho")

COMMAND_SECONDS = 60


class Node:
    """One node as the status shows it."""

    def __init__(self, fields):
        self.place, self.id, self.role = fields["node"], fields["id"], fields["role"]
        self.slots, self.in_sync, self.state = fields["slots"], fields["inSync"], fields["state"]
        self.host, self.port, self.router_port = fields["host"] or "127.0.0.1", fields["port"], fields["routerPort"]
        self.pid = fields["pid"]


class World:
    """One cluster in a state directory of its own."""

    def __init__(self, resource, on_line):
        self.state = tempfile.mkdtemp(prefix="guccho-demo-")
        self._resource, self._on_line = resource, on_line
        self._operator = None
        self.pids = set()  # of every node process that was ever seen, to show that none is left

    def up(self):
        """Starts the operator; its lines go to on_line."""
        # Its own session: Ctrl-C is for the demo, which then ends the cluster in order.
        self._operator = subprocess.Popen([GUCCHO, "up", "-f", self._resource, "--state", self.state], text=True,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                          start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._operator.stdout:
            if line.strip():
                self._on_line(re.sub(r"^\S+Z ", "", line.rstrip()))  # the story has its own clock

    def _guccho(self, *arguments):
        return subprocess.run([GUCCHO, *arguments, "--state", self.state], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=COMMAND_SECONDS)

    def status(self):
        """(ready, [Node]); not ready and no nodes while there is nothing to see yet."""
        if self._operator.poll() is not None:
            raise SystemExit(f"`guccho up` ended with status {self._operator.returncode}")
        done = self._guccho("status", "--json")
        if done.returncode != 0:
            return False, []
        status = json.loads(done.stdout)
        nodes = [Node(fields) for fields in status["nodes"]]
        self.pids |= {node.pid for node in nodes if node.pid}
        return status["ready"], nodes

    def table(self):
        return self._guccho("status").stdout

    def wait_ready(self, seconds, primaries=3, replicas=3):
        """Waits until the status says ready with all nodes in their roles and in sync; False at the deadline."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, nodes = self.status()
            roles = [node.role for node in nodes]
            if (ready and roles.count("primary") == primaries and roles.count("replica") == replicas
                    and all(node.in_sync for node in nodes if node.role == "replica")):
                return True
            time.sleep(0.2)
        return False

    def down(self):
        """Ends everything and removes the state; returns the process ids that are still there."""
        if self._operator is None:
            return []
        self._guccho("down", "--purge", "--yes")
        if self._operator.poll() is None:
            try:
                self._operator.wait(10)
            except subprocess.TimeoutExpired:
                self._operator.send_signal(signal.SIGTERM)
                self._operator.wait(10)
        shutil.rmtree(self.state, ignore_errors=True)
        return [pid for pid in self.pids if os.path.exists(f"/proc/{pid}")]
