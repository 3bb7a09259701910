"""Starting, and everything that stops a start: the message, its code and the exit code."""

import os
import signal
import socket
import subprocess

import pytest

from support.certificates import Authority, replace
from support.raw import Connection
from support.server import BINARY, Server, run_command
from support.upstream import Upstream, response
from support.wait import PATIENCE, wait_until

SITE = "site localhost {\n respond 200 here\n}\n"


def run(folder, text, **options):
    """`gate443 run` on a configuration that is expected to be refused."""
    path = folder / "refused.conf"
    path.write_text(f"state {folder}/state\n" + text)
    return run_command("run", path, **options)


@pytest.fixture
def taken():
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        yield owner.getsockname()[1]


def test_port_in_use_names_its_owner(tmp_path, taken):
    done = run(tmp_path, f"https 127.0.0.1:{taken}\nhttp off\n" + SITE)
    assert done.returncode == 3
    assert "G2107" in done.stderr
    assert f"pid {os.getpid()}" in done.stderr
    assert "fix:" in done.stderr


def test_missing_folder(tmp_path):
    done = run(tmp_path, "https 127.0.0.1:0\nhttp off\nsite localhost {\n files /nowhere/at/all\n}\n")
    assert done.returncode == 2
    assert "/nowhere/at/all" in done.stderr
    assert ":5:" in done.stderr or ":6:" in done.stderr, done.stderr


def test_serve_of_a_missing_folder(tmp_path):
    done = run_command("serve", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "G0132" in done.stderr and "nowhere" in done.stderr


def test_serve_of_a_url_that_names_no_server():
    done = run_command("serve", "http://localhost/path")
    assert done.returncode == 2
    assert "G6000" in done.stderr


def test_missing_configuration(tmp_path):
    done = run_command("run", tmp_path / "nowhere.conf")
    assert done.returncode == 2
    assert "nowhere.conf" in done.stderr


class TestOwnCertificate:
    @pytest.fixture
    def authority(self, tmp_path):
        return Authority(tmp_path / "pki")

    def refused(self, folder, certificate, key, names="own.example"):
        done = run(folder, f"https 127.0.0.1:0\nhttp off\nsite {names} {{\n tls cert {certificate} key {key}\n respond 200\n}}\n")
        assert done.returncode == 2, done.stderr
        return done.stderr

    def test_of_another_key(self, tmp_path, authority):
        one, other = authority.issue("own.example"), authority.issue("own.example")
        assert "G4052" in self.refused(tmp_path, one.certificate, other.key)

    def test_missing_file(self, tmp_path, authority):
        one = authority.issue("own.example")
        message = self.refused(tmp_path, one.certificate, tmp_path / "nowhere.key")
        assert "nowhere.key" in message and "No such file" in message

    def test_unreadable_key(self, tmp_path, authority):
        one = authority.issue("own.example")
        one.key.unlink()
        one.key.mkdir()  # not even root can read it
        assert str(one.key) in self.refused(tmp_path, one.certificate, one.key)

    def test_key_that_the_servers_user_may_not_read(self, stranger):
        one = Authority(stranger.folder / "pki").issue("own.example")
        one.key.chmod(0 if os.geteuid() else 0o600)
        path = stranger.folder / "refused.conf"
        path.write_text(f"state {stranger.folder}/state\nhttps 127.0.0.1:0\nhttp off\n"
                        f"site own.example {{\n tls cert {one.certificate} key {one.key}\n respond 200\n}}\n")
        for command in ("check", "run"):
            done = subprocess.run([*stranger.prefix, stranger.program, command, path],
                                  capture_output=True, text=True, timeout=3 * PATIENCE)
            assert done.returncode == 2, done.stderr
            assert f"{path}:5:" in done.stderr and str(one.key) in done.stderr
            assert "G2020" in done.stderr and "Permission denied" in done.stderr
            assert "a user who may" in done.stderr, "what to do"

    def test_key_that_is_no_key(self, tmp_path, authority):
        one = authority.issue("own.example")
        replace(one.key, b"no key", 0o600)
        assert "G4051" in self.refused(tmp_path, one.certificate, one.key)

    def test_expired(self, tmp_path, authority):
        one = authority.issue("own.example", days=-1, since=-10)
        assert "G4054" in self.refused(tmp_path, one.certificate, one.key)

    def test_not_yet_valid(self, tmp_path, authority):
        one = authority.issue("own.example", days=10, since=5)
        assert "G4055" in self.refused(tmp_path, one.certificate, one.key)

    def test_of_another_name(self, tmp_path, authority):
        one = authority.issue("other.example")
        message = self.refused(tmp_path, one.certificate, one.key)
        assert "G4056" in message and "own.example" in message

    def test_incomplete_chain(self, tmp_path, authority):
        one = authority.issue("own.example", alone=True)
        assert "G4053" in self.refused(tmp_path, one.certificate, one.key)


def test_first_screen_shows_what_one_needs(start):
    server = start(SITE)
    screen = "".join(server.output)
    assert f"https://localhost:{server.https}" in screen
    assert f"{server.http}/tcp http (redirect)" in screen
    assert str(server.state) in screen
    assert f"gate443 trust install --state {server.state}" in screen, "another authority than the usual one"


def test_quiet_prints_nothing(tmp_path, www):
    process = subprocess.Popen(
        [BINARY, "serve", www, "--https", "127.0.0.1:0", "--http", "off", "--state", tmp_path / "state", "--quiet"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wait_until(lambda: (tmp_path / "state/ca/root.crt").exists(), "the local CA")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE)
    assert (output, process.returncode) == (b"", 0)


def served_at_once(what, tmp_path):
    """What curl gets of it."""
    process = subprocess.Popen(
        [BINARY, "serve", what, "--https", "127.0.0.1:0", "--http", "127.0.0.1:0", "--state", tmp_path / "state"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("  state"):
                break
        url = next(word for line in lines for word in line.split() if word.startswith("https://localhost"))
        command = ["curl", "-sS", "--cacert", tmp_path / "state/ca/root.crt", "-w", "%{http_version} %{http_code}", url + "/"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_serve_shows_a_folder_at_once(tmp_path, www):
    shown = served_at_once(www, tmp_path)
    assert shown.endswith("2 200") and "Hello" in shown


@pytest.mark.parametrize("form", ["{}", "127.0.0.1:{}", "http://localhost:{}"])
def test_serve_shows_another_server_at_once(tmp_path, form):
    with Upstream(lambda *_: response(b"from behind")) as upstream:
        shown = served_at_once(form.format(upstream.port), tmp_path)
    assert shown.endswith("2 200") and "from behind" in shown


def get(server):
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection.read_response().body


def test_killed_server_starts_again_with_the_same_authority(start):
    server = start(SITE)
    assert get(server) == b"here"
    root = server.authority_file.read_bytes()
    trust = server.trust()
    server.kill()
    server.start()
    assert server.authority_file.read_bytes() == root
    with Connection(server.https, trust) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_response().body == b"here"


def test_secrets_of_the_state_folder_are_for_the_owner_alone(start):
    server = start(SITE)
    keys = [path for path in server.state.rglob("*.pem")]
    assert keys
    for path in keys:
        assert path.stat().st_mode & 0o077 == 0, path


def test_local_certificate_covers_the_name_and_verifies(start):
    server = start("site localhost a.localhost 127.0.0.1 {\n respond 200 here\n}")
    for name in ("localhost", "a.localhost", "127.0.0.1"):
        with Connection(server.https, server.trust(), name) as connection:
            names = {value for _, value in connection.socket.getpeercert()["subjectAltName"]}
            assert name in names


def test_terminate_lets_a_running_download_finish(start, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "large.bin").write_bytes(b"x" * 5_000_000)
    server = start(f"site localhost {{\n files {tmp_path}/www\n}}")
    with Connection(server.https, server.trust(), receive_buffer=16384) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = connection.read_head()
        server.signal(signal.SIGTERM)
        server.wait_for_audit("stopping")
        assert len(connection.read_exactly(int(head.get("content-length")))) == 5_000_000
    assert server.wait() == 0


def test_second_terminate_ends_at_once(start, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "large.bin").write_bytes(b"x" * 50_000_000)
    server = start(f"site localhost {{\n files {tmp_path}/www\n}}")
    with Connection(server.https, server.trust(), receive_buffer=16384) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.read_head()
        server.signal(signal.SIGTERM)
        server.wait_for_audit("stopping")
        server.signal(signal.SIGTERM)
        assert server.wait(seconds=10) == 0
