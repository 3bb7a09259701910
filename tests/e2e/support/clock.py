"""A wall clock that a test can set while the server runs (libfaketime)."""

from pathlib import Path

DIRECTORY = Path("/usr/lib")


class WallClock:
    def __init__(self, folder):
        self.file = Path(folder) / "clock"
        self.set("+0")

    def set(self, offset):
        """Moves it against the real one: "+50d", "-2h"."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.rename(self.file)

    @property
    def environment(self):
        """For the process that is to go by this clock. Its monotonic clock stays true, as when a clock is set."""
        libraries = sorted(DIRECTORY.glob("*/faketime/libfaketimeMT.so.1"))
        assert libraries, "libfaketime is missing: run ./dev setup test"
        return {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
