"""What was played: every command of the table and every option word of COMMAND DOCS, and how often it was accepted."""

from collections import Counter

# Not played by the generator, and why.
NOT_PLAYED = {
    "sort GET": "denied by 7.0 in cluster mode", "sort_ro GET": "denied by 7.0 in cluster mode",
    **dict.fromkeys(["move", "swapdb"], "refused in cluster mode"),
    **dict.fromkeys(["shutdown", "quit", "monitor", "debug"], "ends the server or the connection, or takes it over: cases/"),
    **dict.fromkeys(["sync", "psync", "replconf", "replicaof", "slaveof", "failover"], "replication: tests/integration"),
    **dict.fromkeys(["cluster|addslots", "cluster|addslotsrange", "cluster|bumpepoch", "cluster|count-failure-reports",
                     "cluster|delslots", "cluster|delslotsrange", "cluster|failover", "cluster|flushslots", "cluster|forget",
                     "cluster|links", "cluster|meet", "cluster|replicas", "cluster|replicate", "cluster|reset", "cluster|set-config-epoch",
                     "cluster|setslot", "cluster|slaves"], "changes the cluster, or needs other nodes: cases/, tests/integration"),
    "migrate": "needs another server: cases/, compat/test_migrate",
    **dict.fromkeys(["save", "bgsave", "bgrewriteaof", "lastsave", "module|load", "module|loadex", "module|unload"],
                    "about files and modules, of which there are none here: cases/"),
    **dict.fromkeys(["acl|load", "acl|save"], "needs a file: tests/integration"),
    **dict.fromkeys(["script|kill", "function|kill"], "accepted only while a script runs on another connection: cases/"),
    "script|debug": "takes the connection over", "latency|graph": "accepted only after a slow event",
    "pfselftest": "takes a second: cases/", "client|tracking REDIRECT": "names a connection, by a number of each server's own: cases/",
}


# A long run accepts each command and option word at least so often; a shorter one in proportion.
LONG_RUN, LEAST_OF_LONG_RUN = 5_000_000, 1000


class Coverage:
    def __init__(self):
        self.accepted, self.commands, self.errors = Counter(), 0, 0
        self.kinds = Counter()  # of error replies, by command

    def add(self, step, error):
        self.commands += 1
        if error:
            self.errors += 1
            self.kinds[step.name] += 1
            return
        self.accepted[step.name, None] += 1
        for pair in step.cover:
            self.accepted[pair] += 1

    def below(self, targets, least):
        return sorted((self.accepted[target], target[0], target[1] or "") for target in targets
                      if self.accepted[target] < least)


def report(coverage, targets, seconds):
    least = max(1, LEAST_OF_LONG_RUN * coverage.commands // LONG_RUN)
    below = coverage.below(targets, least)
    rarest = min(((coverage.accepted[target], target) for target in targets), key=lambda pair: pair[0], default=(0, ("", None)))
    lines = [f"{coverage.commands} commands in {seconds:.1f} s, {100 * coverage.errors / max(1, coverage.commands):.1f} % errors; "
             f"{len(targets)} commands and option words, accepted {rarest[0]} times and more ({rarest[1][0]} {rarest[1][1] or ''}); "
             f"{len(below)} below {least}"]
    return "\n".join(lines + [f"  {count:6} {name} {word}" for count, name, word in below])


def targets_of(connection, newer):
    """(command, None) and (command, option word) of all that the table has and that is to be played; `newer`: what
    redis-server does not have."""
    docs = connection.call("COMMAND", "DOCS")
    found = set()

    def words(arguments, name):
        for argument in arguments or ():
            if b"token" in argument:
                found.add((name, argument[b"token"].decode()))
            words(argument.get(b"arguments"), name)

    def add(name, doc):
        name = name.decode()
        subcommands = doc.get(b"subcommands")
        if not subcommands:
            found.add((name, None))
        words(doc.get(b"arguments"), name)
        for each, sub in (subcommands or {}).items():
            add(each, sub)

    for name, doc in docs.items():
        add(name, doc)
    return {(name, word) for name, word in found if not left_out(name, word) and (name, word) not in newer}


def left_out(name, word):
    return name in NOT_PLAYED or f"{name} {word}" in NOT_PLAYED
