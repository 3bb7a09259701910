"""Certificates that are ordered when a client asks for a name first, against a real Pebble."""

import concurrent.futures
import contextlib
import http.server
import json
import socket
import ssl
import threading
import urllib.parse

import pytest
from cryptography import x509

from support.http3 import Closed, Http3Client
from support.pebble import Pebble, free_port
from support.server import run_command
from support.wait import PATIENCE, wait_until

ALLOWED = "*.customers.example.com"

CRYPTO_ERROR = 0x100  # RFC 9000 20.1: an alert of TLS
UNRECOGNIZED_NAME = 112


class Gatekeeper:
    """Gives permission, as `ask` wants it, to the names it knows."""

    def __init__(self, *names):
        self.names = set(names)
        self.asked = []
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                keeper.asked += query["domain"]
                self.send_response(200 if query["domain"][0] in keeper.names else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/allowed"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def gatekeeper():
    keeper = Gatekeeper()
    yield keeper
    keeper.stop()


@pytest.fixture
def pebble(tmp_path):
    with Pebble(tmp_path / "pebble") as authority:
        root = authority.root()
        authority.root = lambda: root  # many clients ask for it at once, and also when the authority is gone
        yield authority


def site(inside, name=ALLOWED, more="", answer="hello"):
    return f"site {name} {{\n  tls acme {{\n on-demand {{\n{inside}\n}}\n }}\n  {more}\n  respond 200 {answer}\n}}\n"


def settings(authority, more=""):
    """The ports at which the authority looks for answers."""
    return f"http 127.0.0.1:{authority.http}\nhttps 127.0.0.1:{authority.tls}\n{more}\n"


def ask(server, pebble, name):
    """The certificate, and what is answered, to a client that trusts the authority and nothing else."""
    context = ssl.create_default_context(cadata=pebble.root())
    with socket.create_connection(("127.0.0.1", server.https), timeout=PATIENCE) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secure:
            secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            received = b""
            while piece := secure.recv(4096):
                received += piece
            return x509.load_der_x509_certificate(secure.getpeercert(True)), received


def names_of(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def refusal(server, name):
    """The alert that ends the handshake."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", server.https), timeout=PATIENCE) as plain:
        with pytest.raises(ssl.SSLError) as caught:
            context.wrap_socket(plain, server_hostname=name)
    return caught.value.reason


def issued(server, count=0):
    """The names of orders that came to a certificate; waits for so many."""
    wait_until(lambda: len(server.audit("certificate_issued")) >= count, f"orders\n{server.complaints()}")
    return [event["text"].split(":")[0] for event in server.audit("certificate_issued")]


def wait_for_failure(server, code):
    return server.wait_for_audit("handshake_failed", lambda e: e["code"] == code)


def test_the_first_handshake_is_answered_with_the_certificate_of_its_name(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble))
    certificate, answer = ask(server, pebble, "a.customers.example.com")
    assert names_of(certificate) == ["a.customers.example.com"]
    assert b"hello" in answer
    assert issued(server, 1) == ["a.customers.example.com"]
    again, _ = ask(server, pebble, "a.customers.example.com")
    assert again.serial_number == certificate.serial_number
    other, _ = ask(server, pebble, "b.customers.example.com")
    assert names_of(other) == ["b.customers.example.com"]
    metrics = server.metrics()
    assert metrics["gate443_on_demand_names"] == 2, metrics
    assert metrics['gate443_on_demand_total{result="issued"}'] == 2, metrics


def test_whoever_is_asked_decides_once_and_a_name_that_is_known_needs_nobody(start, pebble, gatekeeper):
    gatekeeper.names.add("shop.example.net")
    server = start(pebble.acme() + site(f"ask {gatekeeper.url}", "www.example.com", "default"),
                   settings=settings(pebble))
    assert refusal(server, "evil.example.net") == "TLSV1_UNRECOGNIZED_NAME"
    assert refusal(server, "evil.example.net") == "TLSV1_UNRECOGNIZED_NAME"
    assert gatekeeper.asked == ["evil.example.net"]
    event = server.wait_for_audit("unknown_name", lambda e: "answers 404" in e["text"])
    assert event["code"] == "G3371" and "evil.example.net" in event["text"], event
    assert names_of(ask(server, pebble, "shop.example.net")[0]) == ["shop.example.net"]
    gatekeeper.stop()
    assert b"hello" in ask(server, pebble, "shop.example.net")[1]
    assert gatekeeper.asked.count("shop.example.net") == 1


def test_the_site_s_own_name_is_ordered_at_the_start_and_others_on_demand(start, pebble):
    text = site("allow shop.example.net", "www.example.com", "default")
    server = start(pebble.acme() + text, settings=settings(pebble))
    server.wait_for_audit("certificate_issued")
    assert names_of(ask(server, pebble, "www.example.com")[0]) == ["www.example.com"]
    assert names_of(ask(server, pebble, "shop.example.net")[0]) == ["shop.example.net"]
    assert refusal(server, "other.example.net") == "TLSV1_UNRECOGNIZED_NAME"


def test_who_cannot_be_asked_gives_no_permission_and_it_is_said(start, pebble):
    server = start(pebble.acme() + site(f"ask http://127.0.0.1:{free_port()}/allowed"), settings=settings(pebble))
    assert refusal(server, "a.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    event = server.wait_for_audit("limit_hit")
    assert event["code"] == "G3375" and "a.customers.example.com" in event["text"], event
    assert not issued(server)


def test_no_more_than_the_rate_are_ordered(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}\nrate 2/hour"), settings=settings(pebble))
    for name in ("a", "b"):
        ask(server, pebble, f"{name}.customers.example.com")
    assert refusal(server, "c.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    wait_for_failure(server, "G3373")
    assert server.wait_for_audit("limit_hit")["code"] == "G3373"
    assert b"hello" in ask(server, pebble, "a.customers.example.com")[1]
    assert len(issued(server, 2)) == 2


def test_no_more_names_than_allowed_are_kept(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}\nnames 1"), settings=settings(pebble))
    ask(server, pebble, "a.customers.example.com")
    assert refusal(server, "b.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    assert server.wait_for_audit("limit_hit")["code"] == "G3376"
    assert issued(server, 1) == ["a.customers.example.com"]


def test_a_restart_keeps_the_certificates(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble))
    first, _ = ask(server, pebble, "a.customers.example.com")
    assert server.stop() == 0
    pebble.kill()
    server.start()
    again, answer = ask(server, pebble, "a.customers.example.com")
    assert again.serial_number == first.serial_number and b"hello" in answer
    assert len(issued(server, 1)) == 1
    assert not server.audit("certificate_problem")


@pytest.mark.parametrize("workers", [1, 3])
def test_many_handshakes_for_one_name_make_one_order(start, pebble, workers):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble), workers=workers)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask(server, pebble, "a.customers.example.com"), range(50)))
    assert len({certificate.serial_number for certificate, _ in answers}) == 1
    assert all(b"hello" in answer for _, answer in answers)
    assert issued(server, 1) == ["a.customers.example.com"]


def test_a_flood_of_names_is_neither_ordered_nor_asked_about_beyond_the_rate(start, pebble, gatekeeper):
    text = site(f"ask {gatekeeper.url}\nallow {ALLOWED}\nrate 3/hour", f"www.example.com {ALLOWED}", "default")
    server = start(pebble.acme() + text, settings=settings(pebble))
    server.wait_for_audit("certificate_issued")

    def knock(number):
        with contextlib.suppress(OSError):
            ask(server, pebble, f"n{number}.example.net" if number % 2 else f"n{number}.customers.example.com")

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        list(pool.map(knock, range(400)))
    on_demand = [name for name in issued(server, 4) if name != "www.example.com"]
    assert len(on_demand) == 3 and all(name.endswith(".customers.example.com") for name in on_demand), on_demand
    assert len(gatekeeper.asked) <= 200, len(gatekeeper.asked)
    assert len(server.audit("limit_hit")) == 1, server.audit("limit_hit")
    kept = [path.name for path in (server.state / "certificates" / "acme").iterdir()]
    assert sorted(kept) == sorted(on_demand + ["www.example.com"])


def test_a_handshake_that_may_wait_no_longer_ends_and_the_next_one_finds_the_certificate(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}\nhold 0s"), settings=settings(pebble))
    assert refusal(server, "a.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    wait_for_failure(server, "G3370")
    server.wait_for_audit("certificate_issued")
    assert b"hello" in ask(server, pebble, "a.customers.example.com")[1]


def test_over_http3_nothing_waits_and_the_next_connection_finds_the_certificate(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble))
    with pytest.raises(Closed) as ended:
        Http3Client(server, "a.customers.example.com", roots=[pebble.root()])
    assert ended.value.code == CRYPTO_ERROR + UNRECOGNIZED_NAME, ended.value
    issued(server, 1)
    with Http3Client(server, "a.customers.example.com", roots=[pebble.root()]) as client:
        assert client.request("GET", "/").body == b"hello"


def test_an_order_that_fails_ends_the_handshake_and_is_not_tried_again_at_once(start, pebble):
    pebble.kill()
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble))
    assert refusal(server, "a.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    event = server.wait_for_audit("certificate_problem")
    assert "a.customers.example.com" in event["text"] and "when a client asks" in event["text"], event
    assert refusal(server, "a.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    assert len(server.audit("certificate_problem")) == 1
    assert not list((server.state / "certificates" / "acme").iterdir()), "nothing is left behind"


def test_a_client_that_goes_away_while_it_waits_is_no_trouble(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble), workers=1)
    context = ssl._create_unverified_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="a.customers.example.com")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", server.https)) as plain:
        plain.sendall(outgoing.read())
    server.wait_for_audit("certificate_issued")
    assert b"hello" in ask(server, pebble, "a.customers.example.com")[1]


def test_a_server_that_stops_does_not_wait_for_the_authority(start, tmp_path):
    with Pebble(tmp_path / "slow", PEBBLE_VA_NOSLEEP="0", PEBBLE_VA_SLEEPTIME="60") as slow:
        server = start(slow.acme() + site(f"allow {ALLOWED}\nhold 1m"), settings=settings(slow, "limits {\nhandshake-timeout 1m\n}"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            ended = pool.submit(refusal, server, "a.customers.example.com")
            wait_until(lambda: list((server.state / "certificates").glob("acme/a.customers.example.com")), "an order")
            assert server.stop() == 0
            assert ended.result(PATIENCE) == "TLSV1_UNRECOGNIZED_NAME"


def test_commands_know_the_certificates(start, pebble):
    server = start(pebble.acme() + site(f"allow {ALLOWED}"), settings=settings(pebble))
    first, _ = ask(server, pebble, "a.customers.example.com")
    listed = json.loads(run_command("cert", "list", "--state", server.state, "--json").stdout)
    assert [each["site"] for each in listed] == ["a.customers.example.com"]
    assert listed[0]["source"] == "ACME, on demand" and listed[0]["findings"] == [], listed
    shown = run_command("cert", "show", "a.customers.example.com", "--state", server.state)
    assert "on demand" in shown.stdout, shown
    plan = run_command("cert", "plan", "--days", "3650", "--state", server.state)
    assert "a.customers.example.com" in plan.stdout, plan
    renewed = run_command("cert", "renew", "a.customers.example.com", "--state", server.state)
    assert renewed.returncode == 0, renewed
    second, _ = ask(server, pebble, "a.customers.example.com")
    assert second.serial_number != first.serial_number


def test_a_reload_keeps_what_the_site_still_takes_and_forgets_the_rest(start, pebble):
    text = pebble.acme() + site(f"allow {ALLOWED}")
    server = start(text, settings=settings(pebble))
    first, _ = ask(server, pebble, "a.customers.example.com")
    assert server.reload(pebble.acme() + site(f"allow {ALLOWED}", answer="other"))["event"] == "configuration_changed"
    again, answer = ask(server, pebble, "a.customers.example.com")
    assert again.serial_number == first.serial_number and b"other" in answer
    server.reload(pebble.acme() + site("allow *.else.example.com", "*.else.example.com"))
    assert refusal(server, "a.customers.example.com") == "TLSV1_UNRECOGNIZED_NAME"
    assert json.loads(run_command("cert", "list", "--state", server.state, "--json").stdout) == []
    server.reload(text)
    back, _ = ask(server, pebble, "a.customers.example.com")
    assert back.serial_number == first.serial_number, "what is kept is not ordered again"


def test_a_name_that_becomes_a_site_keeps_its_certificate(start, pebble):
    text = pebble.acme() + site(f"allow {ALLOWED}")
    server = start(text, settings=settings(pebble))
    first, _ = ask(server, pebble, "a.customers.example.com")
    server.reload(text + "site a.customers.example.com {\nrespond 200 own\n}\n")
    again, answer = ask(server, pebble, "a.customers.example.com")
    assert again.serial_number == first.serial_number and b"own" in answer
    renewed = run_command("cert", "renew", "a.customers.example.com", "--state", server.state)
    assert renewed.returncode == 0, renewed
    second, answer = ask(server, pebble, "a.customers.example.com")
    assert second.serial_number != first.serial_number and b"own" in answer


def test_without_a_permission_it_is_refused(tmp_path):
    configuration = tmp_path / "gate443.conf"
    configuration.write_text(site("rate 5/minute"))
    answer = run_command("check", configuration)
    assert answer.returncode == 2
    assert "G3380" in answer.stderr + answer.stdout and "allow" in answer.stderr + answer.stdout, answer
