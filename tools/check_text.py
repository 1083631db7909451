#!/usr/bin/env python3
"""Checks what every text of the repository has to hold to: python3 tools/check_text.py [ROOT]

- A source of more than 600 lines says why in its first comment ("over 600 lines because ..."); none has over 1,000.
- Sources have no words that put work off.
- Links in Markdown lead to files and headings that exist.
- No trailing blanks, tabs or carriage returns; one newline at the end.
- docs/errors.md has exactly the reasons of src/base/error.cc, with their status and code, and an anchor for each.
- docs/testing.md has a link to every fuzzer.
Prints one line a violation and exits 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

SOURCE_SUFFIXES = {".h", ".cc", ".py", ".sh", ".js", ".mjs", ".proto", ".cmake"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".md", ".yaml", ".yml", ".json"}
SOURCE_NAMES = {"dev", "run", "CMakeLists.txt"}
GENERATED = {"package-lock.json"}
# A corpus holds inputs to a fuzzer, byte for byte.
NOT_READ = {".git", "build", "node_modules", "corpus"}

REASON_FROM, LINES_MAX = 600, 1000
REASON = re.compile(r"over 600 lines because", re.IGNORECASE)

# Words that put work off. A stub is also gRPC's name for a client, so that word is left to where gRPC is.
WORDS = re.compile(r"\b(todo|fixme|xxx|hack|tbd|wip|kludge|placeholder)\b", re.IGNORECASE)
STUB = re.compile(r"\bstub\b", re.IGNORECASE)
GRPC_PLACES = ("src/loader/", "examples/", "tests/", "docs/")
# Files that have to spell these words to look for them.
WORD_LISTS = {"tools/check_text.py", "tools/check_text_test.py"}

LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
REASON_ROW = re.compile(r'\{Reason::k\w+,\s*"(\w+)",\s*Code::k(\w+),\s*(\d+),')


def files_of(root):
    """Tracked and new files where there is git, every file below otherwise; paths relative to root, sorted."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
        capture_output=True, check=False) if (root / ".git").exists() else None
    if listing and listing.returncode == 0:
        names = [Path(name) for name in listing.stdout.decode().split("\0") if name]
    else:
        names = [p.relative_to(root) for p in root.rglob("*")]
    return sorted(n for n in names if not NOT_READ & set(n.parts) and (root / n).is_file())


def first_comment(text):
    """The comment that a file begins with, after a #! line."""
    lines = text.split("\n")
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    text = "\n".join(lines).lstrip()
    block = re.match(r'/\*.*?\*/|""".*?"""', text, re.DOTALL)
    if block:
        return block.group(0)
    taken = []
    for line in text.split("\n"):
        if not re.match(r"\s*(//|#)", line):
            break
        taken.append(re.sub(r"^\s*(//|#)\s?", "", line))
    return " ".join(taken)


def without_code(markdown):
    """Markdown with fenced blocks and code spans blanked, line by line."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"^(```|~~~).*?^\1", blank, markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", blank, text)


def anchors(markdown):
    """The fragments that lead into a page: GitHub's for its headings, and explicit ids."""
    found, seen = set(), {}
    outside = re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", outside, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    found.update(re.findall(r'<a\s+(?:id|name)="([^"]+)"', outside))
    return found


def canonical(camel):
    """InvalidArgument -> INVALID_ARGUMENT"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", camel).upper()


class Checker:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.violations = []

    def report(self, name, line, message):
        self.violations.append(f"{name}:{line}: {message}")

    def run(self):
        for name in files_of(self.root):
            is_source = name.suffix in SOURCE_SUFFIXES or name.name in SOURCE_NAMES
            if name.name in GENERATED or not (is_source or name.suffix in TEXT_SUFFIXES):
                continue
            try:
                text = (self.root / name).read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                self.report(name, 1, "is not UTF-8")
                continue
            self.check_blanks(name, text)
            if is_source:
                self.check_length(name, text)
                self.check_words(name, text)
            if name.suffix == ".md":
                self.check_links(name, text)
        self.check_errors()
        self.check_fuzzers()
        return self.violations

    def check_fuzzers(self):
        page = Path("docs/testing.md")
        if not (self.root / page).exists():
            return
        text = (self.root / page).read_text(encoding="utf-8")
        for name in files_of(self.root):
            if name.name.endswith("_fuzz.cc") and f"(../{name.as_posix()})" not in text:
                self.report(page, 1, f"{name.as_posix()} is missing")

    def check_blanks(self, name, text):
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                self.report(name, number, "blanks at the end of the line")
            if "\t" in line:
                self.report(name, number, "a tab")
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            self.report(name, text.count("\n") + 1, "a file ends with one newline")

    def check_length(self, name, text):
        lines = text.count("\n")
        if lines > LINES_MAX:
            self.report(name, lines, f"{lines} lines; no source has over {LINES_MAX}")
        elif lines > REASON_FROM and not REASON.search(first_comment(text)):
            self.report(name, 1, f'{lines} lines; its first comment must say "over {REASON_FROM} lines because ..."')

    def check_words(self, name, text):
        if str(name) in WORD_LISTS:
            return
        for number, line in enumerate(text.split("\n"), 1):
            found = WORDS.search(line)
            if not found and not str(name).startswith(GRPC_PLACES):
                found = STUB.search(line)
            if found:
                self.report(name, number, f'"{found.group(0)}": finish it, or leave it out')

    def check_links(self, name, text):
        prose = without_code(text)
        for match in list(LINK.finditer(prose)) + list(REFERENCE.finditer(prose)):
            target = match.group(1)
            if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
                continue
            line = prose.count("\n", 0, match.start(1)) + 1
            path, _, fragment = target.partition("#")
            base = self.root if path.startswith("/") else (self.root / name).parent
            page = (base / path.lstrip("/")).resolve() if path else self.root / name
            if not page.is_relative_to(self.root):
                self.report(name, line, f"{target} leads out of the repository")
            elif not page.exists():
                self.report(name, line, f"{target}: there is no such file")
            elif fragment and page.suffix == ".md" and fragment not in anchors(page.read_text(encoding="utf-8")):
                self.report(name, line, f"{target}: there is no such heading")

    def check_errors(self):
        """The page's table has a row `| `reason` | ... |` each, with cells for HTTP status and canonical code."""
        source, page = self.root / "src/base/error.cc", Path("docs/errors.md")
        if not source.exists() or not (self.root / page).exists():
            return
        text = (self.root / page).read_text(encoding="utf-8")
        known = {name: (status, canonical(code))
                 for name, code, status in REASON_ROW.findall(source.read_text(encoding="utf-8"))}
        there = anchors(text)
        listed = set()
        for number, line in enumerate(text.split("\n"), 1):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
            reason = re.search(r"`([a-z_]+)`", cells[0]) if cells else None
            if not reason:
                continue
            reason = reason.group(1)
            if reason in listed:
                self.report(page, number, f"{reason} is there twice")
            listed.add(reason)
            if reason not in known:
                self.report(page, number, f"src/base/error.cc has no reason {reason}")
                continue
            values = {cell.strip("`") for cell in cells[1:]}
            for expected in known[reason]:
                if expected not in values:
                    self.report(page, number, f"{reason} is {expected} in src/base/error.cc")
            if reason not in there:
                self.report(page, number, f'{reason} has no anchor: a heading of that name, or <a id="{reason}">')
        for reason in sorted(set(known) - listed):
            self.report(page, 1, f"{reason} of src/base/error.cc is missing")


def main(arguments):
    root = arguments[0] if arguments else Path(__file__).resolve().parent.parent
    violations = Checker(root).run()
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
