"""Months and years by a false clock: two Gate443, one that orders and one whose authority fails one time in three. No expired
certificate is ever served. GATE443_DAYS says how many days, GATE443_SEED which ones the authority fails in."""

import contextlib
import json
import os
import random
import socket
import socketserver
import threading
import time
from datetime import datetime, timedelta

import pytest

from support.clocks import DAY, Clocks
from support.server import run_command
from support.wait import PATIENCE, wait_until
from test_acme import served
from test_acme_own import NAME, client, is_issued, wait_for_issued
from test_acme_server import Network

DAYS = int(os.environ.get("GATE443_DAYS", "30"))
SEED = int(os.environ.get("GATE443_SEED", "0")) or int(time.time())
STEP = 6 * 3600


class Door(socketserver.ThreadingTCPServer):
    """The way to an authority, which is open or shut."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.open = True
        super().__init__(("127.0.0.1", 0), lambda request, *_: self.let_in(request))
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def let_in(self, request):
        if not self.open:
            return
        with contextlib.suppress(OSError), socket.create_connection(self.target) as theirs:
            back = threading.Thread(target=self.pump, args=(theirs, request), daemon=True)
            back.start()
            self.pump(request, theirs)
            back.join(PATIENCE)

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class NetworkBehind(Network):
    """An authority behind a door."""

    @property
    def directory(self):
        return f"https://localhost:{self.door.server_address[1]}/acme/directory"


@pytest.fixture
def clocks(tmp_path):
    return Clocks(tmp_path)


def shown(server):
    done = run_command("cert", "show", NAME, "--json", "--state", server.state)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)[0]


def is_settled(entry, now):
    """Whether nothing is under way and nothing is due."""
    order = entry["order"]
    failure = order.get("last_failure") if order["failures"] else None
    times = [failure["next_try"] if failure else entry["renewal"], order.get("ask_window_at")]
    due = [datetime.strptime(each, "%Y-%m-%dT%H:%M:%SZ") <= now for each in times if each]
    return "running_order" not in entry and not any(due)


@pytest.mark.parametrize("lifetime", ["6d", "47d"])
def test_no_expired_certificate_is_served(start, clocks, tmp_path, lifetime):
    print(f"GATE443_DAYS={DAYS} GATE443_SEED={SEED}")
    chance = random.Random(f"{SEED} {lifetime}")
    (tmp_path / "authority").mkdir()
    began = time.time()
    with NetworkBehind(tmp_path / "authority", block=f"lifetime {lifetime}", environment=clocks.environment) as network:
        network.door = Door(network.server.https)
        server = client(start, network, environment=clocks.environment)
        seen = {wait_for_issued(server, network).serial_number}
        for step in range(1, DAYS * DAY // STEP + 1):
            network.door.open = chance.random() < 2 / 3
            passed = step * STEP
            clocks.pass_time(passed)
            now = datetime.utcfromtimestamp(began + passed)
            # The command wakes the server, whose own alarm is set in true time; it is through when nothing is due.
            wait_until(lambda: is_settled(shown(server), now),
                       f"day {passed / DAY} to be settled\n{server.complaints()}")
            certificate = served(server, NAME)
            assert is_issued(certificate)
            assert certificate.not_valid_before <= now + timedelta(minutes=5)
            assert certificate.not_valid_after > now, f"day {passed / DAY}: expired {certificate.not_valid_after}"
            seen.add(certificate.serial_number)
        network.door.shutdown()
        network.door.server_close()
    days = int(lifetime[:-1])
    assert len(seen) > DAYS / days, "it was renewed"
    assert len(seen) < 4 * DAYS / days + 2, "and not all the time"
