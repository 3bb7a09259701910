"""Commands as another user than the tests', where those run as root."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from support.server import BINARY

NOBODY = 65534


class Stranger:
    """A user without rights: nobody when the tests run as root, else whoever runs them.

    `folder` is theirs. `program` is a copy in there: the build folder may be in a home that is closed to them.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.program = shutil.copy(BINARY, self.folder / "gate443")
        self.home = self.folder / "home"
        self.home.mkdir()
        self.prefix = []
        if os.geteuid() == 0:
            self.prefix = [shutil.which("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            for path in (self.folder, self.home):
                os.chown(path, NOBODY, NOBODY)

    def own(self, path):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        return path


@pytest.fixture
def stranger():
    # Not below pytest's own folder, which is closed to others.
    with tempfile.TemporaryDirectory(prefix="gate443-") as folder:
        yield Stranger(folder)
