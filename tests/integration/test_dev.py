"""The script of the project: paths on its command line mean the caller's directory, wherever the script lies."""

import os
import shutil
import subprocess
import tempfile
import unittest

from integration.lib.server import ROOT

SHOWS = '#!/bin/sh\necho "$PWD: $*"\n'


def program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


class Up(unittest.TestCase):
    def test_files_are_found_where_the_caller_stands(self):
        directory = os.path.realpath(tempfile.mkdtemp(prefix="guccho-dev-"))
        self.addCleanup(shutil.rmtree, directory)
        project, here = os.path.join(directory, "project"), os.path.join(directory, "here")
        os.makedirs(here)
        os.makedirs(project)
        shutil.copy(os.path.join(ROOT, "dev"), project)
        program(os.path.join(project, "build", "release", "bin", "guccho"), SHOWS)
        for tool in ("cmake", "ninja"):  # nothing is built
            program(os.path.join(directory, "bin", tool), "#!/bin/sh\n")
        done = subprocess.run([os.path.join(project, "dev"), "up", "demo.yaml", "--state", "s"], cwd=here, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                              env={**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}"})
        self.assertEqual(done.stdout.splitlines()[-1:], [f"{here}: up -f demo.yaml --state s"], done.stderr)
