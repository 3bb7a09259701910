"""acme-server: certificates of the internal authority for ACME clients, as they are in the field."""

import concurrent.futures
import contextlib
import datetime
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading

import dns.message
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.acme_client import AcmeClient, Refused, encoded
from support.server import Server, run_command
from support.wait import PATIENCE


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def own_hosts(folder):
    """A command in front of a server by which names of the test lead to this machine, for that server alone."""
    if os.geteuid() != 0:
        pytest.skip("only root may give a process another /etc/hosts")
    hosts = folder / "hosts"
    # ::1 is an address of it too, at which nobody answers.
    hosts.write_text("127.0.0.1 localhost nas.home.arpa other.home.arpa\n::1 nas.home.arpa\n")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]


class Network:
    """A server with an internal authority, and certbot beside it."""

    def __init__(self, folder, block="", **options):
        self.folder = folder
        self.http_port = free_port()
        self.tls_port = free_port()
        self.server = Server(folder / "server", f"""
site localhost {{
  tls local
  acme-server {{
    validate 127.0.0.0/8 ::1
    http-port {self.http_port}
    tls-port {self.tls_port}
    {block}
  }}
}}""", prefix=own_hosts(folder), **options)
        made = run_command("ca", "init", "--state", self.server.state)
        assert made.returncode == 0, made.stderr

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *failure):
        self.server.__exit__(*failure)

    @property
    def directory(self):
        return f"https://localhost:{self.server.https}/acme/directory"

    def certbot(self, command, *words):
        folders = [f"--{kind}-dir={self.folder / 'certbot' / kind}" for kind in ("config", "work", "logs")]
        environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(self.server.authority_file)}
        return subprocess.run(["certbot", command, "--non-interactive", *folders, *map(str, words)], capture_output=True,
                              text=True, timeout=6 * PATIENCE, env=environment)

    def certonly(self, *names, more=()):
        return self.certbot(
            "certonly", "--standalone", "--preferred-challenges", "http", "--http-01-address", "127.0.0.1",
            "--http-01-port", self.http_port, "--agree-tos", "--register-unsafely-without-email", "--server", self.directory,
            *[word for name in names for word in ("-d", name)], *more)

    def live(self, name):
        return self.folder / "certbot/config/live" / name

    def leaf(self, name):
        return x509.load_pem_x509_certificate((self.live(name) / "cert.pem").read_bytes())

    def issued(self):
        return json.loads(run_command("ca", "list", "--all", "--json", "--state", self.server.state).stdout)

    def complaints(self, done):
        return done.stdout + done.stderr + self.server.complaints()


@pytest.fixture
def network(tmp_path):
    with Network(tmp_path) as network:
        yield network


def test_certbot_gets_renews_and_revokes_a_certificate(network):
    done = network.certonly("nas.home.arpa")
    assert done.returncode == 0, network.complaints(done)
    first = network.leaf("nas.home.arpa")
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["nas.home.arpa"]
    checked = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-CAfile", network.server.state / "ca/internal/authority.crt",
         network.live("nas.home.arpa") / "cert.pem"], capture_output=True, text=True, timeout=PATIENCE)
    assert checked.returncode == 0, checked.stderr

    done = network.certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert done.returncode == 0, network.complaints(done)
    second = network.leaf("nas.home.arpa")
    assert second.serial_number != first.serial_number
    assert [record["origin"].split(":")[0] for record in network.issued()] == ["acme", "acme"]

    done = network.certbot("revoke", "--cert-path", network.live("nas.home.arpa") / "cert.pem", "--reason", "superseded",
                           "--server", network.directory, "--no-delete-after-revoke")
    assert done.returncode == 0, network.complaints(done)
    revoked = x509.load_der_x509_crl((network.server.state / "ca/internal/public/revoked.crl").read_bytes())
    assert revoked.get_revoked_certificate_by_serial_number(second.serial_number) is not None
    assert revoked.get_revoked_certificate_by_serial_number(first.serial_number) is None


def test_certbot_hears_why_a_name_is_refused(network):
    done = network.certonly("www.example.com")
    assert done.returncode != 0
    log = (network.folder / "certbot/logs/letsencrypt.log").read_text()
    assert "urn:ietf:params:acme:error:rejectedIdentifier" in log and "gives no certificates for www.example.com" in log


def test_certbot_hears_that_nobody_answered(network):
    done = network.certbot(
        "certonly", "--manual", "--preferred-challenges", "http", "--manual-auth-hook", "true", "--agree-tos",
        "--register-unsafely-without-email", "--server", network.directory, "-d", "nas.home.arpa")
    assert done.returncode != 0
    assert "does not answer" in done.stdout + done.stderr, network.complaints(done)
    assert network.issued() == []


def test_server_without_an_authority_does_not_start_and_says_how_to_make_one(tmp_path):
    server = Server(tmp_path / "server", "site localhost {\n  tls local\n  acme-server\n}")
    with pytest.raises(AssertionError, match="G4250(.|\n)*gate443 ca init"):
        server.start()


def test_clients_that_are_not_allowed_get_403(tmp_path):
    with Network(tmp_path, block="allow 10.0.0.0/8") as network:
        done = network.certonly("nas.home.arpa")
        assert done.returncode != 0
        assert network.issued() == []
        assert network.server.wait_for_access(lambda line: line["status"] == 403)


def test_names_that_lead_to_forbidden_places_are_not_asked(tmp_path):
    with Network(tmp_path, block="") as network:
        network.server.write_configuration("""
site localhost {
  tls local
  acme-server {
    http-port %d
  }
}""" % network.http_port)
        network.server.reload()
        done = network.certonly("nas.home.arpa")
        assert done.returncode != 0
        assert "leads to no address that this server may ask" in done.stdout + done.stderr, network.complaints(done)


class AlpnServer:
    """Answers TLS-ALPN-01 with what it is told to, by openssl's own server."""

    def __init__(self, folder, port, name, digest):
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "challenge")])
        identifier = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31"), b"\x04\x20" + digest)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(identifier, critical=True).sign(key, hashes.SHA256()))
        folder.mkdir(exist_ok=True)
        (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.context.set_alpn_protocols(["acme-tls/1"])
        self.asked = []
        self.context.sni_callback = lambda connection, asked, context: self.asked.append(asked)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with contextlib.suppress(OSError), self.context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)


def client_of(network):
    return AcmeClient(network.directory, network.server.authority_file)


def test_name_is_proved_within_the_handshake(network, tmp_path):
    client = client_of(network).register()
    order = client.order("nas.home.arpa")
    challenge, authorization = client.challenge(order["authorizations"][0], "tls-alpn-01")
    server = AlpnServer(tmp_path / "alpn", network.tls_port, "nas.home.arpa", hashlib.sha256(authorization.encode()).digest())
    try:
        verdict = client.prove(order["authorizations"][0], challenge)
    finally:
        server.close()
    assert verdict["status"] == "valid", verdict
    assert server.asked == ["nas.home.arpa"]
    leaf = client.finish(order, "nas.home.arpa")
    assert (leaf.not_valid_after - leaf.not_valid_before).days == 7


@pytest.mark.parametrize("name, wrong", [("nas.home.arpa", True), ("other.home.arpa", False)])
def test_wrong_certificate_in_the_handshake_proves_nothing(network, tmp_path, name, wrong):
    client = client_of(network).register()
    order = client.order("nas.home.arpa")
    challenge, authorization = client.challenge(order["authorizations"][0], "tls-alpn-01")
    digest = hashlib.sha256((authorization + ("x" if wrong else "")).encode()).digest()
    server = AlpnServer(tmp_path / "alpn", network.tls_port, name, digest)
    try:
        verdict = client.prove(order["authorizations"][0], challenge)
    finally:
        server.close()
    assert verdict["status"] == "invalid"
    assert verdict["challenges"][0]["error"]["type"].endswith(":unauthorized")
    with pytest.raises(Refused) as refused:
        client.finish(order, "nas.home.arpa")
    assert refused.value.type == "orderNotReady"


def test_wildcard_is_proved_by_a_record(tmp_path):
    with NameServer() as names, Network(tmp_path, block=f"resolver 127.0.0.1:{names.port}") as network:
        client = client_of(network).register()
        order = client.order("*.nas.home.arpa")
        challenge, authorization = client.challenge(order["authorizations"][0], "dns-01")
        names.text = encoded(hashlib.sha256(authorization.encode()).digest())
        verdict = client.prove(order["authorizations"][0], challenge)
        assert verdict["status"] == "valid", verdict
        assert names.asked == ["_acme-challenge.nas.home.arpa."]
        leaf = client.finish(order, "*.nas.home.arpa")
        names_in = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names_in.get_values_for_type(x509.DNSName) == ["*.nas.home.arpa"]


class NameServer:
    """Answers every question for TXT with `text`."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.text = ""
        self.asked = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            question = dns.message.from_wire(data)
            self.asked.append(question.question[0].name.to_text())
            answer = dns.message.make_response(question, recursion_available=True)
            answer.answer.append(dns.rrset.from_text(question.question[0].name, 1, "IN", "TXT", f'"{self.text}"'))
            self.socket.sendto(answer.to_wire(), peer)

    def __exit__(self, *failure):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(PATIENCE)
        self.socket.close()


def test_accounts_are_for_those_who_know_a_secret_where_it_is_said_so(tmp_path):
    secret = os.urandom(32)
    (tmp_path / "secret").write_text(encoded(secret))
    with Network(tmp_path, block=f'eab printers file:"{tmp_path}/secret"'.replace('"', "")) as network:
        with pytest.raises(Refused) as refused:
            client_of(network).register()
        assert refused.value.type == "externalAccountRequired"
        with pytest.raises(Refused) as refused:
            client_of(network).register(("printers", b"0" * 32))
        assert refused.value.type == "unauthorized"
        assert client_of(network).register(("printers", secret)).account


def test_many_clients_at_once_are_answered_across_workers(network):
    def one(number):
        client = client_of(network).register()
        return client.order(f"n{number}.home.arpa")["status"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(16))) == ["pending"] * 16


def test_key_of_the_authority_is_in_no_log(network):
    client_of(network).register()
    key = (network.server.state / "ca/internal/authority.pem").read_text().splitlines()[1]
    assert key not in network.server.complaints() + network.server.access_log_path.read_text()
