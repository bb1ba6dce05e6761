#!/usr/bin/python3
"""Shows that the random comparison finds bugs: each patch in mutants/ puts one into a copy of the node, and generator/run.py must
find a difference within the number of commands that the patch names. Run by hand: a copy of the node is built (quickly
where ccache has its objects), then again for each patch.

A patch begins with lines that say what it is for:
    what: SET with NX and GET answers null where the key exists
    within: 200000
A patch that no longer applies, does not compile, or is not found within its commands is a failure that says so.

  mutants.py [--jobs N] [NAME...]
"""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import planted  # noqa: E402

COPIED = ["cmake", "node", "proto"]
LEFT_OUT = ["operator", "tests"]
RUN_SECONDS = 600  # limit for one mutant's commands on a busy machine


def prepare(tree, jobs):
    planted.copy(tree, COPIED)
    (tree / "CMakePresets.json").write_bytes((planted.ROOT / "CMakePresets.json").read_bytes())
    lines = (planted.ROOT / "CMakeLists.txt").read_text().splitlines()
    kept = [line for line in lines if line.strip() not in {f"add_subdirectory({part})" for part in LEFT_OUT}]
    (tree / "CMakeLists.txt").write_text("\n".join(kept) + "\n")
    planted.configure(tree, "--preset", "release")
    planted.build(tree, "build/release", "guccho-node", jobs)
    # Without a bug nothing may be found, or the mutants prove nothing.
    clean = play(tree, 20000)
    if clean.returncode != 0:
        raise planted.Failure(f"a difference without any patch:\n{clean.stdout[-3000:]}")


def play(tree, commands):
    """What run.py says, of one seed for each protocol; it ends with 1 at the first difference."""
    command = [sys.executable, planted.ROOT / "tests/compat/differential/generator/run.py", "--seed", "1", "--seeds", "2",
               "--commands", str(commands // 2), "--no-shrink"]
    environment = dict(os.environ, GUCCHO_TEST_BINARIES=str(tree / "build/release/bin"))
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=environment, timeout=RUN_SECONDS)


def find(tree, patch, jobs):
    header = planted.read_header(patch, {"what", "within"})
    planted.build(tree, "build/release", "guccho-node", jobs, "the mutant does not compile")
    begin = time.monotonic()
    try:
        done = play(tree, int(header["within"]))
    except subprocess.TimeoutExpired as slow:
        raise planted.Failure(f"not found within {RUN_SECONDS} s") from slow
    lines = done.stdout.splitlines()
    found = [at for at, line in enumerate(lines) if line.startswith("== seed ")]
    if done.returncode != 1 or not found:
        raise planted.Failure(f"not found within {header['within']} commands:\n{done.stdout[-2000:]}")
    told = "\n    ".join(line[:160] for line in lines[found[0]:found[0] + 3])
    played = next((line.split(" in ")[0] for line in lines if " commands in " in line), "")
    return f"{header['what']}\n    {played}, {time.monotonic() - begin:.1f} s\n    {told}"


if __name__ == "__main__":
    sys.exit(planted.main(__doc__, pathlib.Path(__file__).parent / "mutants", prepare, find))
