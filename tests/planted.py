"""Bugs planted on purpose, to show that a test finds them: patches that are applied to a copy of the sources, one at a time.

A patch begins with lines "name: value" that say what it is for and how it is to be found. One that no longer applies, does not
compile or is not found is a failure that says so.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Failure(Exception):
    pass


def read_header(patch, wanted):
    header = {}
    for line in patch.read_text().splitlines():
        if line.startswith("---"):
            break
        key, colon, value = line.partition(": ")
        if colon:
            header[key.strip()] = value.strip()
    missing = wanted - header.keys()
    if missing:
        raise Failure(f"its header lacks {', '.join(sorted(missing))}")
    return header


def run(command, what, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **kwargs)
    if done.returncode != 0:
        raise Failure(f"{what}:\n{done.stdout[-3000:]}")
    return done.stdout


def copy(tree, parts):
    for part in parts:
        shutil.copytree(ROOT / part, tree / part, symlinks=True)


def configure(tree, *arguments):
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run(["cmake", *arguments, *launcher], "the copy cannot be configured", cwd=tree)


def build(tree, folder, target, jobs, what="the copy does not build"):
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    run(["ninja", "-C", tree / folder, f"-j{jobs}", target], what, env=environment)


def _apply(tree, patch, *options):
    run(["patch", "-p1", "--no-backup-if-mismatch", "-i", patch, *options], "the patch no longer applies", cwd=tree)


def check_applies(tree, patch):
    _apply(tree, patch, "--dry-run", "--fuzz=0")


def main(description, patches, prepare, find):
    """prepare(tree, jobs) makes and builds the copy; find(tree, patch, jobs) builds it again and says how the bug was found."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("names", nargs="*", help="patches to try (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    chosen = [p for p in sorted(patches.glob("*.patch")) if not arguments.names or p.stem in arguments.names]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="guccho-planted-") as tree:
        tree = pathlib.Path(tree)
        try:
            prepare(tree, arguments.jobs)
        except Failure as why:
            print(f"FAIL {why}")
            return 1
        for patch in chosen:
            try:
                check_applies(tree, patch)
                _apply(tree, patch, "--fuzz=0")
                try:
                    print(f"found {patch.stem}: {find(tree, patch, arguments.jobs)}", flush=True)
                finally:
                    _apply(tree, patch, "-R")
            except Failure as why:
                failed += 1
                print(f"FAIL {patch.stem}: {why}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} planted bugs found")
    return 1 if failed or not chosen else 0
