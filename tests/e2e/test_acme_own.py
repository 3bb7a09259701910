"""Our own client orders from our own server: two Gate443, one with an authority and `acme-server`, one with a site."""

import json
import os

import pytest
from cryptography import x509

from support.server import run_command
from support.wait import wait_until
from test_acme import names_of, served
from test_acme_server import Network

NAME = "nas.home.arpa"


@pytest.fixture
def network(tmp_path):
    with Network(tmp_path) as network:
        yield network


def client(start, network, inside="", outside="", name=NAME, **options):
    """A server that orders from the network's authority, at the ports where that looks for answers."""
    ports = f"http 127.0.0.1:{network.http_port}\nhttps 127.0.0.1:{network.tls_port}\n"
    authority = f"authority {network.directory} {{\n trust {network.server.authority_file}\n {inside}\n}}"
    return start(f"acme {{\n{authority}\n{outside}\n}}\nsite {name} {{\ntls acme\nrespond 200 hello\n}}\n", settings=ports, **options)


def is_issued(certificate):
    return "Internal CA" in certificate.issuer.rfc4514_string()


def wait_for_issued(server, network, name=NAME):
    found = wait_until(lambda: is_issued(found := served(server, name)) and found or server.audit("certificate_problem"),
                       f"a certificate\n{server.complaints()}\n{network.server.complaints()}")
    assert isinstance(found, x509.Certificate), (found, network.server.complaints())
    return found


def run(server, *words):
    return run_command(*words, "--state", server.state)


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_a_certificate_is_issued_renewed_and_revoked(start, network, challenge):
    server = client(start, network, outside=f"challenges {challenge}")
    first = wait_for_issued(server, network)
    assert names_of(first) == [NAME]

    renewed = run(server, "cert", "renew", NAME)
    assert renewed.returncode == 0, renewed.stderr + network.server.complaints()
    second = served(server, NAME)
    assert second.serial_number != first.serial_number

    revoked = run(server, "cert", "revoke", NAME, "--yes", "--reason", "superseded")
    assert revoked.returncode == 0, revoked.stderr + network.server.complaints()
    third = served(server, NAME)
    states = {record["serial"]: record["state"] for record in network.issued()}
    assert states == {f"{first.serial_number:032x}": "valid", f"{second.serial_number:032x}": "revoked",
                      f"{third.serial_number:032x}": "valid"}
    revocations = x509.load_der_x509_crl((network.server.state / "ca/internal/public/revoked.crl").read_bytes())
    assert revocations.get_revoked_certificate_by_serial_number(second.serial_number) is not None


def test_an_order_replaces_the_certificate_by_the_window_of_the_authority(start, network):
    server = client(start, network)
    first = wait_for_issued(server, network)
    shown = lambda: json.loads(run(server, "cert", "show", NAME, "--json").stdout)[0]
    wait_until(lambda: "window" in shown()["order"], "the authority's advice")
    # The administrator of the authority takes it back: the next advice is a window that is over.
    serial = f"{first.serial_number:032x}"
    assert run(network.server, "ca", "revoke", serial).returncode == 0
    assert server.stop() == 0
    facts = next((server.state / "certificates/acme" / NAME).glob("facts.json"))
    asked_long_ago = {**json.loads(facts.read_text()), "ask_window_at": "2020-01-01T00:00:00Z"}
    facts.write_text(json.dumps(asked_long_ago))
    server.start()
    wait_until(lambda: served(server, NAME).serial_number != first.serial_number, "another certificate")


def test_who_knows_no_secret_is_told_by_both(start, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n")
    os.chmod(secret, 0o600)
    with Network(tmp_path, block=f"eab printers file:{secret}") as network:
        stranger = client(start, network)
        assert stranger.wait_for_audit("certificate_problem")["code"] == "G3319"
        assert stranger.stop() == 0
        known = client(start, network, inside=f"eab printers file:{secret}")
        wait_for_issued(known, network)
