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
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
COPIED = ["cmake", "node", "proto"]
LEFT_OUT = ["operator", "tests"]
RUN_SECONDS = 600  # limit for one mutant's commands on a busy machine


class Failure(Exception):
    pass


def read_header(patch):
    header = {}
    for line in patch.read_text().splitlines():
        if line.startswith("---"):
            break
        key, colon, value = line.partition(": ")
        if colon:
            header[key.strip()] = value.strip()
    missing = {"what", "within"} - header.keys()
    if missing:
        raise Failure(f"its header lacks {', '.join(sorted(missing))}")
    return header


def run(command, what, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **kwargs)
    if done.returncode != 0:
        raise Failure(f"{what}:\n{done.stdout[-3000:]}")
    return done.stdout


def prepare(tree, jobs):
    for part in COPIED:
        shutil.copytree(ROOT / part, tree / part, symlinks=True)
    shutil.copy(ROOT / "CMakePresets.json", tree)
    lines = (ROOT / "CMakeLists.txt").read_text().splitlines()
    kept = [line for line in lines if line.strip() not in {f"add_subdirectory({part})" for part in LEFT_OUT}]
    (tree / "CMakeLists.txt").write_text("\n".join(kept) + "\n")
    command = ["cmake", "--preset", "release"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(command, "the copy cannot be configured", cwd=tree)
    build(tree, jobs, "the copy does not build")


def build(tree, jobs, what):
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    run(["ninja", "-C", tree / "build/release", f"-j{jobs}", "guccho-node"], what, env=environment)


def apply(tree, patch, *options):
    run(["patch", "-p1", "--no-backup-if-mismatch", "-i", patch, *options], "the patch no longer applies", cwd=tree)


def play(tree, commands):
    """What run.py says, of one seed for each protocol; it ends with 1 at the first difference."""
    command = [sys.executable, ROOT / "tests/compat/differential/generator/run.py", "--seed", "1", "--seeds", "2",
               "--commands", str(commands // 2), "--no-shrink"]
    environment = dict(os.environ, GUCCHO_TEST_BINARIES=str(tree / "build/release/bin"))
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=environment, timeout=RUN_SECONDS)


def catch(tree, patch, jobs):
    header = read_header(patch)
    apply(tree, patch, "--dry-run", "--fuzz=0")
    apply(tree, patch, "--fuzz=0")
    try:
        build(tree, jobs, "the mutant does not compile")
        begin = time.monotonic()
        try:
            done = play(tree, int(header["within"]))
        except subprocess.TimeoutExpired as slow:
            raise Failure(f"not found within {RUN_SECONDS} s") from slow
        lines = done.stdout.splitlines()
        found = [at for at, line in enumerate(lines) if line.startswith("== seed ")]
        if done.returncode != 1 or not found:
            raise Failure(f"not found within {header['within']} commands:\n{done.stdout[-2000:]}")
        told = "\n    ".join(line[:160] for line in lines[found[0]:found[0] + 3])
        played = next((line.split(" in ")[0] for line in lines if " commands in " in line), "")
        return f"{header['what']}\n    {played}, {time.monotonic() - begin:.1f} s\n    {told}"
    finally:
        apply(tree, patch, "-R")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="patches to try (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    patches = sorted((ROOT / "tests/compat/differential/mutants").glob("*.patch"))
    patches = [p for p in patches if not arguments.names or p.stem in arguments.names]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="guccho-mutants-") as tree:
        tree = pathlib.Path(tree)
        try:
            prepare(tree, arguments.jobs)
            # Without a bug nothing may be found, or the mutants prove nothing.
            clean = play(tree, 20000)
            if clean.returncode != 0:
                raise Failure(f"a difference without any patch:\n{clean.stdout[-3000:]}")
        except Failure as why:
            print(f"FAIL {why}")
            return 1
        for patch in patches:
            try:
                print(f"found {patch.stem}: {catch(tree, patch, arguments.jobs)}", flush=True)
            except Failure as why:
                failed += 1
                print(f"FAIL {patch.stem}: {why}", flush=True)
    print(f"{len(patches) - failed} of {len(patches)} planted bugs found")
    return 1 if failed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
