"""Runs the compiler, or clang-tidy, over many files at once and remembers what passed.

A pass is remembered under a hash of the command, the tool's version, its settings and every file of ours that was read:
so a second run does only what changed, and a fresh clone with the same sources does nothing.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import time

import gatelib

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gate443" / "checked"


def compile_commands(root, preset="clang"):
    """{file relative to root: compiler arguments} of a configured preset."""
    entries = json.loads((root / "build" / preset / "compile_commands.json").read_text())
    commands = {}
    for entry in entries:
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(root):
            commands[path.relative_to(root)] = gatelib.compile_command_of(entry)
    return commands


def _digest(root, compiler, path, command):
    listed = subprocess.run([*compiler, "-M", path], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        return None  # it does not compile: let the command itself say so
    digest = hashlib.sha256("\0".join(command).encode())
    for name in sorted(set(listed.stdout.replace("\\\n", " ").split()[1:])):
        file = (root / name).resolve()
        if file.is_relative_to(root):
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
        else:
            digest.update(f"{file} {file.stat().st_size}".encode())
    return digest.hexdigest()


def _run(root, job):
    path, compiler, command, salt = job
    digest = _digest(root, compiler, path, [*(word.replace(str(root), "") for word in command), salt])
    stamp = CACHE / digest if digest else None
    if stamp and stamp.exists():
        return path, "", 0.0
    start = time.monotonic()
    run = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if run.returncode == 0 and stamp:
        stamp.touch()
    return path, run.stdout + run.stderr if run.returncode else "", time.monotonic() - start


def run_all(root, jobs):
    """Runs jobs (path, compiler arguments, command, salt) and yields (path, output) of those that failed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    workers = int(os.environ.get("GATE_JOBS") or os.cpu_count() or 2)
    spent, began = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for path, output, seconds in pool.map(lambda job: _run(root, job), jobs):
            spent.append((seconds, path))
            if output:
                yield path, output
    fresh = [row for row in spent if row[0]]
    if fresh:
        slowest = max(fresh)
        print(f"{len(fresh)} of {len(spent)} checked anew in {time.monotonic() - began:.0f} s; "
              f"slowest {slowest[1]}, {slowest[0]:.0f} s", flush=True)


def version_of(tool):
    return subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
