#!/usr/bin/env python3
"""RDB against the real thing: redis-server's dump through our reader, keyspace, snapshot and writer, back into
redis-server, compared by DEBUG DIGEST and by every expiry. Usage: rdb_compat.py PATH_OF_rdb_roundtrip"""

import atexit
import os
import random
import subprocess
import sys
import tempfile
import time

import redis

PORTS = iter(range(20100, 20110))


class Server:
    """A redis-server on its own directory, optionally with a dump.rdb to start from."""

    def __init__(self, *options, dump=None):
        self.dir = tempfile.TemporaryDirectory(prefix="guccho-rdb-")
        if dump is not None:
            with open(self.path("dump.rdb"), "wb") as f:
                f.write(dump)
        port = next(PORTS)
        self.log = self.path("log")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", self.dir.name, "--save", "",
             "--enable-debug-command", "yes", "--logfile", self.log, *options])
        atexit.register(self.process.kill)  # also when a check fails
        self.client = redis.Redis(port=port)
        deadline = time.time() + 20
        while True:
            try:
                self.client.ping()
                return
            except redis.exceptions.RedisError:
                if time.time() > deadline or self.process.poll() is not None:
                    raise SystemExit("redis-server did not start:\n" + open(self.log).read())
                time.sleep(0.02)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def save(self):
        self.client.save()
        with open(self.path("dump.rdb"), "rb") as f:
            return f.read()

    def stop(self):
        self.client.shutdown(nosave=True)
        self.process.wait(10)


def fill(client, rng):
    pipe = client.pipeline(transaction=False)
    integers = [0, 1, -1, 127, 128, -128, -129, 32767, 32768, 2**31 - 1, 2**31, -2**31, 2**63 - 1, -2**63]
    for n in integers:
        pipe.set(f"int:{n}", n)
    for size in [0, 1, 10, 11, 12, 20, 21, 63, 64, 100, 16383, 16384, 100000, 3000000]:
        pipe.set(f"noise:{size}", rng.randbytes(size))
        pipe.set(f"repeat:{size}", b"abc" * (size // 3))
    for i in range(3000):
        pipe.set(f"key:{i}", rng.randbytes(rng.randrange(60)), px=rng.choice([None, rng.randrange(10**8, 10**12)]))
    pipe.set(rng.randbytes(500), "long binary key")
    for i in range(300):
        fields = rng.choice([1, 2, 10, 128, 129, 600])
        values = {}
        for f in range(fields):
            field = rng.choice([str(f), f"field{f}", -f, rng.randbytes(rng.randrange(1, 70)), f * 10**9])
            values[field] = rng.choice([f, "", -f * 12345, rng.randbytes(rng.randrange(80)), f"value{f}" * 5, 2**40 + f])
        pipe.hset(f"hash:{i}", mapping=values)
        if i % 3 == 0:
            pipe.pexpireat(f"hash:{i}", 4_000_000_000_000 + i)
    pipe.hset("hash:big", mapping={f"f{i}": i for i in range(100000)})
    for i in range(300):
        size = rng.choice([1, 2, 10, 128, 129, 512, 513, 2000])
        element = rng.choice([lambda n: n, lambda n: f"element{n}", lambda n: rng.randbytes(rng.randrange(80)),
                              lambda n: rng.choice([-n * 10**9, b"x" * rng.randrange(300)])])
        for at in range(0, size, 500):
            pipe.rpush(f"list:{i}", *(element(n) for n in range(at, min(size, at + 500))))
            pipe.sadd(f"set:{i}", *(element(n) for n in range(at, min(size, at + 500))))
    pipe.rpush("list:large", *(b"y" * n for n in (5, 9000, 70000, 3, 9000)))
    for at in range(0, 100000, 1000):
        pipe.rpush("list:big", *range(at, at + 1000))
        pipe.sadd("set:big", *(f"member{n}" for n in range(at, at + 1000)))
    for i in range(200):
        members = {str(rng.randrange(1000)) if j % 2 else f"member{j}": rng.choice(
            [rng.randrange(-1000, 1000), rng.uniform(-1e3, 1e3), rng.uniform(-1, 1) * 1e300, float("inf"), float("-inf")])
            for j in range(rng.choice([1, 5, 127, 128, 129, 300]))}
        pipe.zadd(f"zset:{i}", members)
    pipe.zadd("zset:big", {f"m{i}": rng.random() for i in range(100000)})
    pipe.zadd("zset:wide", {"w" * 5000: 1.5, "v" * 65: 1.5})
    pipe.execute()
    fill_streams(client, rng)


def fill_streams(client, rng):
    """Streams of one block and of many, with deleted entries, with groups whose entries belong to several consumers."""
    pipe = client.pipeline(transaction=False)
    for i in range(40):
        key, ms = f"stream:{i}", 10**12
        for n in range(rng.choice([1, 5, 99, 100, 101, 1000])):
            ms += rng.randrange(3)
            fields = {"sensor": n, "value": rng.choice([n * 10**8, -n, "text", rng.randbytes(rng.randrange(90))])}
            if rng.randrange(10) == 0:
                fields = {f"field{f}": rng.randbytes(rng.randrange(30)) for f in range(rng.randrange(1, 4))}
            pipe.xadd(key, fields, id=f"{ms}-{n}")
            if rng.randrange(8) == 0:
                pipe.xdel(key, f"{ms}-{n}")
        for group in range(rng.randrange(4)):
            pipe.xgroup_create(key, f"group{group}", id="0")
            for consumer in range(rng.randrange(4)):
                pipe.xreadgroup(f"group{group}", f"consumer{consumer}", {key: ">"}, count=rng.choice([1, 10, 300]))
            pipe.xack(key, f"group{group}", f"{10**12}-0", f"{10**12 + 1}-1")
        if i % 5 == 0:
            pipe.execute_command("XTRIM", key, "MAXLEN", "7")
    pipe.xgroup_create("stream:empty", "group", id="0", mkstream=True)
    pipe.execute()


def groups(client):
    """What the digest leaves out: pending entries, counters."""
    found = {}
    for key in client.scan_iter("stream:*"):
        reply = client.execute_command("XINFO", "STREAM", key, "FULL", "COUNT", 0)
        found[key] = repr(reply)
    return found


def expiries(client):
    keys = sorted(client.keys("*"))
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.execute_command("PEXPIRETIME", key)
        pipe.object("encoding", key)
    answers = pipe.execute()
    return dict(zip(keys, zip(answers[::2], answers[1::2])))


def check(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")
    print(f"ok: {what}")


def main():
    tool = sys.argv[1]
    rng = random.Random(20)
    for options in (["--rdbcompression", "yes"], ["--rdbcompression", "no", "--rdbchecksum", "no"]):
        source = Server(*options)
        fill(source.client, rng)
        dump = source.save()
        digest = source.client.execute_command("DEBUG", "DIGEST")
        expected, expected_groups = expiries(source.client), groups(source.client)
        source.stop()
        for flags in ([], ["--no-compress"]):
            label = " ".join(options + flags)
            ours = subprocess.run([tool, *flags], input=dump, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            check(ours.returncode == 0, f"{label}: our reader takes redis-server's dump {ours.stderr[-200:]}")
            with tempfile.NamedTemporaryFile() as f:
                f.write(ours.stdout)
                f.flush()
                verdict = subprocess.run(["redis-check-rdb", f.name], stdout=subprocess.PIPE)
                check(verdict.returncode == 0, f"{label}: redis-check-rdb accepts ours")
            target = Server(dump=ours.stdout)
            check("Done loading RDB, keys loaded: %d" % len(expected) in open(target.log).read(),
                  f"{label}: redis-server starts from ours")
            check(target.client.execute_command("DEBUG", "DIGEST") == digest, f"{label}: same digest")
            check(expiries(target.client) == expected, f"{label}: same expiries and encodings")
            check(groups(target.client) == expected_groups, f"{label}: same streams, groups and pending entries")
            check(target.client.execute_command("DEBUG", "RELOAD") in (b"OK", True), f"{label}: DEBUG RELOAD")
            check(target.client.execute_command("DEBUG", "DIGEST") == digest, f"{label}: same digest after it")
            target.stop()


if __name__ == "__main__":
    main()
