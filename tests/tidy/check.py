"""The checks: each takes a Tree and returns what violates it, as "file:line: text" lines."""

import os
import re
import subprocess

from tidy import rules


class Tree:
    """The project's files below a root: tracked ones and new ones, without what .gitignore names."""

    def __init__(self, root):
        self.root = root
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                                capture_output=True).stdout.decode()
        self.files = sorted(name for name in listed.split("\0") if name and os.path.isfile(os.path.join(root, name)))
        self._texts = {}

    def text(self, name):
        if name not in self._texts:
            with open(os.path.join(self.root, name), errors="replace") as file:
                self._texts[name] = file.read()
        return self._texts[name]

    def cpp(self):
        return [name for name in self.files if name.endswith((".cc", ".h")) and name.startswith(("node/", "operator/"))]


def folder_of(name, folders):
    """The longest of the folders that the file lies in, or None."""
    matches = [folder for folder in folders if name == folder or name.startswith(folder + "/")]
    return max(matches, key=len, default=None)


def allows(allowed, target):
    return any(target == folder or target.startswith(folder + "/") for folder in allowed)


def without_comments_and_strings(text):
    """The code alone, with the lines kept in place."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text,
                  flags=re.DOTALL)


def includes(text):
    """(line number, header, in quotes) of each include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def includes_follow_the_rule(tree):
    bad = []
    for name in tree.cpp():
        folder = folder_of(name, rules.ALLOWED)
        if folder is None:
            bad.append(f"{name}:1: this folder has no entry in tests/tidy/rules.py")
            continue
        for number, header, quoted in includes(tree.text(name)):
            if not header.startswith(("node/", "operator/")):
                continue
            if not quoted:
                bad.append(f"{name}:{number}: include our own headers in quotes")
            target = folder_of(header, rules.ALLOWED)
            if target is None or target != folder and not allows(rules.ALLOWED[folder], target):
                bad.append(f"{name}:{number}: {folder} may not include {header}")
    return bad


class Links:
    """What the CMakeLists.txt files say: target -> (folder, sources, what it links)."""

    def __init__(self, tree):
        self.targets = {}
        for name in tree.files:
            if os.path.basename(name) == "CMakeLists.txt" and name.startswith(("node/", "operator/")):
                self._read(os.path.dirname(name), tree.text(name))

    def _read(self, folder, text):
        text = re.sub(r"#[^\n]*", "", text)
        for call, body in re.findall(r"\b(guccho_library|guccho_executable|add_library|target_link_libraries)\s*\(([^)]*)\)",
                                     text):
            words = body.split()
            target = words.pop(0)
            folder_, sources, links = self.targets.get(target, (folder, [], []))
            if call.startswith("guccho_"):
                at = words.index("DEPS") if "DEPS" in words else len(words)
                sources = sources + [word for word in words[:at] if word != "SOURCES"]
                links = links + words[at + 1:]
            elif call == "target_link_libraries":
                links = links + [word for word in words if word not in ("PUBLIC", "PRIVATE", "INTERFACE")]
            self.targets[target] = (folder_, sources, links)

    def direct(self, folder):
        """The folders that the targets of this folder link."""
        found = set()
        for home, _, links in self.targets.values():
            if home == folder or home.startswith(folder + "/") and folder_of(home, rules.ALLOWED) == folder:
                found |= {self.targets[link][0] for link in links if link in self.targets}
        return found - {folder}

    def reachable(self, folder):
        """... and what those link in turn."""
        seen, pending = set(), [folder]
        while pending:
            for each in self.direct(pending.pop()):
                if each not in seen:
                    seen.add(each)
                    pending.append(each)
        return seen


def links_follow_the_rule(tree):
    links, bad = Links(tree), []
    for folder, allowed in rules.ALLOWED.items():
        for target in sorted(links.direct(folder)):
            if folder_of(target, rules.ALLOWED) != folder and not allows(allowed, target):
                bad.append(f"{folder}/CMakeLists.txt:1: {folder} may not link {target}")
    return bad


def includes_are_linked(tree):
    """A folder that is included but not linked would work by accident of the order of libraries only."""
    links, bad = Links(tree), []
    reachable = {folder: links.reachable(folder) for folder in rules.ALLOWED}
    for name in tree.cpp():
        folder = folder_of(name, rules.ALLOWED)
        if folder is None:
            continue
        for number, header, _ in includes(tree.text(name)):
            target = folder_of(header, rules.ALLOWED) if header.startswith(("node/", "operator/")) else None
            if target and target != folder and not any(folder_of(each, rules.ALLOWED) == target
                                                       for each in reachable[folder]):
                bad.append(f"{name}:{number}: {folder} includes {header} but does not link {target}")
    return bad


def sources_are_built(tree):
    links, bad = Links(tree), []
    built = {os.path.normpath(os.path.join(folder, source)) for folder, sources, _ in links.targets.values()
             for source in sources}
    for name in tree.cpp():
        if name.endswith(".cc") and name not in built:
            bad.append(f"{name}:1: no CMakeLists.txt builds it")
    return bad


def pure_folders_are_pure(tree):
    bad = []
    for name in tree.cpp():
        folder = folder_of(name, rules.PURE)
        if folder is None:
            continue
        for number, header, quoted in includes(tree.text(name)):
            if header in rules.IMPURE_BASE_HEADERS:
                bad.append(f"{name}:{number}: {folder} is pure and may not include {header}")
            if not quoted and (header in rules.IMPURE_HEADERS or re.search(r"[/.]", header)
                               and not header.startswith(rules.PURE_LIBRARIES)):
                bad.append(f"{name}:{number}: {folder} is pure and may not include <{header}>")
        for number, line in enumerate(without_comments_and_strings(tree.text(name)).splitlines(), 1):
            for word in rules.IMPURE_WORDS:
                match = re.search(word, line)
                if match:
                    bad.append(f"{name}:{number}: {folder} is pure and may not say '{match.group()}'")
    return bad


def third_party_headers_stay_confined(tree):
    bad = []
    for name in tree.cpp():
        for number, header, _ in includes(tree.text(name)):
            for prefix, folders in rules.CONFINED.items():
                if header.startswith(prefix) and not allows(folders, name):
                    bad.append(f"{name}:{number}: <{header}> is for {', '.join(folders)} only")
    return bad


def runtime_types_do_not_leak(tree):
    bad = []
    for name in tree.cpp():
        if allows(rules.RUNTIME_USERS, name):
            continue
        for number, line in enumerate(without_comments_and_strings(tree.text(name)).splitlines(), 1):
            if re.search(r"\bruntime::", line):
                bad.append(f"{name}:{number}: names a type of the runtime")
    return bad


def only_one_file_prefetches(tree):
    """g++ takes a function that does nothing else for one without effect (node/base/prefetch.h)."""
    return [f"{name}:{number}: use prefetch() of node/base/prefetch.h" for name in tree.cpp()
            if name != "node/base/prefetch.h"
            for number, line in enumerate(without_comments_and_strings(tree.text(name)).splitlines(), 1)
            if "__builtin_prefetch" in line]


def files_say_what_they_are_for(tree):
    bad = []
    for name in tree.files:
        if not name.endswith(rules.SOURCE_SUFFIXES) and name not in rules.SOURCE_NAMES:
            continue
        lines = tree.text(name).splitlines()
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        first = lines[0] if lines else ""
        opening = r"//+|/\*+" if name.endswith(rules.SLASH_COMMENTS) else r'#+|"""'
        comment = re.match(rf"(?:{opening})\s*(.*)", first)
        if not comment or len(comment.group(1).split()) < 2:
            bad.append(f"{name}:1: the first line does not say what the file is for")
    return bad


def _lines_matching(tree, patterns, what):
    bad = []
    expression = re.compile("|".join(patterns))
    for name in tree.files:
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = expression.search(line)
            if match:
                bad.append(f"{name}:{number}: {what}: {match.group()}")
    return bad


def nothing_is_marked_unfinished(tree):
    return _lines_matching(tree, [rf"\b{word}" for word in rules.UNFINISHED], "marks unfinished work")


def no_path_of_one_machine(tree):
    return _lines_matching(tree, rules.MACHINE_PATHS, "exists on one machine only")


CHECKS = [includes_follow_the_rule, links_follow_the_rule, includes_are_linked, sources_are_built, pure_folders_are_pure,
          third_party_headers_stay_confined, runtime_types_do_not_leak, only_one_file_prefetches, files_say_what_they_are_for,
          nothing_is_marked_unfinished, no_path_of_one_machine]
