#!/usr/bin/env python3
"""Shows that the simulator finds bugs: each patch in mutants/ puts one into a copy of the pure libraries, and the
invariant that the patch names must break.

A patch begins with lines that say what it is for:
    what: a voter forgets that it has voted
    invariant: vote_once
    run: --seeds 1..40 --primaries 1 --replicas 2
A patch that no longer applies, does not compile, or is not caught within the time is a failure that says so.
"""
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import planted  # noqa: E402

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


def prepare(tree, jobs):
    planted.copy(tree, COPIED)
    (tree / "CMakeLists.txt").write_text(TOP)
    planted.configure(tree, "-S", tree, "-B", tree / "build/dev", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                      "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1")
    planted.build(tree, "build/dev", "sim", jobs)


def find(tree, patch, jobs):
    header = planted.read_header(patch, {"what", "invariant", "run"})
    planted.build(tree, "build/dev", "sim", jobs, "the mutant does not compile")
    command = [tree / "build/dev/bin/sim", "--jobs", str(jobs), "--expect", header["invariant"], *header["run"].split()]
    begin = time.monotonic()
    try:
        output = planted.run(command, "not caught", timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired as slow:
        raise planted.Failure(f"not caught within {RUN_SECONDS} s by: {header['run']}") from slow
    line = next((l for l in output.splitlines() if l.startswith("BROKEN " + header["invariant"])), "")
    return f"{header['what']}\n    {time.monotonic() - begin:.1f} s  {line}"


if __name__ == "__main__":
    sys.exit(planted.main(__doc__, pathlib.Path(__file__).parent / "mutants", prepare, find))
