"""Certificates of an authority: ordered, served and renewed by themselves, against a real Pebble."""

import contextlib
import http.server
import json
import socket
import ssl
import threading

import pytest
from cryptography import x509

from support.certificates import Authority
from support.pebble import Pebble, free_port
from support.server import run_command
from support.wait import wait_until

NAME = "www.example.com"
BINDING = {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}


def site(name=NAME, inside=""):
    return f"site {name} {{\n{inside}\nrespond 200 hello\n}}\n"


@pytest.fixture
def pebble(tmp_path):
    with Pebble(tmp_path / "pebble") as authority:
        yield authority


def settings(authority, more="email ops@example.com"):
    """The ports at which the authority looks for answers."""
    return f"http 127.0.0.1:{authority.http}\nhttps 127.0.0.1:{authority.tls}\n{more}\n"


def served(server, name=NAME):
    """The certificate that a client gets who asks for the name, whoever vouches for it."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", server.https)) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secure:
            return x509.load_der_x509_certificate(secure.getpeercert(True))


def names_of(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def is_issued(certificate):
    return "Pebble" in certificate.issuer.rfc4514_string()


def wait_for_issued(server, name=NAME):
    found = wait_until(lambda: is_issued(found := served(server, name)) and found or server.audit("certificate_problem"),
                       f"a certificate of the authority\n{server.complaints()}")
    assert isinstance(found, x509.Certificate), found
    return found


def renew(server, name=NAME):
    return run_command("cert", "renew", name, "--state", server.state, "--json")


def problem(server, condition=lambda e: True):
    return server.wait_for_audit("certificate_problem", condition)


def ask(server, pebble, name=NAME):
    """The answer to a client that trusts the authority and nothing else."""
    context = ssl.create_default_context(cadata=pebble.root())
    with socket.create_connection(("127.0.0.1", server.https)) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secure:
            secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            received = b""
            while piece := secure.recv(4096):
                received += piece
    return received


def test_a_public_name_gets_its_certificate_by_itself(start, pebble):
    server = start(pebble.acme() + site(f"{NAME} example.com"), settings=settings(pebble))
    assert any("1 being ordered from 127.0.0.1" in line for line in server.output), server.output
    certificate = wait_for_issued(server)
    assert b"hello" in ask(server, pebble)
    assert b"hello" in ask(server, pebble, "example.com")
    assert sorted(names_of(certificate)) == ["example.com", NAME]
    event = server.wait_for_audit("certificate_issued")
    assert NAME in event["text"] and "Pebble" in event["text"], event


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_each_challenge_issues_and_renews(start, pebble, challenge):
    server = start(pebble.acme(outside=f"challenges {challenge}") + site(), settings=settings(pebble))
    first = wait_for_issued(server)
    asked = [line for line in server.access_log() if line["path"].startswith("/.well-known/acme-challenge/")]
    assert bool(asked) == (challenge == "http-01"), asked
    answer = renew(server)
    assert answer.returncode == 0, answer.stderr
    second = served(server)
    assert is_issued(second)
    assert second.serial_number != first.serial_number
    assert second.public_key().public_numbers() != first.public_key().public_numbers()
    assert "renewed" in server.wait_for_audit("certificate_renewed")["text"]


def test_a_site_serves_before_it_has_its_certificate(start, tmp_path):
    nobody = Pebble(tmp_path / "nobody")
    server = start(nobody.acme() + site(), settings=settings(nobody))
    assert not is_issued(served(server))
    event = problem(server)
    assert event["code"] == "G3320" and "tried again at" in event["text"], event
    assert not (server.state / "ca").exists(), "no root is to be trusted for it"


def test_a_restart_keeps_the_certificate(start, pebble):
    server = start(pebble.acme() + site(), settings=settings(pebble))
    first = wait_for_issued(server)
    assert server.stop() == 0
    pebble.kill()
    server.start()
    assert served(server).serial_number == first.serial_number
    assert len(server.audit("certificate_issued")) == 1
    assert not server.audit("certificate_problem")


def test_what_is_kept_is_for_the_user_alone(start, pebble):
    server = start(pebble.acme() + site(), settings=settings(pebble))
    wait_for_issued(server)
    server.wait_for_audit("certificate_issued")  # all files are written
    for folder in ("acme", "certificates"):
        for path in (server.state / folder).rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_an_authority_that_takes_half_of_the_nonces_issues(start, tmp_path):
    with Pebble(tmp_path / "pebble", PEBBLE_WFE_NONCEREJECT="50") as pebble:
        server = start(pebble.acme() + site(), settings=settings(pebble))
        wait_for_issued(server)


def test_a_proof_that_is_valid_already_is_used_again(start, tmp_path):
    with Pebble(tmp_path / "pebble", PEBBLE_AUTHZREUSE="100") as pebble:
        server = start(pebble.acme() + site(), settings=settings(pebble))
        wait_for_issued(server)
        answer = renew(server)
        assert answer.returncode == 0, answer.stderr


def test_an_address_gets_a_certificate_where_it_is_asked_for(start, pebble):
    server = start(pebble.acme(outside="challenges http-01") + site("127.0.0.1", "tls acme"),
                   settings=settings(pebble))
    certificate = wait_for_issued(server, "127.0.0.1")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_customer_of_the_authority_is_known_by_the_binding(start, tmp_path):
    with Pebble(tmp_path / "pebble", binding=BINDING) as pebble:
        key = tmp_path / "binding.key"
        key.write_text(BINDING["kid-1"] + "\n")
        key.chmod(0o600)
        server = start(pebble.acme(f"eab kid-1 file:{key}") + site(), settings=settings(pebble))
        wait_for_issued(server)
        assert BINDING["kid-1"] not in server.complaints()


def test_who_is_no_customer_is_told(start, tmp_path):
    with Pebble(tmp_path / "pebble", binding=BINDING) as pebble:
        server = start(pebble.acme() + site(), settings=settings(pebble))
        assert problem(server)["code"] == "G3319"


def test_what_the_authority_sees_instead_of_the_proof_is_told(start, tmp_path):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"welcome to another machine")

        def log_message(self, *_):
            pass

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    with contextlib.closing(other.socket), Pebble(tmp_path / "pebble", http=other.server_address[1]) as pebble:
        server = start(pebble.acme(outside="challenges http-01") + site())
        event = problem(server)
        other.shutdown()
    assert event["code"] == "G3314", event
    assert NAME in event["text"] and "http-01" in event["text"], event
    assert "welcome to another machine" in event["text"], event


def test_an_authority_that_is_gone_leaves_the_certificate(start, pebble):
    server = start(pebble.acme() + site(), settings=settings(pebble))
    first = wait_for_issued(server)
    pebble.kill()
    answer = renew(server)
    assert answer.returncode == 4, answer
    assert json.loads(answer.stdout)["error"]["code"] == "G3320", answer
    assert served(server).serial_number == first.serial_number
    # It comes back without memory: account and root are new.
    pebble.start()
    answer = renew(server)
    assert answer.returncode == 0, answer.stderr
    assert served(server).serial_number != first.serial_number
    assert b"hello" in ask(server, pebble)


def test_the_next_authority_is_asked_where_one_does_not_issue(start, tmp_path, pebble):
    nobody = Pebble(tmp_path / "nobody")
    text = f"acme {{\n{nobody.statement()}\n{pebble.statement()}\n}}\n" + site()
    server = start(text, settings=settings(pebble))
    wait_until(lambda: is_issued(served(server)), f"a certificate\n{server.complaints()}")
    assert "the next authority is asked" in problem(server)["text"]


def test_a_site_that_a_reload_adds_gets_its_certificate(start, pebble):
    server = start(pebble.acme() + site(), settings=settings(pebble))
    first = wait_for_issued(server)
    other = "other.example.com"
    assert server.reload(pebble.acme() + site() + site(other))["event"] == "configuration_changed"
    wait_for_issued(server, other)
    assert served(server).serial_number == first.serial_number


def test_a_name_that_is_added_to_a_site_is_ordered(start, pebble):
    server = start(pebble.acme() + site(), settings=settings(pebble))
    wait_for_issued(server)
    server.reload(pebble.acme() + site(f"{NAME} more.example.com"))
    assert is_issued(served(server)), "the old one serves on meanwhile"
    wait_until(lambda: "more.example.com" in names_of(served(server)), "the certificate for both names")
    assert b"hello" in ask(server, pebble, "more.example.com")


class Garbage:
    """A server over TLS that answers everything with the same bytes."""

    def __init__(self, folder, answer):
        authority = Authority(folder)
        own = authority.issue("127.0.0.1")
        self.file = authority.file
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.certificate, own.key)
        self.listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            with contextlib.suppress(OSError), peer:
                peer.recv(65536)
                peer.sendall(self.answer)


@pytest.mark.parametrize("answer, code", [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "G3320"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "G3310"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "G3310"),
    (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "G3313"),
    (b"", "G3320"),
], ids=["no-http", "html", "empty", "broken", "silent"])
def test_garbage_of_an_authority_is_told(start, tmp_path, answer, code):
    garbage = Garbage(tmp_path / "garbage", answer)
    text = f"acme {{\nauthority https://127.0.0.1:{garbage.port}/dir {{\n trust {garbage.file}\n}}\n}}\n" + site()
    server = start(text)
    event = problem(server)
    garbage.listener.close()
    assert event["code"] == code, event
    assert not is_issued(served(server))


def test_an_authority_that_nobody_vouches_for_is_not_asked(start, tmp_path, pebble):
    stranger = Authority(tmp_path / "stranger")
    text = f"acme {{\nauthority {pebble.directory} {{\n trust {stranger.file}\n}}\n}}\n" + site()
    event = problem(start(text, settings=settings(pebble)))
    assert event["code"] == "G3320" and "certificate is not accepted" in event["text"], event


def test_a_state_folder_that_cannot_be_written_is_told(start, pebble, tmp_path):
    state = tmp_path / "server0/state"
    state.mkdir(parents=True)
    (state / "acme").write_text("in the way")
    server = start(pebble.acme() + site(), settings=settings(pebble))
    event = problem(server)
    assert str(state / "acme") in event["text"], event
    assert not is_issued(served(server))


def test_only_sites_of_authorities_can_be_renewed(start):
    server = start("site localhost {\nrespond 200 hello\n}\n")
    answer = run_command("cert", "renew", "localhost", "--state", server.state)
    assert answer.returncode == 2 and "G3330" in answer.stderr, answer
