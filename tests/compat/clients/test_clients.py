"""Real cluster clients through a failover, with and without TLS (done-when 2). `./dev test` builds the programs into
build/clients; what they do is told in README.md here."""

import json
import os
import subprocess
import tempfile
import threading

from integration.lib.case import Case
from integration.lib.server import ROOT
from integration.lib.tls import Certificates
from integration.lib.wait import until

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(ROOT, "build", "clients")

PROGRAMS = {
    "redis_py": [os.path.join(BUILT, "python", "bin", "python"), os.path.join(HERE, "python", "client.py")],
    "go_redis": [os.path.join(BUILT, "go-client")],
    "ioredis": [os.path.join(BUILT, "node", "run")],
}

READY_SECONDS = 30
END_SECONDS = 60
# What may be lost: acknowledged by the primary that was killed, and not yet sent to its replica. A client that waits for
# each answer has few of those.
MOST_LOST = 20


class Program:
    """One running client program."""

    def __init__(self, command, addresses, ca):
        self._process = subprocess.Popen([*command, ",".join(addresses), *([ca] if ca else [])], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.strip())

    def wait_ready(self):
        def ready():
            if self._process.poll() is not None:
                raise AssertionError(f"ended early: {self._process.stderr.read()}")
            return "ready" in self.lines
        until(ready, READY_SECONDS, "the command families passed")

    def finish(self):
        if self._process.poll() is None:
            self._process.stdin.write("stop\n")
            self._process.stdin.flush()
        status = self._process.wait(END_SECONDS)
        self._reader.join(5)
        assert status == 0, self._process.stderr.read()
        return json.loads(self.lines[-1])

    def end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()


class Clients(Case):
    """All programs at once against one cluster, and one primary killed under them."""

    def through_a_failover(self, tls=None):
        cluster = self.cluster(3, 1, tls=tls)
        addresses = [f"127.0.0.1:{server.port}" for server in cluster.servers]
        programs = {}
        for name, command in PROGRAMS.items():
            programs[name] = Program(command, addresses, tls and tls.ca)
            self.addCleanup(programs[name].end)
        for program in programs.values():
            program.wait_ready()
        old = cluster.owner_of(0)
        old.kill()
        cluster.wait_failover(0, old)
        # Some writes with the new owner, counted by what it executes.
        new = cluster.owner_of(0)
        seen = int(new.info("stats")["total_commands_processed"])
        until(lambda: int(new.info("stats")["total_commands_processed"]) > seen + 1000, 30, "the clients go on")
        for name, program in programs.items():
            with self.subTest(client=name):
                result = program.finish()
                print(f"{name}: {result}")
                self.assertEqual(result["wrong"], 0, result)
                self.assertGreater(result["written"], 50, result)
                self.assertLessEqual(result["lost"], MOST_LOST, result)

    def test_failover(self):
        self.through_a_failover()

    def test_failover_with_tls(self):
        directory = tempfile.TemporaryDirectory(prefix="guccho-tls-")
        self.addCleanup(directory.cleanup)
        self.through_a_failover(Certificates(directory.name))
