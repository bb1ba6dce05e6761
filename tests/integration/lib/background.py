"""Clients that are at work for as long as a with-block lasts."""

import threading

from .resp import encode
from .wait import until


class Background:
    """Subclasses say what one client does in a turn. `problems` has what was not as it should be. An exception of a client is
    raised at the end of the block."""

    def __init__(self, server, clients):
        self._server, self._stop = server, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        self.rounds, self.problems, self._broken = 0, [], []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        until(lambda: self.rounds >= len(self._threads) or self.problems or self._broken, 10, "the clients are at work")
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._broken:
            raise self._broken[0]

    def _run(self, client):
        try:
            with self._server.connect() as connection:
                turn = 0
                while not self._stop.is_set():
                    turn += 1
                    self.work(connection, client, turn)
                    self.rounds += 1
        except Exception as problem:  # pylint: disable=broad-except
            self._broken.append(problem)

    def work(self, connection, client, turn):
        raise NotImplementedError


class Load(Background):
    """Keeps all workers busy: whatever else they get has to wait for its part of a turn."""

    _REQUEST = b"".join([encode("CLIENT", "REPLY", "OFF"),
                         *(encode("SET", f"load:{number}", "x" * 16) for number in range(300)),
                         encode("CLIENT", "REPLY", "ON")])

    def work(self, connection, client, turn):
        connection.send(self._REQUEST)
        connection.read()
