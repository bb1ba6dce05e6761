"""The client program over redis-py's cluster client; see ../README.md."""

import json
import random
import select
import sys
import time

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisError


def check(got, want, what):
    if got != want:
        sys.exit(f"{what}: {got!r} instead of {want!r}")


def families(client):
    check(client.set("py:s", "v"), True, "SET")
    check(client.get("py:s"), b"v", "GET")
    check(client.append("py:s", "w"), 2, "APPEND")
    check(client.incrby("py:n", 5), 5, "INCRBY")
    check(client.incrbyfloat("py:f", 1.5), 1.5, "INCRBYFLOAT")
    check(client.mset_nonatomic({f"py:m:{n}": n for n in range(50)}) is not None, True, "MSET over slots")
    check(client.mget_nonatomic([f"py:m:{n}" for n in range(50)]), [b"%d" % n for n in range(50)], "MGET over slots")
    check(client.expire("py:s", 1000), True, "EXPIRE")
    check(client.ttl("py:s") > 990, True, "TTL")
    check(client.hset("py:h", mapping={"a": 1, "b": 2}), 2, "HSET")
    check(client.hgetall("py:h"), {b"a": b"1", b"b": b"2"}, "HGETALL")
    check(client.hincrby("py:h", "a", 4), 5, "HINCRBY")
    with client.pipeline(transaction=True) as transaction:
        transaction.set("{py}x", "1").incr("{py}x").get("{py}x")
        check(transaction.execute()[1:], [2, b"2"], "MULTI")
    names = set(client.scan_iter(match="py:m:*", count=100))
    check(len(names), 50, "SCAN")


def main():
    addresses = [address.rsplit(":", 1) for address in sys.argv[1].split(",")]
    tls = {"ssl": True, "ssl_ca_certs": sys.argv[2]} if len(sys.argv) > 2 else {}
    client = RedisCluster(startup_nodes=[ClusterNode(host, int(port)) for host, port in addresses],
                          socket_timeout=2, **tls)
    families(client)
    print("ready", flush=True)

    acknowledged, errors, gap, last, number = [], 0, 0.0, time.monotonic(), 0
    wrong = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        number += 1
        while True:
            try:
                client.set(f"py:w:{number}", f"value {number}")
                break
            except (RedisError, OSError):
                errors += 1
                time.sleep(0.01)
        gap, last = max(gap, time.monotonic() - last), time.monotonic()
        acknowledged.append(number)
        if number % 5 == 0:
            seen = random.choice(acknowledged)
            try:
                value = client.get(f"py:w:{seen}")
                wrong += value not in (None, b"value %d" % seen)
            except (RedisError, OSError):
                errors += 1
    lost = 0
    for seen in acknowledged:
        value = client.get(f"py:w:{seen}")
        lost += value is None
        wrong += value not in (None, b"value %d" % seen)
    print(json.dumps({"written": len(acknowledged), "lost": lost, "wrong": wrong, "errors": errors,
                      "longest_gap_ms": round(gap * 1000)}))


main()
