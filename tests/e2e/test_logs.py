"""The access log and the audit log: complete, valid, without secrets, and harmless when the disk is full."""

import os
import re
import signal
import subprocess

import pytest

from support.raw import Connection
from support.wait import wait_until

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_each_request_is_one_line_with_everything_about_it(start, wire_type):
    server = start("site localhost {\n respond /hello 200 hello\n}\n")
    wire = wire_type(server)
    for n in range(20):
        wire.request("GET", f"/hello?n={n}", [("User-Agent", "tester/1"), ("Referer", "https://a.example/")])
    wire.request("POST", "/missing", body=b"12345")
    wire.close()
    lines = server.wait_for_access(lambda r: True, count=21)
    assert len(lines) == 21
    assert len({line["request"] for line in lines}) == 21
    assert len({line["connection"] for line in lines}) == 1
    queries = [line.get("query") for line in lines[:20]]
    assert queries == [f"n={n}" for n in range(20)]
    first = lines[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert (first["client"], first["site"], first["method"], first["path"]) == ("127.0.0.1", "localhost", "GET", "/hello")
    assert (first["status"], first["response_bytes"], first["protocol"]) == (200, 5, wire_type.name)
    assert (first["user_agent"], first["referer"]) == ("tester/1", "https://a.example/")
    assert "respond" in first["rule"]
    assert first["outcome"] == "complete"
    assert first["tls"]["version"] == "TLSv1.3" and first["tls"]["server_name"] == "localhost"
    for name in ("head_us", "service_us", "send_us", "total_us"):
        assert first[name] >= 0
    missing = lines[20]
    assert (missing["status"], missing["refusal"]["code"]) == (404, "G5041")


def test_refused_request_is_logged_too(start):
    server = start("site localhost {\n respond 200\n}\n")
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n")
        assert connection.read_response().status == 400
    wait_until(lambda: server.audit("request_refused") or server.audit("protocol_violation") or
               [r for r in server.access_log() if r["status"] == 400], "any trace of the refusal")


def test_what_a_client_sends_cannot_forge_a_line(start):
    server = start("site localhost {\n respond 200\n}\n")
    with Connection(server.https, server.trust()) as connection:
        connection.send(b'GET /"},{"a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a"b\\c\td\x80\xff\r\n\r\n')
        status = connection.read_response().status
        connection.send(b'GET /%0a%22 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a"b\\c\td\x80\xff\r\n\r\n')
    assert status in (200, 400)
    if status == 200:
        server.wait_for_access(lambda r: r["path"] == '/"},{"a')
    lines = server.wait_for_access(lambda r: r.get("user_agent", "").startswith('a"b'))
    assert lines


def test_combined_format(start):
    server = start("site localhost {\n respond 200 hello\n}\n", settings="")
    server.stop()
    log = server.folder / "combined.log"
    server.settings = f'access-log "{log}" combined'
    server.write_configuration("site localhost {\n respond 200 hello\n}\n")
    server.start()
    with Connection(server.https, server.trust()) as connection:
        connection.send(b'GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nUser-Agent: te"st\r\n\r\n')
        connection.read_response()
    line = wait_until(lambda: log.exists() and log.read_text(), "a line")
    pattern = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /a\?b=c HTTP/1\.1" 200 5 "-" "(.*)"\n'
    found = re.fullmatch(pattern, line)
    assert found, line
    assert found[1] in (r"te\"st", r"te\x22st")


def test_credentials_are_redacted_unless_in_clear(start):
    text = """
site localhost {
  log-field request Authorization
  log-field request Cookie
  log-field request X-Plain
  log-field request X-Absent
  log-field response Set-Cookie
  header set Set-Cookie "session=hidden"
  respond 200
}
site clear.localhost {
  log-field request Cookie clear
  respond 200
}
"""
    server = start(text)
    for name in ("localhost", "clear.localhost"):
        with Connection(server.https, server.trust(), name) as connection:
            connection.send(f"GET / HTTP/1.1\r\nHost: {name}\r\nAuthorization: Basic c2VjcmV0\r\nCookie: id=secret\r\n"
                            "X-Plain: seen\r\n\r\n".encode())
            connection.read_response()
    first = server.wait_for_access(lambda r: r["site"] == "localhost")[0]
    assert first["request_fields"]["x-plain"] == "seen"
    assert "x-absent" not in first["request_fields"]
    for value in (first["request_fields"]["authorization"], first["request_fields"]["cookie"],
                  first["response_fields"]["set-cookie"]):
        assert value == "[redacted]"
    clear = server.wait_for_access(lambda r: r["site"] == "clear.localhost")[0]
    assert clear["request_fields"]["cookie"] == "id=secret"
    assert "c2VjcmV0" not in server.access_log_path.read_text()


def test_site_may_have_a_log_of_its_own_or_none(start, tmp_path):
    own = tmp_path / "own.log"
    server = start(f"site localhost {{\n respond 200\n}}\nsite own.localhost {{\n access-log \"{own}\"\n respond 200\n}}\n"
                   "site off.localhost {\n access-log off\n respond 200\n}\n")
    for name in ("off.localhost", "own.localhost", "localhost"):
        with Connection(server.https, server.trust(), name) as connection:
            connection.send(GET.replace(b"localhost", name.encode()))
            connection.read_response()
    server.wait_for_access(lambda r: r["site"] == "localhost")
    wait_until(lambda: own.exists() and "own.localhost" in own.read_text(), "the line in the site's own log")
    assert {r["site"] for r in server.access_log()} == {"localhost"}


def test_moved_log_is_opened_anew_on_a_signal(start):
    server = start("site localhost {\n respond 200\n}\n")

    def ask(path):
        with Connection(server.https, server.trust()) as connection:
            connection.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connection.read_response()

    ask("/one")
    server.wait_for_access(lambda r: r["path"] == "/one")
    moved = server.access_log_path.with_suffix(".1")
    server.access_log_path.rename(moved)
    server.signal(signal.SIGUSR1)
    wait_until(lambda: server.access_log_path.exists(), "the new file")
    ask("/two")
    server.wait_for_access(lambda r: r["path"] == "/two")
    assert "/one" in moved.read_text() and "/two" not in moved.read_text()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 kB. Mounting needs root; the device that is always full serves as one otherwise."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() == 0:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
        if done.returncode == 0:
            yield folder
            subprocess.run(["umount", "-l", folder], check=True)
            return
    (folder / "access.log").symlink_to("/dev/full")
    yield folder


def test_full_disk_stops_the_log_and_not_the_service(start, small_disk):
    log = small_disk / "access.log"
    server = start("site localhost {\n respond 200 here\n}\n", settings=f'access-log "{log}" json')
    with Connection(server.https, server.trust()) as connection:
        for _ in range(400):
            connection.send(GET)
            assert connection.read_response().body == b"here"
        assert server.wait_for_audit("log_problem")
        connection.send(GET)
        assert connection.read_response().body == b"here"


def test_lines_of_a_busy_time_are_complete(start):
    server = start("site localhost {\n respond 200\n}\n")
    count = 2000
    with Connection(server.https, server.trust()) as connection:
        for _ in range(20):
            connection.send(GET * 100)
            for _ in range(100):
                assert connection.read_response().status == 200
    lines = server.wait_for_access(lambda r: True, count=count)
    assert len(lines) == count
    assert len({line["request"] for line in lines}) == count
