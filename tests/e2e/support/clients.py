"""Programs of tools/dev/clients.sh: newer than the system's C library, so run with their folder's own loader."""

import functools
import os
import subprocess
from pathlib import Path

from support.wait import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[3]


@functools.cache
def folder():
    found = subprocess.run([REPOSITORY / "tools/dev/clients.sh", "--prefix"], capture_output=True, text=True, check=True)
    path = Path(found.stdout.strip())
    assert path.exists(), f"{path} is missing: run ./dev setup test"
    return path


def command(program, *arguments):
    """The command line that runs usr/bin/PROGRAM of the folder."""
    loader = next((folder() / "usr/lib").glob("*/ld-linux*.so.*"))
    return [str(each) for each in (loader, "--library-path", loader.parent, folder() / "usr/bin" / program, *arguments)]


def python(script, prefix=(), **options):
    """The folder's Python on a script, as a child to talk to. `prefix` is a command that becomes it, such as nsenter."""
    environment = {**os.environ, "PYTHONHOME": str(folder() / "usr"), "PYTHONNOUSERSITE": "1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.Popen([*prefix, *command("python3", script)], env=environment, **options)


def curl(*arguments, seconds=3 * PATIENCE):
    """One run of a curl that knows HTTP/3."""
    return subprocess.run(command("curl", "-sS", *arguments), capture_output=True, timeout=seconds)
