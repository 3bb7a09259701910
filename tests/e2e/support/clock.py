"""A wall clock that a test can set while the server runs."""

import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("wall_clock.c")
DAY = 86400


class WallClock:
    def __init__(self, folder):
        self.file = Path(folder) / "clock"
        self.library = Path(folder) / "wall_clock.so"
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", self.library, SOURCE], check=True)
        self.file.write_bytes(bytes(8))

    def set(self, days):
        """Moves it against the real one."""
        # In place: the program has the file mapped.
        with self.file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", days * DAY))

    @property
    def environment(self):
        """For the process that is to go by this clock."""
        return {"LD_PRELOAD": str(self.library), "GATE443_TEST_CLOCK": str(self.file)}
