"""For tests of scripts that take too long: a node with a short threshold, scripts without an end, keys of a worker."""

from . import resp
from .case import Case
from .slots import slot_of
from .wait import until

THRESHOLD_MS = 100
ENDLESS = "while true do end"
BUSY_SCRIPT = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."


class Endless:
    """A command on a connection of its own, sent and not answered until something ends it."""

    def __init__(self, server, *command):
        self.connection = server.connect(timeout=30)
        self.connection.send(resp.encode(*command))

    def answer(self):
        with self.connection as connection:
            return connection.read()


class ScriptCase(Case):
    def node(self, **directives):
        server = self.server(busy_reply_threshold=THRESHOLD_MS, **directives)
        server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: server.cluster_info()["cluster_state"] == "ok", 10, "the cluster is up")
        return server

    def busy(self, server, key, text=BUSY_SCRIPT):
        """Waits until a command for the key's worker is refused."""
        until(lambda: str(server.ask("GET", key)) == text, 10, "the worker is busy")

    @staticmethod
    def of_workers(count):
        """A key of each worker."""
        return [next(key for key in map(str, range(1000)) if slot_of(key) % count == worker) for worker in range(count)]
