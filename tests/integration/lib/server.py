"""One server process, ours or Debian's redis-server, in a directory of its own. Both take the same redis.conf, so a test
written against one runs against the other."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile

from . import ports, resp
from .wait import until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BINARIES = os.environ.get("GUCCHO_TEST_BINARIES", os.path.join(ROOT, "build", "release", "bin"))

START_SECONDS = 10.0
STOP_SECONDS = 10.0


_libc = ctypes.CDLL(None)


def die_with_parent():
    """Run in a child before exec: the kernel kills it when the test process ends, however that ends."""
    PR_SET_PDEATHSIG = 1
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Kind:
    """What is started: how to name the executable, and the directives that only this kind needs."""

    def __init__(self, name, executable, directives):
        self.name, self.executable, self.directives = name, executable, directives

    def __repr__(self):
        return self.name


GUCCHO = Kind("guccho", os.path.join(BINARIES, "guccho-node"), {})
REDIS = Kind("redis", shutil.which("redis-server") or "/usr/bin/redis-server", {"save": '""', "appendonly": "no"})
KINDS = {kind.name: kind for kind in (GUCCHO, REDIS)}

# What the tests of our own node run against; "redis" proves the tests themselves on the reference server.
SUBJECT = KINDS[os.environ.get("GUCCHO_TEST_SERVER", "guccho")]

CALL_SECONDS = 20  # without an answer: it hangs
# Short, so that a failover takes little of a test's time, and long enough for two busy cores.
NODE_TIMEOUT_MS = 2000


def kill_at_once(servers):
    """SIGKILL to all before the end of any is waited for: nobody is left who could take over from another."""
    for server in servers:
        server.process.kill()
    for server in servers:
        server.kill()


class Server:
    """A server that belongs to the test: started by it, and killed by its process id only."""

    def __init__(self, kind=None, port=None, directory=None, cluster=True, tls=None, cwd=None, **directives):
        """directives: redis.conf names with '_' for '-'. tls: Certificates; the port then speaks TLS only. cwd: where the
        process is started, its directory unless given."""
        self.kind = kind or SUBJECT
        self.tls = tls
        self.port = port or ports.take()[0]
        self._own_directory = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="guccho-test-")
        self.cwd = cwd or self.directory
        self.directives = dict(self.kind.directives)
        if cluster:
            self.directives.update({"cluster-enabled": "yes", "cluster-node-timeout": NODE_TIMEOUT_MS})
        if tls:
            self.directives.update(tls.directives())
        self.directives.update({name.replace("_", "-"): value for name, value in directives.items()})
        self.process = None
        self.frozen = False

    def __repr__(self):
        return f"{self.kind}:{self.port}"

    @property
    def log_path(self):
        return os.path.join(self.directory, "server.log")

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def start(self, wait=True, arguments=()):
        """Starts the process; with wait, returns when it answers commands (a node that loads or has no slots does)."""
        assert self.process is None or self.process.poll() is not None, f"{self} already runs"
        conf = os.path.join(self.directory, "redis.conf")
        with open(conf, "w") as file:
            listen = f"port 0\ntls-port {self.port}" if self.tls else f"port {self.port}"
            file.write(f"{listen}\nbind 127.0.0.1\ndir {self.directory}\n")
            for name, value in self.directives.items():
                for each in value if isinstance(value, list) else [value]:
                    file.write(f"{name} {each}\n")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.kind.executable, conf, *arguments], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.cwd, start_new_session=True,
                                            preexec_fn=die_with_parent)
        if wait:
            self.wait_up()
        return self

    def wait_up(self):
        until(self._answers, START_SECONDS, f"{self} answers PING")

    def _answers(self):
        if self.process.poll() is not None:
            # Not a RuntimeError: that would be retried until the deadline.
            raise AssertionError(f"{self} ended with {self.process.returncode}:\n{self.tail()}")
        reply = self.ask("PING")
        return reply == "PONG" or "NOAUTH" in str(reply)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL, and waits for the end."""
        if self.alive():
            self.process.kill()
            self.process.wait(STOP_SECONDS)
        self.frozen = False

    def terminate(self):
        """SIGTERM, and waits for the end; returns the exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS)
        return self.process.returncode

    def freeze(self):
        """Returns when no thread of the process runs any more, which is a moment after the signal."""
        self.process.send_signal(signal.SIGSTOP)
        self.frozen = True
        until(self._stands_still, 10, f"{self} stands still")

    def _stands_still(self):
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] != "T":
                    return False
        return True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def restart(self, port=None, wait=True):
        """Starts again on the same directory after kill() or terminate(), on another port if given."""
        if port:
            self.port = port
        return self.start(wait=wait)

    def remove(self):
        """Ends the process and deletes its directory."""
        self.kill()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def connect(self, **options):
        return resp.Connection(self.port, tls=self.tls and self.tls.context(), **options)

    def ask(self, *arguments):
        """One command on a connection of its own; an error reply is returned."""
        with self.connect(timeout=CALL_SECONDS) as connection:
            return connection.ask(*arguments)

    def call(self, *arguments):
        """One command on a connection of its own; an error reply is raised."""
        with self.connect(timeout=CALL_SECONDS) as connection:
            return connection.call(*arguments)

    def info(self, section="everything"):
        """INFO as a dictionary of strings."""
        lines = self.call("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def cpu_seconds(self):
        """User and system time of the process so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_seconds_of_threads(self):
        """The same by thread id."""
        seconds = {}
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            seconds[task] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return seconds

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    # What the cluster looks like from here.

    def node_id(self):
        return self.call("CLUSTER", "MYID").decode()

    def cluster_info(self):
        lines = self.call("CLUSTER", "INFO").decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def cluster_nodes(self):
        """CLUSTER NODES as seen from here: a list of NodeLine."""
        return [NodeLine(line) for line in self.call("CLUSTER", "NODES").decode().splitlines()]

    def role(self):
        """master or slave, as ROLE says."""
        return self.call("ROLE")[0].decode()

    def tail(self, lines=40):
        try:
            return "\n".join(self.log().splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"


class NodeLine:
    """One line of CLUSTER NODES."""

    def __init__(self, line):
        fields = line.split(" ")
        self.line = line
        self.id = fields[0]
        address = fields[1].split(",")[0]
        self.port = int(address.split("@")[0].rsplit(":", 1)[1])
        self.flags = set(fields[2].split(","))
        self.primary = None if fields[3] == "-" else fields[3]
        self.epoch = int(fields[6])
        self.link = fields[7]
        self.slots = [slot for slot in fields[8:] if not slot.startswith("[")]

    def is_primary(self):
        return "master" in self.flags

    def failed(self):
        return "fail" in self.flags

    def __repr__(self):
        return self.line
