"""The operator over real nodes: formation, the commands, and what happens while it is away (issue 3, "Done when" 8)."""

import os
import shutil
import signal
import subprocess
import time

from integration.lib.case import Case
from integration.lib.local import GUCCHO, LocalCluster, running
from integration.lib.server import BINARIES, die_with_parent
from integration.lib.wait import hold, until


class OperatorCase(Case):
    def local(self, *arguments, **spec):
        cluster = LocalCluster(*arguments, **spec)
        self._started.append(cluster)
        self.addCleanup(cluster.remove)
        return cluster

    def describe(self):
        return "\n".join(started.describe() for started in self._started)


class Life(OperatorCase):
    def test_up_status_and_down(self):
        cluster = self.local(3, 1).up().wait_settled()
        nodes = cluster.nodes()
        self.assertEqual(sorted(node.role for node in nodes), ["primary"] * 3 + ["replica"] * 3)
        self.assertEqual({node.place for node in nodes}, {f"{shard}-{n}" for shard in range(3) for n in range(2)})
        # Every node's own view agrees.
        for node in nodes:
            info = node.call("CLUSTER", "INFO").decode()
            self.assertIn("cluster_state:ok", info)
            self.assertIn("cluster_known_nodes:6", info)
        self.assertIn("nothing is to be done", cluster.run("plan").stdout)

        second = cluster.run("up", "-f", cluster.file, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"in use by process {cluster.operator.pid}: another operator keeps this cluster", second.stderr)

        # Ctrl-C ends the operator and nothing else.
        self.assertEqual(cluster.kill_operator(signal.SIGINT), 0)
        self.assertEqual([node.pid for node in cluster.nodes()], [node.pid for node in nodes])
        cluster.up(file=False).wait_settled()
        self.assertEqual([node.pid for node in cluster.nodes()], [node.pid for node in nodes], "adopted, not restarted")

        # down ends the operator too.
        cluster.down()
        self.assertEqual(cluster.still_running(), set())
        cluster.up(file=False).wait_settled()
        cluster.down("--purge")
        self.assertEqual(cluster.still_running(), set())
        self.assertFalse(os.path.exists(cluster.state))

    def test_a_killed_primary_is_replaced_while_no_operator_runs(self):
        cluster = self.local(3, 1).up().wait_settled()
        cluster.kill_operator()
        victim = next(node for node in cluster.nodes() if node.slots)
        cluster.run("kill", victim.place)
        replica = until(lambda: next((node for node in cluster.nodes()
                                      if node.slots == victim.slots and node.id != victim.id), None),
                        30, f"another node owns {victim.slots}")
        self.assertEqual(replica.place.split("-")[0], victim.place.split("-")[0])
        # The supervisor starts it again, and it follows its successor.
        back = until(lambda: next((node for node in cluster.nodes()
                                   if node.id == victim.id and node.role == "replica" and node.in_sync), None),
                     30, "the old primary is an in-sync replica")
        self.assertNotEqual(back.pid, victim.pid)

    def test_a_killed_supervisor_is_put_back_and_its_node_goes_on(self):
        cluster = self.local(1, 2).up().wait_settled()
        node = cluster.node("0-1")
        pid, start_time = cluster.supervisors()["0-1"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: cluster.supervisors()["0-1"] != (pid, start_time), 20, "another supervisor of 0-1")
        self.assertEqual(cluster.node("0-1").pid, node.pid)
        cluster.down()
        self.assertEqual(cluster.still_running(), set())


class KilledOperator(OperatorCase):
    def up_until(self, cluster, step):
        """An operator that is killed with SIGKILL as soon as it has taken this step."""
        seen = len(cluster.events())
        cluster.up(file=False)
        deadline = time.monotonic() + 30
        while not any(f" {step}: " in line for line in cluster.events()[seen:]):
            self.assertLess(time.monotonic(), deadline, f"no step {step}")
            self.assertIsNone(cluster.operator.poll(), "the operator ended")
            time.sleep(0.001)
        cluster.kill_operator()

    def resource_only(self, cluster):
        """The resource is applied, and the operator killed before it did anything (or much)."""
        cluster.up()
        cluster.kill_operator()

    def test_at_each_step_of_formation(self):
        cluster = self.local(3, 1)
        self.resource_only(cluster)
        terms = []
        for step in ("EnsureShard", "Meet", "AssignSlots", "Replicate"):
            if not any(f" {step}: " in line for line in cluster.events()):
                self.up_until(cluster, step)
            with open(os.path.join(cluster.state, "term")) as file:
                terms.append(int(file.read()))
        cluster.up(file=False).wait_settled()
        self.assertEqual(terms, sorted(terms), "terms never go down")
        pids = {node.pid for node in cluster.nodes()}
        hold(lambda: {node.pid for node in cluster.nodes()} == pids, 2, "no node is restarted")

    def test_again_and_again(self):
        cluster = self.local(3, 1)
        for delay in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8):
            cluster.up()
            time.sleep(delay)  # when to kill, not what to wait for
            cluster.kill_operator()
        cluster.up().wait_settled()

    def test_at_each_step_of_scaling(self):
        cluster = self.local(3, 1).up().wait_settled()
        cluster.kill_operator()
        cluster.run("scale", "--replicas-per-primary", "2")
        cluster.spec["replicasPerPrimary"] = 2
        self.up_until(cluster, "EnsureShard")
        self.up_until(cluster, "Replicate")
        cluster.up(file=False).wait_settled()
        cluster.kill_operator()

        # The primary of shard 0 sits in the place that goes first, so that its role must move before.
        highest = cluster.node("0-2")
        self.assertEqual(highest.call("CLUSTER", "FAILOVER"), "OK")
        until(lambda: cluster.node("0-2").role == "primary", 20, "0-2 is primary")
        cluster.run("scale", "--replicas-per-primary", "1")
        cluster.spec["replicasPerPrimary"] = 1
        for step in ("Failover", "Forget", "RemoveHighest", "ReleaseStorage"):
            self.up_until(cluster, step)
        cluster.up(file=False).wait_settled()
        left = os.listdir(os.path.join(cluster.state, "nodes"))
        until(lambda: sorted(os.listdir(os.path.join(cluster.state, "nodes"))) ==
              [f"{shard}-{n}" for shard in range(3) for n in range(2)], 20, f"storage is released ({left})")


class Commands(OperatorCase):
    def test_bad_files_are_refused_by_field(self):
        cluster = self.local(3, 1)
        cases = [({"primaries": 0}, "spec.primaries"), ({"replicasPerPrimary": -1}, "spec.replicasPerPrimary"),
                 ({"colour": "blue"}, "spec.colour"), ({"version": "9.9.9"}, "spec.version"),
                 ({"config": {"port": 1}}, "spec.config"),
                 ({"config": {"metrics-port": 9121}}, "spec.config.metrics-port"),
                 ({"config": {"maxmemory-policy": "allkeys-lru2"}}, "spec.config.maxmemory-policy"),
                 ({"config": {"tls-cluster": "yes"}}, "spec.config.tls-cluster"),
                 ({"persistence": {"mode": "log"}}, "spec.persistence.mode"),
                 ({"auth": {"passwordFile": "none"}}, "spec.auth.passwordFile"),
                 ({"local": {"host": "10.0.0.300"}}, "spec.local.host: '10.0.0.300' is no IP address")]
        good = dict(cluster.spec)
        for change, field in cases:
            cluster.spec = dict(good)
            cluster.write(**change)
            refused = cluster.run("up", "-f", cluster.file, check=False)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
            self.assertIn(field, refused.stderr)
            self.assertFalse(os.path.exists(cluster.state))
        missing = cluster.run("up", "-f", "/no/such/file", check=False)
        self.assertEqual((missing.returncode, missing.stderr),
                         (2, "guccho: /no/such/file: No such file or directory\n"))

    def test_a_bad_change_of_a_healthy_cluster_changes_nothing(self):
        cluster = self.local(1, 1).up().wait_settled()
        cluster.kill_operator()

        def files():
            found = {}
            for place in ("0-0", "0-1"):
                with open(os.path.join(cluster.state, "nodes", place, "node.conf")) as file:
                    found[place] = file.read()
            with open(os.path.join(cluster.state, "resource.json")) as file:
                return found, file.read()

        before = files()
        good = dict(cluster.spec)
        cluster.write(replicasPerPrimary=2, config={"maxmemory-policy": "allkeys-lru2"})
        refused = cluster.run("up", "-f", cluster.file, check=False)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertEqual(files(), before)
        cluster.spec = good
        cluster.up(file=False).wait_settled()

    def test_a_state_directory_that_cannot_be_had_is_no_bad_usage(self):
        cluster = self.local(1, 0)
        cluster.state = os.path.join(cluster.file, "below-a-file")
        refused = cluster.run("up", "-f", cluster.file, check=False)
        self.assertEqual((refused.returncode, refused.stderr.count("\n")), (1, 1), refused.stderr)
        # The directory with the file itself: what is in it is not ours to delete later.
        cluster.state = cluster.directory
        refused = cluster.run("up", "-f", cluster.file, check=False)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("choose an empty directory with --state", refused.stderr)
        self.assertEqual(os.listdir(cluster.directory), ["cluster.yaml"])
        cluster.state = os.path.join(cluster.directory, "s")

    def test_purge_leaves_what_it_did_not_make(self):
        cluster = self.local(1, 0).up().wait_settled()
        mine = os.path.join(cluster.state, "notes.txt")
        with open(mine, "w") as file:
            file.write("mine")
        self.assertIn("it holds other files", cluster.down("--purge").stdout)
        self.assertEqual(os.listdir(cluster.state), ["notes.txt"])
        self.assertEqual(cluster.still_running(), set())

    def test_down_says_what_is_lost_and_wants_to_be_meant(self):
        cluster = self.local(1, 1).up().wait_settled()
        nodes = [node.pid for node in cluster.nodes()]
        for arguments in ((), ("--purge",)):
            refused = cluster.run("down", *arguments, check=False)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertIn("--yes says that it is meant", refused.stderr)
        self.assertIn("every key: nothing is kept on disk", cluster.run("down", check=False).stderr)
        self.assertIsNone(cluster.operator.poll(), "not even the operator was ended")
        self.assertEqual([node.pid for node in cluster.nodes()], nodes)
        cluster.down()
        self.assertEqual(cluster.still_running(), set())

    def test_down_of_nodes_whose_program_lies_elsewhere(self):
        cluster = self.local(1, 1)
        alone = os.path.join(cluster.directory, "bin", "guccho")  # without a guccho-node beside it
        os.mkdir(os.path.dirname(alone))
        shutil.copy(GUCCHO, alone)
        refused = subprocess.run([alone, "up", "--state", cluster.state, "-f", cluster.file], text=True,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("give --node-program FILE", refused.stderr)
        cluster.up("--node-program", os.path.join(BINARIES, "guccho-node"), program=alone).wait_settled()
        cluster.kill_operator()
        cluster.up(file=False, program=alone).wait_settled()  # as it was told before
        # One that only a new supervisor can end in an orderly way.
        cluster.kill_operator()
        pid, _ = cluster.supervisors()["0-1"]
        os.kill(pid, signal.SIGKILL)
        cluster.nodes()
        done = subprocess.run([alone, "down", "--state", cluster.state, "--yes"], text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stderr)
        cluster.supervisors()
        self.assertEqual(cluster.still_running(), set())

    def test_the_operator_program_does_the_same(self):
        cluster = self.local(1, 1)
        program = os.path.join(BINARIES, "guccho-operator")
        with open(cluster.log_path, "ab") as log:
            cluster.operator = subprocess.Popen([program, "--backend", "local", "--state", cluster.state, "-f",
                                                 cluster.file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                preexec_fn=die_with_parent)
        until(lambda: os.path.exists(os.path.join(cluster.state, "resource.json")), 10, "the resource is applied")
        cluster.wait_settled()
        self.assertEqual(cluster.kill_operator(signal.SIGTERM), 0)
        with open(cluster.log_path) as file:
            self.assertIn("AssignSlots: assign slots 0-16383 to 0-0", file.read())

    def test_commands_without_a_cluster(self):
        cluster = self.local(3, 1)
        for command in (["status"], ["plan"], ["kill", "0-0"], ["down"], ["scale", "--replicas-per-primary", "1"]):
            refused = cluster.run(*command, check=False)
            self.assertEqual(refused.returncode, 1, command)
            self.assertIn("there is no cluster", refused.stderr)

    def test_scale_and_kill(self):
        cluster = self.local(3, 0).up().wait_settled()
        refused = cluster.run("scale", "--primaries", "5", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("ScaleOutBlocked", refused.stderr)
        self.assertEqual(cluster.run("scale", "--replicas-per-primary", "99", check=False).returncode, 2)
        cluster.run("scale", "--replicas-per-primary", "1")
        cluster.spec["replicasPerPrimary"] = 1
        cluster.wait_settled()

        self.assertIn("names 0 nodes", cluster.run("kill", "7-7", check=False).stderr)
        self.assertEqual(cluster.run("kill", "0-0", "--signal", "NONSENSE", check=False).returncode, 2)
        node = cluster.node("0-1")
        cluster.run("kill", node.id[:10])
        until(lambda: not running(node.pid), 5, "it is dead")
        cluster.wait_settled()
