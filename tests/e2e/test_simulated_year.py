"""Months and years by a false clock: two Gate443, one that orders and one whose authority fails one time in three. No expired
certificate is ever served. GATE443_DAYS says how many days, GATE443_SEED when the authority fails."""

import json
import os
import random
import socketserver
import threading
import time
from datetime import datetime, timedelta

import pytest

from support.clocks import DAY, Clocks
from support.server import run_command
from support.streams import carry
from support.wait import wait_until
from test_acme import served
from test_acme_own import NAME, client, is_issued, wait_for_issued
from test_acme_server import Network

DAYS = int(os.environ.get("GATE443_DAYS", "0"))  # 0: a few lives
SEED = int(os.environ.get("GATE443_SEED", "443"))
HOUR = 3600


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
        if self.open:
            carry(request, self.target)


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


def look_after(server):
    """Wakes a server, whose alarm is set in true time. The second answer comes after what the first call has woken."""
    for _ in range(2):
        assert run_command("cert", "list", "--state", server.state).returncode in (0, 1)


def settle(server, now):
    """Until the server, which the command wakes, is through with what is due."""
    seen = []
    try:
        wait_until(lambda: seen.append(shown(server)) or is_settled(seen[-1], now), "nothing to be due")
    except AssertionError:
        raise AssertionError(f"at {now}: {seen[-1]}") from None


@pytest.mark.parametrize("lifetime, step, days", [(6, 6 * HOUR, 24), (47, DAY, 96)])
def test_no_expired_certificate_is_served(start, clocks, tmp_path, lifetime, step, days):
    days = DAYS or days
    print(f"GATE443_DAYS={days} GATE443_SEED={SEED}")
    chance = random.Random(f"{SEED} {lifetime}")
    (tmp_path / "authority").mkdir()
    began = time.time()
    with NetworkBehind(tmp_path / "authority", block=f"lifetime {lifetime}d", environment=clocks.environment) as network:
        network.door = Door(network.server.https)
        server = client(start, network, environment=clocks.environment)
        seen = {wait_for_issued(server, network).serial_number}
        for passed in range(step, days * DAY + 1, step):
            network.door.open = chance.random() < 2 / 3
            clocks.pass_time(passed)
            now = datetime.utcfromtimestamp(began + passed)
            look_after(network.server)
            settle(server, now)
            certificate = served(server, NAME)
            assert is_issued(certificate)
            assert certificate.not_valid_before <= now + timedelta(minutes=5)
            assert certificate.not_valid_after > now, f"day {passed / DAY}: {shown(server)}"
            seen.add(certificate.serial_number)
        network.door.shutdown()
        network.door.server_close()
    assert days / lifetime < len(seen) < 4 * days / lifetime + 2, "it was renewed, and not all the time"
