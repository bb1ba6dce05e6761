"""Users: the file they are kept in, what becomes of connections when they change, and commands that go to other nodes."""

import os
import subprocess

from integration.lib.case import Case
from integration.lib.resp import ReplyError
from integration.lib.router import RouterCase, key_in
from integration.lib.server import GUCCHO, Server
from integration.lib.slots import slot_of
from integration.lib.wait import until

REFUSAL_SECONDS = 10
WAIT_SECONDS = 10


class Users(Case):
    def one_node(self, **directives):
        server = self.server(GUCCHO, **directives)
        server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: server.cluster_info()["cluster_state"] == "ok", WAIT_SECONDS, "the node serves")
        return server

    def key_of_worker(self, worker, workers=3):
        return next(f"k{i}" for i in range(1000) if slot_of(f"k{i}") % workers == worker)

    def test_rules_hold_on_every_worker(self):
        server = self.one_node(io_threads=3)
        server.call("ACL", "SETUSER", "u", "on", ">pw", "+@all", "-append", "%R~k*")
        for _ in range(6):  # connections go to the workers in turn
            with server.connect() as c:
                c.call("AUTH", "u", "pw")
                for worker in range(3):
                    key = self.key_of_worker(worker)
                    self.assertIsNone(c.ask("GET", key))
                    self.assertRegex(str(c.ask("SET", key, "v")), "^NOPERM No permissions to access a key")
                    self.assertEqual(str(c.ask("APPEND", key, "v")),
                                     "NOPERM User u has no permissions to run the 'append' command")

    def test_a_subscriber_who_may_not_receive_any_more_is_closed(self):
        server = self.one_node(io_threads=3)
        server.call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "&a*", "&b")
        for words in (("SUBSCRIBE", "a1"), ("PSUBSCRIBE", "a*"), ("SSUBSCRIBE", "a2")):
            with server.connect() as stays, server.connect() as goes:
                stays.call("AUTH", "u", "x")
                goes.call("AUTH", "u", "x")
                self.assertEqual(stays.call("SUBSCRIBE", "b")[1], b"b")
                self.assertEqual(goes.call(*words)[1], words[1].encode())
                server.call("ACL", "SETUSER", "u", "resetchannels", "&b")
                self.assertRaises((EOFError, OSError), goes.read)
                server.call("PUBLISH", "b", "hello")
                self.assertEqual(stays.read(), [b"message", b"b", b"hello"])
            server.call("ACL", "SETUSER", "u", "&a*")

    def test_a_change_reaches_open_connections(self):
        server = self.one_node(io_threads=3)
        server.call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
        connections = [server.connect() for _ in range(6)]
        for c in connections:
            c.call("AUTH", "u", "x")
            c.call("SET", "k", "v")
        server.call("ACL", "SETUSER", "u", "-set")
        for c in connections:
            self.assertRegex(str(c.ask("SET", "k", "v")), "NOPERM")
            self.assertEqual(c.ask("GET", "k"), b"v")
        server.call("ACL", "DELUSER", "u")
        for c in connections:
            with self.assertRaises((EOFError, ConnectionResetError, BrokenPipeError)):
                c.call("PING")

    def test_exec_on_another_worker_asks_again(self):
        server = self.one_node(io_threads=3)
        server.call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
        for worker in range(3):
            key = self.key_of_worker(worker)
            with server.connect() as c:
                c.call("AUTH", "u", "x")
                c.call("MULTI")
                c.call("SET", key, "v")
                c.call("GET", key)
                server.call("ACL", "SETUSER", "u", "-get")
                replies = c.ask("EXEC")
                self.assertEqual(replies[0], "OK")
                self.assertRegex(str(replies[1]), "^NOPERM ACLs rules changed between")
                server.call("ACL", "SETUSER", "u", "+get")
        entries = server.call("ACL", "LOG")
        self.assertEqual(dict(zip(entries[0][::2], entries[0][1::2]))[b"count"], 3)

    def test_log(self):
        server = self.one_node()
        server.call("ACL", "SETUSER", "u", "on", ">pw", "+get", "~a")
        with server.connect() as c:
            c.ask("AUTH", "u", "wrong")
            c.ask("AUTH", "u", "pw")
            c.ask("SET", "a", "v")
            c.ask("GET", "b")
            c.ask("GET", "b")
        entries = [dict(zip(e[::2], e[1::2])) for e in server.call("ACL", "LOG")]
        self.assertEqual([(e[b"reason"], e[b"object"], e[b"username"], e[b"count"], e[b"context"]) for e in entries],
                         [(b"key", b"b", b"u", 2, b"toplevel"), (b"command", b"set", b"u", 1, b"toplevel"),
                          (b"auth", b"AUTH", b"u", 1, b"toplevel")])
        self.assertEqual([e[b"entry-id"] for e in entries], [2, 1, 0])
        self.assertIn(b"cmd=get user=u", entries[0][b"client-info"])
        self.assertLessEqual(entries[0][b"timestamp-created"], entries[0][b"timestamp-last-updated"])
        self.assertEqual(len(server.call("ACL", "LOG", 1)), 1)
        stats = server.call("INFO", "stats")
        for line in (b"acl_access_denied_auth:1", b"acl_access_denied_cmd:1", b"acl_access_denied_key:2"):
            self.assertIn(line, stats if isinstance(stats, bytes) else stats.encode())

    def test_config_rewrite_keeps_users(self):
        server = self.one_node(user=["u on >pw ~k* +get", "v off"])
        self.assertEqual(server.call("ACL", "USERS"), [b"default", b"u", b"v"])
        server.call("ACL", "DELUSER", "v")
        server.call("ACL", "SETUSER", "w", "on", "nopass", "+@read")
        server.call("CONFIG", "REWRITE")
        expected = server.call("ACL", "LIST")
        with open(os.path.join(server.directory, "redis.conf")) as file:
            conf = file.read()
        self.assertNotIn(">pw", conf)
        self.assertEqual(sum(line.startswith("user ") for line in conf.splitlines()), 3)
        # Started by hand: start() writes the file anew.
        server.kill()
        server.process = subprocess.Popen([server.kind.executable, os.path.join(server.directory, "redis.conf")],
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL, cwd=server.directory)
        until(server._answers, WAIT_SECONDS, "it answers again")
        self.assertEqual(server.call("ACL", "LIST"), expected)

    def test_aclfile(self):
        directory = self.server(GUCCHO).directory  # of a node that holds no users' file
        path = os.path.join(directory, "users.acl")
        with open(path, "w") as file:
            file.write("user u on >pw +@all ~*\nuser gone on nopass +@all\n")
        server = self.one_node(aclfile=path)
        self.assertEqual(server.call("ACL", "USERS"), [b"default", b"gone", b"u"])
        u, gone = server.connect(), server.connect()
        u.call("AUTH", "u", "pw")
        gone.call("AUTH", "gone", "x")
        server.call("ACL", "SETUSER", "w", "on")
        server.call("ACL", "SAVE")
        with open(path) as file:
            saved = file.read()
        self.assertEqual(saved.splitlines(), [line.decode() for line in server.call("ACL", "LIST")])
        with open(path, "w") as file:
            file.write("".join(line + "\n" for line in saved.splitlines() if not line.startswith("user gone")))
        server.call("ACL", "LOAD")
        self.assertEqual(server.call("ACL", "USERS"), [b"default", b"u", b"w"])
        self.assertEqual(u.call("PING"), "PONG")
        with self.assertRaises((EOFError, ConnectionResetError, BrokenPipeError)):
            gone.call("PING")
        with open(path, "w") as file:
            file.write("user u on +nosuch\nperson\n")
        with self.assertRaisesRegex(ReplyError, r"users.acl:1: Error in applying operation '\+nosuch'.*:2 should start"):
            server.call("ACL", "LOAD")
        self.assertEqual(server.call("ACL", "USERS"), [b"default", b"u", b"w"])


class Start(Case):
    def refused(self, pattern, files=(), **directives):
        server = Server(GUCCHO, **directives)
        self.addCleanup(server.remove)
        for name, text in files:
            with open(os.path.join(server.directory, name), "w") as file:
                file.write(text)
        server.start(wait=False)
        self.assertGreater(server.process.wait(REFUSAL_SECONDS), 0)
        self.assertRegex(server.log().strip().splitlines()[-1], pattern)

    def test_bad_user_lines(self):
        self.refused(r"redis.conf:\d+: user: Error in ACL SETUSER modifier '\+nosuch'", user="u +nosuch")
        self.refused(r"redis.conf:\d+: user: 'u' is already defined at .*redis.conf:\d+", user=["u on", "u off"])
        self.refused(r"redis.conf:\d+: user: Unmatched parenthesis", user="u (+get")

    def test_bad_aclfile(self):
        self.refused("aclfile: .*No such file", aclfile="nosuch.acl")
        self.refused("aclfile: users.acl:1: Syntax error", [("users.acl", "user u wrong\n")], aclfile="users.acl")
        self.refused(r"redis.conf:\d+: user: users are in the aclfile", user="u on", aclfile="users.acl")


class OnTheRouterPort(RouterCase):
    def test_the_clients_rules_hold_where_it_is_connected(self):
        cluster = self.routed(3, 0)
        for server in cluster.servers:
            server.call("ACL", "SETUSER", "inside", "on", ">secret", "allkeys", "allchannels", "+@all")
            server.call("CONFIG", "SET", "masteruser", "inside", "masterauth", "secret")
            server.call("ACL", "SETUSER", "default", "off")
        # Only the node that the client is connected to knows this user.
        first = cluster.servers[0]
        admin = first.connect()
        admin.call("AUTH", "inside", "secret")
        admin.call("ACL", "SETUSER", "u", "on", ">pw", "~own*", "+@all", "-append")
        connection = self.raw(first)
        self.assertIn("NOAUTH", str(connection.ask("GET", "own")))
        connection.call("AUTH", "u", "pw")
        for low, high in ((0, 5000), (6000, 10000), (11000, 16383)):
            key = key_in(low, high, "own")
            self.assertEqual(connection.ask("SET", key, "v"), "OK")
            self.assertEqual(connection.ask("GET", key), b"v")
            self.assertRegex(str(connection.ask("APPEND", key, "v")), "^NOPERM User u")
            self.assertRegex(str(connection.ask("GET", key_in(low, high, "other"))), "^NOPERM No permissions")
            self.assertEqual(connection.pipeline([("MULTI",), ("SET", key, "w"), ("GET", key), ("EXEC",)])[3], ["OK", b"w"])
            connection.call("MULTI")
            connection.call("GET", key)
            admin.call("ACL", "SETUSER", "u", "-get")
            self.assertRegex(str(connection.ask("EXEC")), "^(EXECABORT|.*NOPERM)")
            admin.call("ACL", "SETUSER", "u", "+get")
