"""CI's part of the random comparison: fixed seeds, both protocols, with one worker and with three. What it plays must reach every
command and option word; run.py plays more, and replays a seed."""

import time

from compat.differential.generator import campaign, servers
from compat.differential.generator.coverage import Coverage, LONG_RUN, LEAST_OF_LONG_RUN, report
from integration.lib.case import Case

SEEDS = [101, 102, 103, 104]
COMMANDS = 50_000  # of each seed
WORKERS = {101: 1, 102: 1, 103: 3, 104: 3}
MOST_ERRORS = 0.30


class Random(Case):
    def test_replies_and_data_are_the_same_and_everything_is_covered(self):
        coverage, begin, targets = Coverage(), time.monotonic(), None
        for workers in sorted(set(WORKERS.values())):
            redis, ours = servers.both_servers(workers)
            self._started += [redis, ours]
            for server in (redis, ours):
                self.addCleanup(server.remove)
            targets, payloads = servers.targets(redis, ours), servers.payloads(redis)
            for seed in SEEDS:
                if WORKERS[seed] == workers:
                    self.play(redis, ours, seed, payloads, coverage)
        print(report(coverage, targets, time.monotonic() - begin))
        self.assertGreaterEqual(coverage.commands, len(SEEDS) * COMMANDS)
        self.assertLess(coverage.errors, MOST_ERRORS * coverage.commands)
        least = LEAST_OF_LONG_RUN * coverage.commands // LONG_RUN
        self.assertEqual(coverage.below(targets, least), [], f"accepted fewer than {least} times")

    def play(self, redis, ours, seed, payloads, coverage):
        protocol = 2 + seed % 2
        pair = campaign.Pair(redis.port, ours.port, protocol)
        try:
            campaign.run_seed(pair, seed, COMMANDS, payloads, coverage)
        except campaign.Difference as difference:
            text = campaign.explain(pair, difference, shrinking=ours.alive() and redis.alive())
            self.fail(f"seed {seed}, RESP{protocol}, {ours.directives['io-threads']} workers: {text}")
        finally:
            pair.close()
