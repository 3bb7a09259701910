"""What the gates share: finding sources, reading code without comments and strings, exceptions with their reasons.

A gate is a program tools/check_<name>: it prints one finding a line as path:line: message, and exits 1 when there was
one. Each takes --root, so that tools/tests can point it at a made-up tree.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys

TOOLS = pathlib.Path(__file__).resolve().parent

# A raw string, a string, a character (not a digit separator), or a comment.
_LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def code_only(text):
    """The text with comments, strings and characters blanked; every line keeps its number."""

    def blank(match):
        found = match.group(0)
        edge = found[0] if found[0] in "\"'" else ""
        return edge + re.sub(r"[^\n]", " ", found[len(edge) : len(found) - len(edge)]) + edge

    return _LITERAL_OR_COMMENT.sub(blank, text)


def sources(root, *folders):
    """The C++ files below the folders, sorted, relative to root."""
    found = []
    for folder in folders:
        for pattern in ("*.cc", "*.h"):
            found += (root / folder).rglob(pattern)
    return sorted(path.relative_to(root) for path in found)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Allowed:
    """Exceptions from a file of rows "path  what  reason". One that is not needed any more is itself a finding."""

    def __init__(self, root, name):
        self.path = pathlib.Path("tools") / name
        self.rows = {}
        self.used = set()
        self.findings = []
        if not (root / self.path).exists():
            return
        for number, row in enumerate((root / self.path).read_text().splitlines(), 1):
            if not row.strip() or row.startswith("#"):
                continue
            parts = row.split(None, 2)
            if len(parts) < 3:
                self.findings.append(f"{self.path}:{number}: an exception wants three things: path, what, reason")
                continue
            self.rows[(parts[0], parts[1])] = number

    def permits(self, path, what):
        key = (str(path), what)
        if key not in self.rows:
            return False
        self.used.add(key)
        return True

    def stale(self):
        return [
            f"{self.path}:{number}: not needed any more, remove it: {path} {what}"
            for (path, what), number in self.rows.items()
            if (path, what) not in self.used
        ]


def compile_command_of(entry):
    """The compiler's arguments in a row of compile_commands.json, without launcher, output and input."""
    words = shlex.split(entry["command"])
    while words and not re.search(r"(\+\+|g\+\+|clang\+\+)(-\d+)?$", words[0]):
        words.pop(0)
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word == "-o":
            skip = True
        elif word not in ("-c", entry["file"]):
            kept.append(word)
    return kept


def main(check, description):
    """Runs check(root) -> findings as a program."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=TOOLS.parent)
    findings = check(parser.parse_args().root.resolve())
    for finding in findings:
        print(finding)
    if findings:
        print(f"{pathlib.Path(sys.argv[0]).name}: {len(findings)} findings", file=sys.stderr)
    sys.exit(1 if findings else 0)


def tracked(root, *patterns):
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", *patterns],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    return [name for name in listed if (root / name).exists()]
