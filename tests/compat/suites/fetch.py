"""Fetches the packages that carry their own tests, at pinned versions, into build/suites. Twice is once."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from integration.lib.server import ROOT

SUITES = os.path.join(ROOT, "build", "suites")
GO = os.environ.get("GUCCHO_GO", "go")  # ./dev chooses one that is new enough


def run(*command, **options):
    """Runs a command; its output is shown when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def python_sdist(package, version, requirements):
    """Returns (folder of the unpacked source distribution, python with the package and the requirements)."""
    folder = os.path.join(SUITES, f"{package}-{version}")
    python = os.path.join(folder, "venv", "bin", "python")
    mark = os.path.join(folder, "fetched")
    wanted = "\n".join(requirements)
    if not os.path.exists(mark) or open(mark).read() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        run(sys.executable, "-m", "venv", os.path.join(folder, "venv"))
        run(python, "-m", "pip", "install", "-q", f"{package}=={version}", *requirements)
        run(python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", package, "-d", folder, f"{package}=={version}")
        with tarfile.open(os.path.join(folder, f"{package}-{version}.tar.gz")) as archive:
            archive.extractall(folder)
        with open(mark, "w") as file:
            file.write(wanted)
    return os.path.join(folder, f"{package}-{version}"), python


def go_module(module, version):
    """Returns a fresh writable copy of the module's sources, to be changed as the suite needs it."""
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=mod")
    # Outside of any module, so that no go.mod of another is looked at.
    found = json.loads(run(GO, "mod", "download", "-json", f"{module}@{version}", cwd="/", env=environment))
    copy = os.path.join(SUITES, f"{re.sub('[^a-z0-9]+', '-', module)}-{version}")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(found["Dir"], copy)
    for base, _, files in os.walk(copy):
        os.chmod(base, 0o755)
        for name in files:
            os.chmod(os.path.join(base, name), 0o644)
    return copy


def go_test_program(folder):
    """Compiles the tests of the package in the folder; returns the executable."""
    program = os.path.join(folder, "suite.test")
    run(GO, "test", "-c", "-o", program, ".", cwd=folder, env=dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=mod"))
    return program


def replace(folder, pattern, changes, files=r"_test\.go$"):
    """In the copied sources: each match of the pattern becomes changes[match], as with fixed ports."""
    changed = 0
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if not re.search(files, name) or not os.path.isfile(path):
            continue
        with open(path) as file:
            before = file.read()
        after = re.sub(pattern, lambda match: changes[match[0]], before)
        if after != before:
            changed += 1
            with open(path, "w") as file:
                file.write(after)
    assert changed, f"{pattern} occurs nowhere in {folder}: the suite has changed"
