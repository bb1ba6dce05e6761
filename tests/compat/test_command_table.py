"""The names of all commands; COMMAND INFO and the ACL categories of every command that both redis-server and we have."""

from integration.lib import resp
from integration.lib.case import Case
from integration.lib.server import GUCCHO, REDIS

# Where 7.2 says otherwise than the 7.0 that is installed. Full name of the command -> field -> why.
CHANGED = {
    "wait": {"flags": "7.2 lets scripts call it"},
    "zrank": {"arity": "WITHSCORE came with 7.2"},
    "zrevrank": {"arity": "WITHSCORE came with 7.2"},
}

# What redis-server 7.0 has and we have not, and why.
MISSING = {}
# What we have beyond 7.0, and since which version redis-server or Valkey has it.
NEWER = {
    "client|no-touch": "7.2", "client|setinfo": "7.2", "cluster|myshardid": "7.2", "waitaof": "7.2",
    **dict.fromkeys(["hexpire", "hexpireat", "hexpiretime", "hpersist", "hpexpire", "hpexpireat", "hpexpiretime", "hpttl",
                     "httl"], "7.4"),
    **dict.fromkeys(["hgetdel", "hgetex", "hsetex"], "8.0"),
    "cluster|slot-stats": "Valkey 8.0", "delifeq": "Valkey 9.0",
}


def canonical(value):
    """Sets come in any order."""
    if isinstance(value, (set, frozenset)):
        return sorted(map(canonical, value), key=repr)
    if isinstance(value, dict):
        return {canonical(k) if not isinstance(k, bytes) else k: canonical(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    return value


FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs"]


class CommandTable(Case):
    @classmethod
    def setUpClass(cls):
        cls.found = {}

    def commands_of(self, server):
        """Full name -> the fields but for subcommands, which are commands of their own here."""
        with server.connect(protocol=3) as connection:
            reply = connection.call("COMMAND")
        commands = {}

        def add(command):
            name = command[0].decode()
            fields = [canonical(field) for field in command[:9]]
            for at in (2, 6, 7):
                fields[at] = sorted(fields[at], key=repr)
            commands[name] = dict(zip(FIELDS, fields))
            for sub in command[9]:
                add(sub)
        for command in reply:
            add(command)
        return commands

    def test_names(self):
        ours = set(self.commands_of(self.server(GUCCHO)))
        theirs = set(self.commands_of(self.server(REDIS)))
        self.assertEqual(theirs - ours, set(MISSING))
        self.assertEqual(ours - theirs, set(NEWER))

    def test_every_command_that_both_have(self):
        ours = self.commands_of(self.server(GUCCHO))
        theirs = self.commands_of(self.server(REDIS))
        both = sorted(set(ours) & set(theirs))
        self.assertGreater(len(both), 150)
        differences = [f"{name}: {field}: {theirs[name][field]!r}, ours {ours[name][field]!r}"
                       for name in both for field in FIELDS
                       if ours[name][field] != theirs[name][field] and field not in CHANGED.get(name, {})]
        self.assertEqual(differences, [])
        stale = [(name, field) for name, fields in CHANGED.items() for field in fields
                 if ours[name][field] == theirs[name][field]]
        self.assertEqual(stale, [], "no longer differences")

    def test_acl_cat(self):
        ours, theirs = self.server(GUCCHO), self.server(REDIS)
        both = set(self.commands_of(ours)) & set(self.commands_of(theirs))
        self.assertEqual(ours.call("ACL", "CAT"), theirs.call("ACL", "CAT"))
        for category in theirs.call("ACL", "CAT"):
            with self.subTest(category=category):
                listed = [{name.decode() for name in server.call("ACL", "CAT", category)} & both
                          for server in (ours, theirs)]
                self.assertEqual(listed[0], listed[1])
