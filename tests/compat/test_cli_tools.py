"""What people do with redis-cli beside commands: --bigkeys, --memkeys, --hotkeys, --stat, --latency and MONITOR. Each run ends
by itself or is ended by its process id."""

import os
import re
import select
import subprocess
import threading
import time

from integration.lib.case import Case
from integration.lib.server import die_with_parent
from integration.lib.wait import until

RUN_SECONDS = 60
STRINGS = 200
KEYS = STRINGS + 6
HOT_READS = 400
SAMPLES = 3


class CliTools(Case):
    def setUp(self):
        super().setUp()
        self.node = self.server(maxmemory_policy="allkeys-lfu", maxmemory="1gb", hz=100)
        self.node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: self.node.cluster_info()["cluster_state"] == "ok", 20, "the node serves")

    def command(self, *arguments):
        return ["redis-cli", "-p", str(self.node.port), *map(str, arguments)]

    def run_cli(self, *arguments):
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, text=True, capture_output=True,
                              timeout=RUN_SECONDS)
        output = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, output)
        return output

    def lines_of(self, *arguments, enough):
        """Output of a run that goes on until somebody ends it: until enough(text)."""
        with subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, preexec_fn=die_with_parent) as process:
            text, deadline = "", time.monotonic() + RUN_SECONDS
            try:
                while not enough(text):
                    left = deadline - time.monotonic()
                    ready, _, _ = select.select([process.stdout], [], [], max(0.0, left))
                    data = os.read(process.stdout.fileno(), 65536) if ready else b""
                    self.assertTrue(data, f"ended or silent before enough was seen:\n{text}")
                    text += data.decode(errors="replace")
            finally:
                process.terminate()
        return text

    def fill(self):
        with self.node.connect() as connection:
            connection.pipeline([("SET", f"string:{n}", "v" * (n + 1)) for n in range(STRINGS)])
            connection.call("SET", "the:string", "v" * 5000)
            connection.call("RPUSH", "the:list", *range(300))
            connection.call("HSET", "the:hash", *range(100))
            connection.call("SADD", "the:set", *range(70))
            connection.call("ZADD", "the:zset", *(str(n) for n in range(120)))
            for _ in range(30):
                connection.call("XADD", "the:stream", "*", "f", "v")

    @staticmethod
    def biggest(output):
        """The lines of the summary: {type: (key, size, unit)}."""
        found = re.findall(r"^Biggest +(\w+) found ['\"]*([^'\" ]+)['\"]* has (\d+) (\w+)$", output, re.MULTILINE)
        return {kind: (key, int(size), unit) for kind, key, size, unit in found}

    def test_bigkeys_names_the_biggest_of_each_type(self):
        self.fill()
        output = self.run_cli("--bigkeys")
        self.assertIn(f"Sampled {KEYS} keys in the keyspace!", output)
        self.assertEqual(self.biggest(output), {
            "string": ("the:string", 5000, "bytes"), "list": ("the:list", 300, "items"), "hash": ("the:hash", 50, "fields"),
            "set": ("the:set", 70, "members"), "zset": ("the:zset", 60, "members"),
            "stream": ("the:stream", 30, "entries")}, output)
        self.assertIn(f"{STRINGS + 1} strings with {STRINGS * (STRINGS + 1) // 2 + 5000} bytes", output)

    def test_memkeys_asks_memory_usage_of_each_key(self):
        self.fill()
        output = self.run_cli("--memkeys")
        self.assertIn(f"Sampled {KEYS} keys in the keyspace!", output)
        biggest = self.biggest(output)
        self.assertEqual(sorted(biggest), ["hash", "list", "set", "stream", "string", "zset"], output)
        for kind, (key, size, unit) in biggest.items():
            self.assertEqual((key, unit), (f"the:{kind}", "bytes"), output)
            self.assertEqual(size, self.node.call("MEMORY", "USAGE", key), output)

    def test_hotkeys_finds_the_one_that_is_read_most(self):
        self.fill()
        with self.node.connect() as connection:
            connection.pipeline([("GET", "string:7")] * HOT_READS)
        output = self.run_cli("--hotkeys")
        self.assertIn(f"Sampled {KEYS} keys in the keyspace!", output)
        hot = re.findall(r"hot key found with counter: (\d+)\s+keyname: \"?string:7\"?$", output, re.MULTILINE)
        self.assertEqual(len(hot), 1, output)
        self.assertGreater(int(hot[0]), 5, output)

    def test_hotkeys_needs_an_lfu_policy(self):
        self.node.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.node.call("SET", "k", "v")
        done = subprocess.run(self.command("--hotkeys"), stdin=subprocess.DEVNULL, text=True, capture_output=True,
                              timeout=RUN_SECONDS)
        self.assertIn("An LFU maxmemory policy is not selected", done.stdout + done.stderr)

    def test_stat_shows_keys_and_requests(self):
        self.fill()
        text = self.lines_of("--stat", "-i", 0.02, enough=lambda text: len(self.stat_rows(text)) >= SAMPLES)
        self.assertRegex(text, r"keys +mem +clients +blocked +requests +connections")
        rows = self.stat_rows(text)
        for keys, memory, clients, blocked, requests, connections in rows:
            self.assertEqual(keys, str(KEYS))
            self.assertRegex(memory, r"^\d+(\.\d+)?[KMG]$")
            self.assertGreaterEqual(int(clients), 1)
            self.assertEqual(blocked, "0")
            self.assertGreaterEqual(int(connections), 1)
        requests = [int(row[4]) for row in rows]
        self.assertEqual(requests, sorted(requests))
        self.assertGreater(requests[-1], STRINGS)

    @staticmethod
    def stat_rows(text):
        """The complete lines of numbers: keys, memory, clients, blocked, requests, connections."""
        return re.findall(r"^(\d+) +(\S+) +(\d+) +(\d+) +(\d+) \(\+\d+\) +(\d+) *\n", text, re.MULTILINE)

    def test_latency_counts_samples(self):
        # Without a terminal it runs for the interval of -i, and prints minimum, maximum, average and count.
        output = self.run_cli("--latency", "-i", 1)
        self.assertRegex(output.strip(), r"^\d+ \d+ \d+\.\d+ \d+$")
        least, greatest, average, count = map(float, output.split())
        self.assertGreater(count, 1)
        self.assertTrue(least <= average <= greatest, output)

    def test_monitor_shows_commands_as_they_run(self):
        started = threading.Event()

        def enough(text):
            if text.startswith("OK") and not started.is_set():
                started.set()
                with self.node.connect() as connection:
                    connection.call("SET", "monitored", "a \"quoted\"\n\x01value")
                    connection.call("HSET", "h", "f", "v")
                    connection.ask("AUTH", "secret")
                    connection.call("GET", "monitored")
            return '"GET" "monitored"' in text and text.endswith("\n")

        text = self.lines_of("MONITOR", enough=enough)
        lines = [line for line in text.splitlines() if '"' in line]
        expected = ['"SET" "monitored" "a \\"quoted\\"\\n\\x01value"', '"HSET" "h" "f" "v"', '"GET" "monitored"']
        self.assertEqual([line.split("] ", 1)[1] for line in lines if "redacted" not in line], expected, text)
        for line in lines:
            self.assertRegex(line, r'^\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "')
        self.assertNotIn("secret", text)
