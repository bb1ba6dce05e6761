"""WATCH and the end of a key's time, where nobody deletes the key meanwhile."""

import time

from integration.lib.case import Case
from integration.lib.slots import slot_of
from integration.lib.wait import until

ROUNDS = 10


class Watch(Case):
    def setUp(self):
        super().setUp()
        # Rare timers: keys stay for a while when their time is over.
        self.node = self.server(io_threads=3, hz=1)
        self.node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: self.node.cluster_info()["cluster_state"] == "ok", 10, f"{self.node} is up")

    def test_a_key_that_was_over_already_may_be_deleted(self):
        with self.node.connect() as client:
            for turn in range(ROUNDS):
                key = f"key{turn}"
                client.call("SET", key, 1, "PX", 5)
                time.sleep(0.01)
                client.call("WATCH", key)
                self.assertEqual(client.call("EXISTS", key), 0)
                self.assertEqual(client.pipeline([("MULTI",), ("PING",), ("EXEC",)])[-1], ["PONG"], turn)

    def test_a_key_that_was_over_already_may_not_be_made(self):
        with self.node.connect() as client, self.node.connect() as other:
            for turn in range(ROUNDS):
                key = f"key{turn}"
                client.call("SET", key, 1, "PX", 5)
                time.sleep(0.01)
                client.call("WATCH", key)
                other.call("SET", key, 2)
                self.assertIsNone(client.pipeline([("MULTI",), ("PING",), ("EXEC",)])[-1], turn)

    def test_a_key_of_another_worker_that_expires_breaks_the_watch(self):
        watched, written = (next(f"{name}{n}" for n in range(1000) if slot_of(f"{name}{n}") % 3 == worker)
                            for name, worker in (("watched", 1), ("written", 2)))
        with self.node.connect() as client:
            for turn in range(ROUNDS):
                client.call("SET", watched, 1, "PX", 30)
                client.call("WATCH", watched)
                time.sleep(0.05)
                self.assertIsNone(client.pipeline([("MULTI",), ("SET", written, turn), ("EXEC",)])[-1], turn)
            self.assertEqual(client.call("EXISTS", written), 0)

    def test_a_key_watched_twice_is_watched_once(self):
        with self.node.connect() as client, self.node.connect() as other:
            for _ in range(1000):
                client.call("WATCH", "{k}a", "{k}b", "{k}a")
            until(lambda: self.node.info("clients")["total_watched_keys"] == "2", 10, "two keys are watched")
            other.call("SET", "{k}b", 1)
            self.assertIsNone(client.pipeline([("MULTI",), ("PING",), ("EXEC",)])[-1])
