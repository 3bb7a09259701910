"""Clocks that jump: the wall clock is set while the server runs, and the machine has been up for long."""

import datetime
import signal
import ssl
import subprocess
import time
from email.utils import parsedate_to_datetime

import pytest

from support.clocks import Clocks
from support.http2 import Http2Client
from support.raw import Connection
from support.wait import PATIENCE, wait_until

SITE = "site localhost {\n respond 200 here\n}"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HASTY = "limits {\n idle-timeout 300ms\n}"
JUMPS = [400, -400]  # days


@pytest.fixture
def clocks(tmp_path):
    return Clocks(tmp_path)


def at_any_time(server):
    """A client that trusts the local CA, and cares for the time as little as a clock that is wrong."""
    x509_v_flag_no_check_time = 0x200000
    context = server.trust()
    context.verify_flags |= x509_v_flag_no_check_time
    return context


def date_of(response):
    return parsedate_to_datetime(response.get("date"))


def days_from_today(moment):
    return (moment - datetime.datetime.now(datetime.timezone.utc)) / datetime.timedelta(days=1)


def served_certificate(server):
    with Connection(server.https, at_any_time(server)) as connection:
        return connection.socket.getpeercert()


def first_valid_day(server):
    starts = ssl.cert_time_to_seconds(served_certificate(server)["notBefore"])
    return days_from_today(datetime.datetime.fromtimestamp(starts, datetime.timezone.utc))


class TestWallClock:
    @pytest.mark.parametrize("jump", JUMPS)
    def test_connections_outlive_its_setting_and_dates_follow(self, start, clocks, jump):
        server = start(SITE, environment=clocks.environment)
        with Connection(server.https, at_any_time(server)) as one, Http2Client(server, context=at_any_time(server)) as two:
            one.send(GET)
            assert abs(days_from_today(date_of(one.read_response()))) < 0.1
            clocks.set_wall(jump)
            one.send(GET)
            assert abs(days_from_today(date_of(one.read_response())) - jump) < 0.1
            assert abs(days_from_today(date_of(two.request("GET", "/"))) - jump) < 0.1
            clocks.set_wall(0)
            one.send(GET)
            assert abs(days_from_today(date_of(one.read_response()))) < 0.1
            assert two.request("GET", "/").body == b"here"

    @pytest.mark.parametrize("jump", JUMPS)
    def test_running_download_outlives_its_setting(self, start, clocks, www, jump):
        (www / "large.bin").write_bytes(b"x" * 5_000_000)
        server = start(f"site localhost {{\n files {www}\n}}", environment=clocks.environment)
        with Connection(server.https, at_any_time(server), receive_buffer=16384) as connection:
            connection.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = connection.read_head()
            clocks.set_wall(jump)
            served_certificate(server)  # the server has had turns with the new time
            assert len(connection.read_exactly(int(head.get("content-length")))) == 5_000_000

    @pytest.mark.parametrize("jump", JUMPS)
    def test_deadlines_come_in_their_time_all_the_same(self, start, clocks, jump):
        server = start(SITE, settings=HASTY, environment=clocks.environment)
        with Connection(server.https, at_any_time(server)) as connection:
            began = time.monotonic()
            connection.send(GET)
            connection.read_response()
            clocks.set_wall(jump)
            assert connection.is_closed()
            assert 0.25 < time.monotonic() - began < PATIENCE / 4

    def test_local_certificate_follows_it_in_both_directions(self, start, clocks):
        server = start(SITE, environment=clocks.environment)
        clocks.set_wall(100)
        wait_until(lambda: first_valid_day(server) > 99, "a certificate that is valid in a hundred days")
        clocks.set_wall(1)
        wait_until(lambda: first_valid_day(server) < 2, "one that is valid before that again")

    def test_authority_that_is_over_is_told_once_and_stops_nothing(self, start, clocks):
        server = start(SITE, environment=clocks.environment)
        with Connection(server.https, at_any_time(server)) as connection:
            clocks.set_wall(4000)
            event = server.wait_for_audit("certificate_problem")
            assert event["code"] == "G4060" and "expired" in event["text"], event
            connection.send(GET)
            assert connection.read_response().status == 200
        assert served_certificate(server)


def uptime(seconds):
    """The command that lets another begin on a machine that has been up for so long."""
    command = ["unshare", "-T", "--monotonic", str(seconds), "--boottime", str(seconds)]
    shown = subprocess.run([*command, "cat", "/proc/uptime"], capture_output=True, text=True)
    if shown.returncode != 0 or float(shown.stdout.split()[0]) < seconds:
        pytest.skip("a time namespace wants root and Linux 6.3 or later")
    return command


class TestMonotonicClock:
    @pytest.mark.parametrize("seconds", [2**32 // 1000 - 13_000, 2**32, 30 * 365 * 86400])
    def test_long_uptime_changes_no_deadline(self, start, seconds):
        server = start(SITE, settings=HASTY, prefix=uptime(seconds))
        with Connection(server.https, server.trust()) as connection:
            began = time.monotonic()
            connection.send(GET)
            assert connection.read_response().body == b"here"
            assert connection.is_closed()
            assert 0.25 < time.monotonic() - began < PATIENCE / 4

    def test_request_that_came_while_the_machine_slept_is_answered(self, start):
        server = start(SITE, settings=HASTY)
        with Connection(server.https, server.trust()) as connection:
            connection.send(GET)
            connection.read_response()
            server.signal(signal.SIGSTOP)
            connection.send(GET)
            asleep = time.monotonic()
            wait_until(lambda: time.monotonic() - asleep > 0.6, "more than the deadline")
            server.signal(signal.SIGCONT)
            assert connection.read_response().body == b"here"
