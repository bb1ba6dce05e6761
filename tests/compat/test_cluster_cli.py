"""redis-cli --cluster create, check and info against nodes that were started by hand (done-when 2)."""

import re
import subprocess

from integration.lib.case import Case
from integration.lib.wait import until

CLI_SECONDS = 60


def redis_cli(*arguments):
    done = subprocess.run(["redis-cli", "--cluster", *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=CLI_SECONDS)
    return done.returncode, done.stdout + done.stderr


class ClusterCli(Case):
    def test_create_check_and_info(self):
        cluster = self.cluster(primaries=3, replicas=1, form=False)
        addresses = [f"127.0.0.1:{server.port}" for server in cluster.servers]
        status, output = redis_cli("create", *addresses, "--cluster-replicas", 1, "--cluster-yes")
        self.assertEqual(status, 0, output)
        self.assertIn("[OK] All nodes agree about slots configuration.", output)
        self.assertIn("[OK] All 16384 slots covered.", output)
        cluster.wait_healthy()

        for address in addresses:
            status, output = redis_cli("check", address)
            self.assertEqual(status, 0, output)
            self.assertIn("[OK] All nodes agree about slots configuration.", output)
            self.assertNotIn("[WARNING]", output)
            self.assertNotIn("[ERR]", output)

        keys = 200
        for number in range(keys):
            with_key = f"key:{number}"
            for server in cluster.servers[:3]:
                if not str(server.ask("SET", with_key, "v")).startswith("MOVED"):
                    break
        cluster.wait_replicated()
        status, output = redis_cli("info", addresses[-1])
        self.assertEqual(status, 0, output)
        self.assertIn(f"[OK] {keys} keys in 3 primaries.", output.replace("masters", "primaries"))
        self.assertEqual(re.findall(r"\| (\d+) slots \| 1 slaves", output).__len__(), 3, output)

    def test_create_is_refused_for_nodes_that_already_have_slots(self):
        cluster = self.cluster(primaries=3, replicas=0)
        addresses = [f"127.0.0.1:{server.port}" for server in cluster.servers]
        status, output = redis_cli("create", *addresses, "--cluster-yes")
        self.assertNotEqual(status, 0)
        self.assertIn("is not empty", output)

    def test_call_reaches_every_node(self):
        cluster = self.cluster(primaries=3, replicas=0)
        status, output = redis_cli("call", f"127.0.0.1:{cluster.servers[0].port}", "PING")
        self.assertEqual(status, 0, output)
        self.assertEqual(output.count("PONG"), 3, output)

    def test_links_are_listed_in_pairs(self):
        """Outbound and inbound of one peer side by side: redis-py's tests pair them by position."""
        cluster = self.cluster(primaries=3, replicas=0)
        first = cluster.servers[0]
        peers = {server.node_id().encode() for server in cluster.servers[1:]}

        def links():
            return [dict(zip(link[::2], link[1::2])) for link in first.call("CLUSTER", "LINKS")]

        until(lambda: len(links()) == 4, 20, "both directions of both peers")
        listed = [(link[b"direction"], link[b"node"]) for link in links()]
        self.assertEqual([direction for direction, _ in listed], [b"to", b"from"] * 2)
        self.assertEqual([node for _, node in listed[::2]], [node for _, node in listed[1::2]])
        self.assertEqual({node for _, node in listed}, peers)

    def test_failed_node_is_reported(self):
        cluster = self.cluster(primaries=3, replicas=0)
        cluster.servers[2].kill()
        until(lambda: any(node.failed() for node in cluster.servers[0].cluster_nodes()), 20, "the failure is agreed on")
        status, output = redis_cli("check", f"127.0.0.1:{cluster.servers[0].port}")
        self.assertNotEqual(status, 0, output)
        self.assertIn("[ERR] Not all 16384 slots are covered by nodes.", output)
