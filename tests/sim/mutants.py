#!/usr/bin/env python3
"""Shows that the simulator finds bugs: each patch in mutants/ puts one into a copy of the pure libraries, and the
invariant that the patch names must break.

A patch begins with lines that say what it is for:
    what: a voter forgets that it has voted
    invariant: vote_once
    run: --seeds 1..40 --primaries 1 --replicas 2
A patch that no longer applies, does not compile, or is not caught within the time is a failure that says so.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ["cmake", "node/base", "node/slots", "node/bus", "node/cluster", "tests/sim"]
RUN_SECONDS = 20  # limit for one mutant's seeds

TOP = """cmake_minimum_required(VERSION 3.25)
project(guccho_mutants VERSION 0.1.0 LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_SOURCE_DIR}/cmake)
include(GucchoTargets)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
add_subdirectory(node/base)
add_subdirectory(node/slots)
add_subdirectory(node/bus)
add_subdirectory(node/cluster)
set(GUCCHO_SIM_ONLY ON)
add_subdirectory(tests/sim)
"""


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
    missing = {"what", "invariant", "run"} - header.keys()
    if missing:
        raise Failure(f"its header lacks {', '.join(sorted(missing))}")
    return header


def run(command, what, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode != 0:
        raise Failure(f"{what}:\n{done.stdout[-3000:]}")
    return done.stdout


def prepare(tree):
    for part in COPIED:
        shutil.copytree(ROOT / part, tree / part)
    (tree / "CMakeLists.txt").write_text(TOP)
    command = ["cmake", "-S", tree, "-B", tree / "build/dev", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
               "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(command, "the copy cannot be configured")
    build(tree, "the copy does not build")


def build(tree, what):
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    run(["ninja", "-C", tree / "build/dev", "-j2", "sim"], what, env=environment)


def apply(tree, patch, *options):
    run(["patch", "-p1", "--no-backup-if-mismatch", "-i", patch, *options], "the patch no longer applies", cwd=tree)


def catch(tree, patch, jobs):
    header = read_header(patch)
    apply(tree, patch, "--dry-run", "--fuzz=0")
    apply(tree, patch, "--fuzz=0")
    try:
        build(tree, "the mutant does not compile")
        command = [tree / "build/dev/bin/sim", "--jobs", str(jobs), "--expect", header["invariant"],
                   *header["run"].split()]
        begin = time.monotonic()
        try:
            output = run(command, "not caught", timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"not caught within {RUN_SECONDS} s by: {header['run']}")
        line = next((l for l in output.splitlines() if l.startswith("BROKEN " + header["invariant"])), "")
        return f"{header['what']}\n    {time.monotonic() - begin:.1f} s  {line}"
    finally:
        apply(tree, patch, "-R")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="patches to try (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    patches = sorted((ROOT / "tests/sim/mutants").glob("*.patch"))
    patches = [p for p in patches if not args.names or p.stem in args.names]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="guccho-mutants-") as tree:
        tree = pathlib.Path(tree)
        try:
            prepare(tree)
        except Failure as why:
            print(f"FAIL {why}")
            return 1
        for patch in patches:
            try:
                print(f"caught {patch.stem}: {catch(tree, patch, args.jobs)}", flush=True)
            except Failure as why:
                failed += 1
                print(f"FAIL {patch.stem}: {why}", flush=True)
    print(f"{len(patches) - failed} of {len(patches)} mutants caught")
    return 1 if failed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
