"""Clocks that a test can set while the server runs."""

import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clocks.c")
DAY = 86400


class Clocks:
    def __init__(self, folder):
        self.file = Path(folder) / "clocks"
        self.library = Path(folder) / "clocks.so"
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", self.library, SOURCE], check=True)
        self.file.write_bytes(bytes(16))

    def set_wall(self, days):
        """Moves the wall clock against the real one; the monotonic one stays true, as when an administrator sets the time."""
        self._write(days * DAY, 0)

    def pass_time(self, seconds):
        """So much time has passed at once since the start."""
        self._write(seconds, seconds)

    def _write(self, wall, monotonic):
        # In place: the program has the file mapped.
        with self.file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=qq", wall, monotonic))

    @property
    def environment(self):
        """For the process that is to go by these clocks."""
        return {"LD_PRELOAD": str(self.library), "GATE443_TEST_CLOCK": str(self.file)}
