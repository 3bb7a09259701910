"""The state folder cannot be written: the start says so, and what to do."""

import os
import subprocess

import pytest

from support.server import BINARY, Server
from support.wait import PATIENCE

LOCAL = "site localhost {\n respond 200 here\n}\n"


@pytest.fixture
def start_on(tmp_path):
    """Runs the server with a file system of its own for its state."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")

    def start_one(options):
        server = Server(tmp_path, LOCAL)
        server.state.mkdir()
        mounted = f'mount -t tmpfs -o {options} tmpfs "{server.state}" && exec "$@"'
        return subprocess.run(["unshare", "--mount", "sh", "-c", mounted, "sh", BINARY, "run", server.configuration],
                              capture_output=True, text=True, timeout=3 * PATIENCE)

    return start_one


@pytest.mark.parametrize("room", ["4k", "8k", "12k"])
def test_that_is_full_is_said_whatever_does_not_fit(start_on, room):
    done = start_on(f"size={room}")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "No space left on device" in done.stderr and "df -h" in done.stderr


def test_that_is_read_only_is_said(start_on):
    done = start_on("ro")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Read-only file system" in done.stderr and "mounted read-only" in done.stderr
