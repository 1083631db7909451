#!/usr/bin/env python3
"""Checks who includes whom: python3 tools/check_includes.py [ROOT]

ROOMS and LIBRARIES below are the rules. A room may include itself, the public headers, and every room it may use,
directly or through another. What it includes must also be among the ROOMS of its CMakeLists.txt (or among theirs),
and what it declares there must be allowed here. Prints one line a violation and exits 1 if there is any.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

# Room: the rooms it may use. Arrows point down only.
ROOMS = {
    "base": [],
    "model": ["base"],
    "codec": ["model"],
    "storage": ["base"],
    "query": ["model"],
    "plan": ["query"],
    "exec": ["plan", "codec", "storage"],
    "db": ["exec"],
    "loader": ["model"],
    "lists": ["db", "loader"],
    "net": ["base"],
    "wire": ["codec"],
    "server": ["db", "loader", "net", "wire"],
    "client": ["net", "wire"],
    "http": ["net"],
    "api": ["http", "lists"],
    "kube": ["base", "net"],
    "gateway": ["http", "kube"],
    "operator": ["kube", "client"],
    "cli": ["api", "client", "gateway", "operator", "server"],
}


class Library(NamedTuple):
    """Headers of a library that only some places may include, and no header of ours outside testing/ folders."""

    name: str
    pattern: str
    places: tuple


LIBRARIES = [
    Library("LMDB", r"lmdb\.h", ("src/storage", "bench")),
    Library("Asio and Beast", r"boost/(asio|beast)(/.*|\.hpp)",
            ("src/net", "src/http", "src/server", "src/client", "src/kube", "tests", "bench")),
    Library("gRPC and protobuf", r"(grpcpp|grpc|google/protobuf)/.*|.*\.pb\.h",
            ("src/loader", "src/wire", "examples", "tests", "bench")),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
SUFFIXES = {".h", ".cc"}
KEYWORDS = {"SOURCES", "ROOMS", "LIBS", "TESTS", "TEST_LIBS", "FUZZERS", "BENCHES"}


def closure(graph, start):
    """Every node reachable from `start`, itself included."""
    seen, ahead = set(), [start]
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            ahead.extend(graph.get(node, ()))
    return seen


def declared_rooms(text):
    """{room: rooms} of the slate_room() calls in a CMakeLists.txt."""
    rooms = {}
    text = re.sub(r"#[^\n]*", "", text)
    for call in re.finditer(r"\bslate_room\s*\(([^)]*)\)", text):
        words = call.group(1).split()
        keyword, names = None, []
        for word in words[1:]:
            if word in KEYWORDS:
                keyword = word
            elif keyword == "ROOMS":
                names.append(word)
        rooms[words[0]] = names
    return rooms


def includes(path):
    """(line number, is in quotes, what) of each include of a file."""
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def sources(root, folder):
    return sorted(p for p in (root / folder).rglob("*") if p.suffix in SUFFIXES and "node_modules" not in p.parts)


class Checker:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.violations = []
        self.declared = {}

    def report(self, path, line, message):
        self.violations.append(f"{path.relative_to(self.root)}:{line}: {message}")

    def run(self):
        self.check_declarations()
        for path in sources(self.root, "include"):
            self.check_public_header(path)
        for folder in ("src", "examples", "tests", "bench"):
            for path in sources(self.root, folder):
                self.check_libraries(path)
        for path in sources(self.root, "src"):
            self.check_room(path)
        return self.violations

    def check_declarations(self):
        for cmake in sorted((self.root / "src").glob("**/CMakeLists.txt")):
            text = cmake.read_text(encoding="utf-8")
            self.declared.update(declared_rooms(text))
            listed = set(re.findall(r"[\w./-]+\.cc\b", text))
            for source in sorted(cmake.parent.rglob("*.cc")):
                nearest = next(p for p in source.parents if (p / "CMakeLists.txt").exists())
                if nearest == cmake.parent and str(source.relative_to(cmake.parent)) not in listed:
                    self.report(source, 1, "its CMakeLists.txt does not list it")
            for room, names in declared_rooms(text).items():
                if room not in ROOMS:
                    self.report(cmake, 1, f"room {room} is not in the table of tools/check_includes.py")
                    continue
                for name in names:
                    if name not in closure(ROOMS, room) - {room}:
                        self.report(cmake, 1, f"room {room} may not use {name}")

    def check_public_header(self, path):
        for line, _, what in includes(path):
            if not (what.startswith("slate/") or re.fullmatch(r"[a-z_0-9]+", what)):
                self.report(path, line, f"a public header includes only std and <slate/...>, not {what}")

    def check_libraries(self, path):
        place = str(path.relative_to(self.root))
        for line, _, what in includes(path):
            for library in LIBRARIES:
                if not re.fullmatch(library.pattern, what):
                    continue
                if not any(place.startswith(allowed + "/") for allowed in library.places):
                    self.report(path, line, f"{library.name} ({what}) belongs in {', '.join(library.places)} only")
                elif path.suffix == ".h" and place.startswith("src/") and "testing" not in path.parts:
                    self.report(path, line, f"{library.name} ({what}) in a header: include it in a .cc file")

    def check_room(self, path):
        room = path.relative_to(self.root / "src").parts[0]
        if room not in ROOMS:
            self.report(path, 1, f"room {room} is not in the table of tools/check_includes.py")
            return
        for line, quoted, what in includes(path):
            if not quoted:
                if what.split("/")[0] in ROOMS and (self.root / "src" / what).exists():
                    self.report(path, line, f'include "{what}" with quotes')
                continue
            if what.endswith(".pb.h"):
                continue
            used = what.split("/")[0]
            if "/" not in what or used not in ROOMS:
                self.report(path, line, f'write "room/file.h", not "{what}"')
            elif not (self.root / "src" / what).exists():
                self.report(path, line, f"there is no src/{what}")
            elif used not in closure(ROOMS, room):
                self.report(path, line, f"room {room} may not use {used} ({what})")
            elif used not in closure(self.declared, room):
                self.report(path, line, f"room {room} uses {used} without declaring it in its CMakeLists.txt")


def main(arguments):
    root = arguments[0] if arguments else Path(__file__).resolve().parent.parent
    violations = Checker(root).run()
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
