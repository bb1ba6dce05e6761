"""Runs every check over the project, and shows that each check finds what it looks for in a tree with planted faults."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import planted
from integration.lib.server import ROOT
from tidy import check, rules


class Project(unittest.TestCase):
    """The project itself violates nothing."""

    @classmethod
    def setUpClass(cls):
        cls.tree = check.Tree(ROOT)


def add_project_tests():
    for each in check.CHECKS:
        def test(self, each=each):
            found = each(self.tree)
            if found:
                self.fail("\n" + "\n".join(found))
        setattr(Project, f"test_{each.__name__}", test)


add_project_tests()

class Rules(unittest.TestCase):
    def test_they_name_folders_that_exist(self):
        named = {*rules.ALLOWED, *rules.PURE, *rules.RUNTIME_USERS, *sum(rules.ALLOWED.values(), []),
                 *sum(rules.CONFINED.values(), [])}
        self.assertEqual([folder for folder in sorted(named) if not os.path.isdir(os.path.join(ROOT, folder))], [])


class PlantedBugs(unittest.TestCase):
    """Whether tests find them is seen late (tests/sim/mutants.py) or by hand; that they are about today's sources, here."""

    def test_their_patches_apply(self):
        patches = sorted(pathlib.Path(ROOT, "tests").rglob("mutants/*.patch"))
        self.assertGreaterEqual(len(patches), 20)
        for patch in patches:
            with self.subTest(patch.stem):
                planted.check_applies(ROOT, patch)


CLEAN = {
    "node/base/CMakeLists.txt": "guccho_library(guccho_base SOURCES a.cc)\n",
    "node/base/a.cc": "// A file of the base.\n",
    "node/base/a.h": "// A header of the base.\n",
    "node/slots/CMakeLists.txt": "guccho_library(guccho_slots SOURCES s.cc DEPS guccho_base)\n",
    "node/slots/s.cc": '// A pure file, which has no clock: std::mutex.\n#include "node/base/a.h"\n#include <vector>\n',
    "node/store/CMakeLists.txt": "guccho_library(guccho_store SOURCES DEPS guccho_slots)\n",
    "node/store/t.h": '// A header that sees the base through the slots.\n#include "node/base/a.h"\n',
}

# (check, file, what is written into it, the start of the finding)
PLANTED = [
    ("includes_follow_the_rule", "node/slots/s.cc", '// A file that breaks it.\n#include "node/store/t.h"\n',
     "node/slots/s.cc:2: node/slots may not include node/store/t.h"),
    ("includes_follow_the_rule", "node/new/n.h", "// A folder without a rule.\n", "node/new/n.h:1: this folder has no entry"),
    ("includes_follow_the_rule", "node/slots/s.cc", "// A file with brackets.\n#include <node/base/a.h>\n",
     "node/slots/s.cc:2: include our own headers in quotes"),
    ("links_follow_the_rule", "node/slots/CMakeLists.txt",
     "guccho_library(guccho_slots SOURCES s.cc\n  DEPS guccho_base guccho_store)\n",
     "node/slots/CMakeLists.txt:1: node/slots may not link node/store"),
    ("includes_are_linked", "node/slots/CMakeLists.txt", "guccho_library(guccho_slots SOURCES s.cc)\n",
     "node/slots/s.cc:2: node/slots includes node/base/a.h but does not link node/base"),
    ("sources_are_built", "node/slots/orphan.cc", "// A file that is never built.\n", "node/slots/orphan.cc:1: no CMake"),
    ("pure_folders_are_pure", "node/slots/s.cc", "// A file with a lock.\nstd::mutex m;\n",
     "node/slots/s.cc:2: node/slots is pure and may not say 'std::mutex'"),
    ("pure_folders_are_pure", "node/slots/s.cc", "// A file with a clock.\nauto t = std::chrono::steady_clock::now();\n",
     "node/slots/s.cc:2: node/slots is pure and may not say 'steady_clock'"),
    ("pure_folders_are_pure", "node/slots/s.cc", "// A file with a socket.\nint s = socket(AF_INET, SOCK_STREAM, 0);\n",
     "node/slots/s.cc:2: node/slots is pure and may not say 'socket('"),
    ("pure_folders_are_pure", "node/slots/s.cc", '// A file with a file.\nFILE* f = fopen("x", "r");\n',
     "node/slots/s.cc:2: node/slots is pure and may not say 'fopen('"),
    ("pure_folders_are_pure", "node/slots/s.cc", "// A file with a thread.\n#include <thread>\n",
     "node/slots/s.cc:2: node/slots is pure and may not include <thread>"),
    ("pure_folders_are_pure", "node/slots/s.cc", "// A file with a system header.\n#include <sys/socket.h>\n",
     "node/slots/s.cc:2: node/slots is pure and may not include <sys/socket.h>"),
    ("pure_folders_are_pure", "node/slots/s.cc", '// A file that logs.\n#include "node/base/log.h"\n',
     "node/slots/s.cc:2: node/slots is pure and may not include node/base/log.h"),
    ("third_party_headers_stay_confined", "node/base/a.h", "// A header that is slow to compile.\n#include <grpcpp/grpcpp.h>\n",
     "node/base/a.h:2: <grpcpp/grpcpp.h> is for"),
    ("runtime_types_do_not_leak", "node/base/a.h", "// A header that knows too much.\nruntime::Worker* w;\n",
     "node/base/a.h:2: names a type of the runtime"),
    ("only_one_file_prefetches", "node/base/a.cc", "// A file of the base.\nvoid f(int* p) { __builtin_prefetch(p); }\n",
     "node/base/a.cc:2: use prefetch()"),
    ("files_say_what_they_are_for", "node/base/a.h", "#pragma once\n// Too late to say it here.\n", "node/base/a.h:1: the first"),
    ("files_say_what_they_are_for", "tests/x.py", "#!/usr/bin/python3\nimport os\n", "tests/x.py:1: the first line"),
    ("files_say_what_they_are_for", "node/base/a.h", "// short\n", "node/base/a.h:1: the first line"),
    ("nothing_is_marked_unfinished", "node/base/a.h", "// A header.\n// TO" "DO: the rest\n", "node/base/a.h:2: marks unfin"),
    ("no_path_of_one_machine", "README.md", "Look in /wor" "k/main for it.\n", "README.md:1: exists on one machine only"),
]


class Checks(unittest.TestCase):
    """Each check finds its fault, and finds nothing where there is none."""

    def tree(self, changes):
        directory = tempfile.TemporaryDirectory(prefix="guccho-tidy-")
        self.addCleanup(directory.cleanup)
        subprocess.run(["git", "init", "-q", directory.name], check=True)
        for name, text in {**CLEAN, **changes}.items():
            path = os.path.join(directory.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        return check.Tree(directory.name)

    def test_a_clean_tree_passes(self):
        tree = self.tree({})
        for each in check.CHECKS:
            self.assertEqual(each(tree), [], each.__name__)

    def test_planted_faults_are_found(self):
        for name, file, text, finding in PLANTED:
            with self.subTest(check=name, finding=finding):
                found = getattr(check, name)(self.tree({file: text}))
                self.assertTrue(any(line.startswith(finding) for line in found), f"found only {found}")

    def test_every_check_has_a_planted_fault(self):
        self.assertEqual({each.__name__ for each in check.CHECKS}, {name for name, *_ in PLANTED})
