"""Alarms: who is told what about certificates, by webhooks and by mail, and how often."""

import base64
import contextlib
import email
import http.server
import json
import threading

import pytest

from support.certificates import Authority
from support.mail_server import PASSWORD, USER, MailServer
from support.networks import Network
from support.server import run_command
from support.wait import wait_until

LOCAL = "site localhost {\n respond 200 here\n}\n"
SOON = {"days": 5, "since": -85}


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


@pytest.fixture
def own_site(authority):
    def text(**dates):
        files = authority.issue("own.test", file="own", **dates)
        return f'site own.test {{\n tls cert "{files.certificate}" key "{files.key}"\n respond 200 here\n}}\n'

    return text


class Receiver:
    """A program that takes webhooks."""

    def __init__(self, status=204):
        self.status = status
        self.messages = []
        self.bearers = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                receiver.bearers.append(self.headers["authorization"])
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook/secret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count):
        wait_until(lambda: len(self.messages) >= count, f"{count} webhooks, not {self.messages}")
        return self.messages

    def alarms(self):
        return [(a["occasion"], a["site"], a["concern"]) for m in self.messages for a in m["alarms"]]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()


@pytest.fixture
def mail_server(authority):
    with contextlib.ExitStack() as stack:
        def start(tls, *, host="127.0.0.1", **options):
            server = MailServer(authority.issue(host), tls, host=host, **options)
            stack.callback(server.close)
            return server

        yield start


def alerts(*lines):
    return "alerts {\n" + "".join(f" {line}\n" for line in lines) + "}\n"


def send_test(server):
    return run_command("alerts", "test", "--state", server.state)


class TestWebhooks:
    def test_are_told_what_is_wrong_and_when_it_is_over(self, start, own_site, receiver, tmp_path):
        (tmp_path / "token").write_text("much secret\n")
        hook = alerts(f"webhook {receiver.url} bearer file:{tmp_path / 'token'}")
        server = start(own_site(**SOON) + LOCAL, settings=hook)
        first = receiver.wait_for(1)[0]
        assert receiver.alarms() == [("new", "own.test", "expires_soon"), ("new", "own.test", "untrusted")]
        assert receiver.bearers == ["Bearer much secret"]
        assert first["source"] == "gate443" and "own.test: less than a third" in first["text"]
        server.reload(own_site(days=60) + LOCAL)
        receiver.wait_for(2)
        assert receiver.alarms()[2:] == [("over", "own.test", "expires_soon")]
        assert server.wait_for_audit("certificate_problem", lambda e: "fine again" in e["text"])

    def test_are_told_once_over_restarts(self, start, own_site, receiver):
        site = own_site(**SOON) + LOCAL
        server = start(site, settings=alerts(f"webhook {receiver.url}"))
        receiver.wait_for(1)
        server.stop()
        server.start()
        assert send_test(server).returncode == 0
        assert [m["alarms"][0]["occasion"] for m in receiver.wait_for(2)] == ["new", "test"]
        assert (server.state / "alerts.json").stat().st_mode & 0o777 == 0o600

    def test_that_refuse_are_said_without_their_secret(self, start, receiver):
        receiver.status = 500
        server = start(LOCAL, settings=alerts(f"webhook {receiver.url}"))
        done = send_test(server)
        assert done.returncode == 4 and "it answered 500" in done.stdout
        assert "secret" not in done.stdout


class TestWithoutAnybodyToTell:
    def test_alarms_are_in_audit_log_status_and_metrics(self, start, own_site):
        server = start(own_site(**SOON) + LOCAL)
        assert server.wait_for_audit("certificate_problem", lambda e: "own.test: less than a third" in e["text"])
        status = run_command("status", "--state", server.state).stdout
        assert "2 about certificates" in status
        assert all(len(line) <= 80 for line in status.splitlines())
        alarms = json.loads(run_command("status", "--json", "--state", server.state).stdout)["alarms"]
        assert {"site": "own.test", "concern": "expires_soon"} in alarms

    def test_a_test_says_so(self, start):
        done = send_test(start(LOCAL))
        assert done.returncode == 2 and "G4230" in done.stderr


class TestMail:
    def route(self, mail, scheme, extra="", host="127.0.0.1"):
        return f"mail gate@example.com to ops@example.com boss@example.com via {scheme}://{host}:{mail.port} {extra}"

    def test_arrives_over_tls_with_a_login(self, start, authority, own_site, mail_server, tmp_path):
        mail = mail_server("implicit", login=True)
        (tmp_path / "password").write_text(PASSWORD)
        route = self.route(mail, "smtps", f"user {USER} password file:{tmp_path / 'password'}")
        start(own_site(**SOON) + LOCAL, settings=alerts(route, f"trust {authority.file}"))
        got = mail.wait_for(1)[0]
        assert got["from"] == "gate@example.com" and got["to"] == ["ops@example.com", "boss@example.com"]
        assert got["tls"] and got["authenticated"]
        message = email.message_from_string(got["text"])
        assert message["Subject"].startswith("[gate443] own.test: less than a third")
        body = base64.b64decode(message.get_payload()).decode()
        assert "own.test: less than a third of its life is left" in body

    def test_shows_the_answer_of_the_server(self, start, authority, mail_server):
        mail = mail_server("implicit")
        server = start(LOCAL, settings=alerts(self.route(mail, "smtps"), f"trust {authority.file}"))
        done = send_test(server)
        assert done.returncode == 0, done.stdout
        assert "250 queued as 4711" in done.stdout and "ops@example.com" in done.stdout

    def test_is_not_given_to_a_server_that_nobody_vouches_for(self, start, mail_server):
        mail = mail_server("implicit")
        done = send_test(start(LOCAL, settings=alerts(self.route(mail, "smtps"))))
        assert done.returncode == 4 and "G" not in done.stderr
        assert "did not take the mail" in done.stdout and mail.mails == []

    def test_repeats_no_password_that_is_wrong(self, start, authority, mail_server, tmp_path):
        mail = mail_server("implicit", login=True)
        (tmp_path / "password").write_text("not the one")
        route = self.route(mail, "smtps", f"user {USER} password file:{tmp_path / 'password'}")
        done = send_test(start(LOCAL, settings=alerts(route, f"trust {authority.file}")))
        assert done.returncode == 4 and "it refused the login with 535" in done.stdout

    def test_goes_to_a_server_on_this_machine_in_clear(self, start, mail_server):
        mail = mail_server("none")
        assert send_test(start(LOCAL, settings=alerts(self.route(mail, "smtp")))).returncode == 0
        assert not mail.mails[0]["tls"]


class TestMailElsewhere:
    """On an address that is not a loopback one, in a network of its own."""

    ADDRESS = "198.51.100.1"  # RFC 5737

    @pytest.fixture
    def network(self):
        import os

        if os.geteuid() != 0:
            pytest.skip("only root may make networks")
        network = Network()
        network.run("ip", "address", "add", f"{self.ADDRESS}/32", "dev", "lo")
        yield network
        network.close()

    def tried(self, start, network, mail, authority):
        route = f"mail gate@example.com to ops@example.com via smtp://{self.ADDRESS}:{mail.port}"
        return send_test(start(LOCAL, settings=alerts(route, f"trust {authority.file}"), prefix=network.prefix))

    def test_is_encrypted_by_starttls(self, start, authority, network, mail_server):
        mail = mail_server("starttls", host=self.ADDRESS, prefix=network.prefix)
        done = self.tried(start, network, mail, authority)
        assert done.returncode == 0, done.stdout
        assert mail.mails[0]["tls"]

    def test_is_not_sent_without_tls(self, start, authority, network, mail_server):
        mail = mail_server("none", host=self.ADDRESS, prefix=network.prefix)
        done = self.tried(start, network, mail, authority)
        assert done.returncode == 4 and "STARTTLS" in done.stdout
        assert mail.mails == []


class TestConfiguration:
    @pytest.mark.parametrize("line, complaint", [
        ("webhook http://hooks.example.com/x", "everybody on the way"),
        ("webhook ftp://hooks.example.com/x", "G0160"),
        ("webhook https://hooks.example.com/x bearer secret", "G0161"),
        ("mail gate@example.com to ops@example.com", "G0143"),
        ("mail gate@example.com to ops@example.com via mail.example.com", "is no mail server"),
        ('mail "gate@example.com>\\r\\nRCPT TO:<x" to ops@example.com via smtps://mail.example.com', "no address of mail"),
        ("mail gate@example.com to ops@example.com via smtps://mail.example.com user gate", "a user and a password"),
    ])
    def test_that_cannot_be_honoured_is_refused(self, tmp_path, line, complaint):
        file = tmp_path / "gate443.conf"
        file.write_text(alerts(line) + LOCAL)
        done = run_command("check", file)
        assert done.returncode == 2 and complaint in done.stdout + done.stderr, done.stdout + done.stderr
