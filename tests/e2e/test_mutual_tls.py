"""Clients that prove who they are in the handshake: `client-certificate`."""

import base64
import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support import clients
from support.certificates import Files, replace
from support.raw import Connection
from support.upstream import Upstream, response
from support.wait import wait_until
from support.wires import WIRES


class People:
    """An authority for clients."""

    def __init__(self, folder, name="People"):
        self.folder = folder
        self.folder.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = self.folder / "people.pem"
        self.crl = self.folder / "people.crl"
        root = self._build(self.name, self.key, 1).add_extension(x509.BasicConstraints(True, None), True)
        replace(self.file, self._pem(root.sign(self.key, hashes.SHA256())), 0o644)
        self.revoke()

    @staticmethod
    def _pem(certificate):
        return certificate.public_bytes(serialization.Encoding.PEM)

    def _build(self, name, key, serial):
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        return (x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
                .serial_number(serial).not_valid_before(now - day).not_valid_after(now + 30 * day))

    def issue(self, name, serial):
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (self._build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, serial)
                .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(f"{name}@example.com")]), False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
                .sign(self.key, hashes.SHA256()))
        files = Files(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        replace(files.key, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()), 0o600)
        replace(files.certificate, self._pem(leaf), 0o644)
        files.der = leaf.public_bytes(serialization.Encoding.DER)
        files.sha256 = leaf.fingerprint(hashes.SHA256()).hex()
        return files

    def revoke(self, *serials):
        """Publishes a list with these alone."""
        now = datetime.datetime.utcnow()
        crl = (x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(now - datetime.timedelta(1))
               .next_update(now + datetime.timedelta(days=1)))
        for serial in serials:
            crl = crl.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
        replace(self.crl, crl.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), 0o644)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    people = People(tmp_path_factory.mktemp("clients") / "people")
    people.alice = people.issue("alice", 7)
    people.bob = people.issue("bob", 8)
    people.stranger = People(people.folder / "strangers", "Strangers").issue("alice", 7)
    return people


class KnownTo:
    """A server as the wires of a client with a certificate see it."""

    def __init__(self, server, files):
        self.server, self.files = server, files

    def __getattr__(self, name):
        return getattr(self.server, name)

    def trust(self):
        context = self.server.trust()
        if self.files:
            context.load_cert_chain(self.files.certificate, self.files.key)
        return context


VERSIONS = {"h1": "--http1.1", "h2": "--http2", "h3": "--http3-only"}


@pytest.fixture(params=list(VERSIONS))
def curl(request):
    """curl over each version of HTTP: (exit code, body)."""
    def run(server, files=None, path="/", name="localhost", *arguments):
        shown = ["--cert", files.certificate, "--key", files.key] if files else []
        done = clients.curl(VERSIONS[request.param], "--cacert", server.authority_file, "--max-time", "20",
                            "--connect-to", f"{name}::127.0.0.1:", *shown, *arguments,
                            f"https://{name}:{server.https}{path}")
        return done.returncode, done.stdout.decode()
    return run


def conf(people, way="require", *lines, answer="respond 200 in"):
    block = "\n".join(f"    {line}" for line in [f"trust {people.file}", *lines])
    return f"site localhost {{\n  client-certificate {way} {{\n{block}\n  }}\n  {answer}\n}}\n"


OPEN = "site open.localhost {\n  respond 200 open\n}\n"


def test_a_known_client_is_served_and_named_in_the_log(start, people, curl):
    server = start(conf(people))
    assert curl(server, people.alice) == (0, "in")
    tls = server.wait_for_access(lambda r: r["status"] == 200)[0]["tls"]
    assert tls["client_subject"] == "CN=alice"
    assert tls["client_serial"] == "07"
    assert tls["client_sha256"] == people.alice.sha256


def test_nobody_else_is(start, people, curl):
    server = start(conf(people))
    assert curl(server)[0] != 0
    server.wait_for_audit("handshake_failed", lambda e: e["code"] == "G4110")
    assert curl(server, people.stranger)[0] != 0
    refused = server.wait_for_audit("handshake_failed", lambda e: e["code"] == "G4111")
    assert "CN=alice" in refused["text"]
    assert server.access_log() == []


def test_names_choose_among_those_the_authority_vouches_for(start, people, curl):
    server = start(conf(people, "require", "names al*@example.com"))
    assert curl(server, people.alice) == (0, "in")
    assert curl(server, people.bob)[0] != 0


def test_where_it_is_only_asked_for_strangers_are_served_as_nobody(start, people, curl):
    answer = """header set X-Client "{client_certificate_subject} {client_certificate_serial}"
  route {
    when client-certificate alice@*
    respond 200 "hello alice"
  }
  respond 200 stranger"""
    server = start(conf(people, "request", answer=answer))
    who = ["-w", " <%header{x-client}>"]
    assert curl(server, people.alice, "/", "localhost", *who) == (0, "hello alice <CN=alice 07>")
    assert curl(server, people.bob, "/", "localhost", *who) == (0, "stranger <CN=bob 08>")
    assert curl(server, None, "/", "localhost", *who) == (0, "stranger <>")
    assert curl(server, people.stranger, "/", "localhost", *who) == (0, "stranger <>")


def test_servers_behind_are_told_and_claims_of_clients_are_not_passed_on(start, people, curl):
    upstream = Upstream(lambda *_: response(b"behind"))
    proxy = f"proxy localhost:{upstream.port} {{\n    pass-client-certificate chain\n  }}"
    server = start(conf(people, "request", answer=proxy) + f"site open.localhost {{\n  proxy localhost:{upstream.port}\n}}\n")
    claims = ["-H", "Client-Cert: :bWFsbG9yeQ==:", "-H", "Client-Cert-Chain: :bWFsbG9yeQ==:", "-H", "Client_Cert: x"]
    assert curl(server, people.alice, "/", "localhost", *claims) == (0, "behind")
    assert curl(server, None, "/", "localhost", *claims) == (0, "behind")
    assert curl(server, None, "/", "open.localhost", *claims) == (0, "behind")
    told, silent, other = upstream.received
    assert told.get("client-cert") == f":{base64.b64encode(people.alice.der).decode()}:"
    assert told.get("client-cert-chain") is None, "nothing stands between alice and the root"
    for received in upstream.received:
        assert received.get("client_cert") is None
    for received in (silent, other):
        assert received.get("client-cert") is None
        assert received.get("client-cert-chain") is None
    upstream.close()


@pytest.mark.parametrize("wire", ["h1", "h2"])
def test_the_name_of_the_handshake_and_of_the_request_cannot_differ(start, people, wire):
    server = start(conf(people) + OPEN)
    through_open = WIRES[wire](KnownTo(server, people.alice), "open.localhost")
    assert through_open.request("GET", "/", host=f"open.localhost:{server.https}").status == 200
    assert through_open.request("GET", "/", host=f"localhost:{server.https}").status == 421
    known = WIRES[wire](KnownTo(server, people.alice))
    assert known.request("GET", "/").status == 200
    assert known.request("GET", "/", host=f"open.localhost:{server.https}").status == 421


def is_in(server, files, **options):
    """Whether the handshake and a request succeed. A refusal comes behind the handshake of TLS 1.3."""
    try:
        with Connection(server.https, KnownTo(server, files).trust(), **options) as connection:
            connection.send(f"GET / HTTP/1.1\r\nHost: localhost:{server.https}\r\nConnection: close\r\n\r\n".encode())
            return connection.receive().startswith(b"HTTP/1.1 200")
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.parametrize("wire", ["h1", "h2"])
def test_who_is_taken_off_the_list_loses_the_open_connection_too(start, people, wire):
    people.revoke()
    server = start(conf(people, "require", f"crl {people.crl}"))
    alice = WIRES[wire](KnownTo(server, people.alice))
    assert alice.request("GET", "/").status == 200
    assert is_in(server, people.bob)
    people.revoke(7)
    server.wait_for_audit("certificate_loaded")
    assert not is_in(server, people.alice)
    assert "revoked" in server.wait_for_audit("handshake_failed")["text"]
    assert is_in(server, people.bob)
    raw = alice.connection if wire == "h1" else alice.client.connection
    wait_until(lambda: raw.receive() == b"", "the end of the connection")


def test_a_list_that_cannot_be_read_leaves_the_old_one_in_force(start, people):
    people.revoke(7)
    server = start(conf(people, "require", f"crl {people.crl}"))
    replace(people.crl, b"-----BEGIN X509 CRL-----\nbroken", 0o644)
    server.wait_for_audit("certificate_problem")
    assert not is_in(server, people.alice)
    assert is_in(server, people.bob)
    people.revoke()


@pytest.mark.parametrize("wire", ["h1", "h2"])
def test_a_demand_made_by_a_reload_ends_connections_without_a_certificate(start, people, wire):
    server = start("site localhost {\n  respond 200 in\n}\n")
    before = WIRES[wire](server)
    assert before.request("GET", "/").status == 200
    assert server.reload(conf(people))["event"] == "configuration_changed"
    raw = before.connection if wire == "h1" else before.client.connection
    wait_until(lambda: raw.receive() == b"", "the end of the connection")
    assert not is_in(server, None)
    assert is_in(server, people.alice)


@pytest.mark.parametrize("line", ["http allow", "early-data safe"])
def test_what_would_lead_around_it_is_refused(tmp_path, people, line):
    from support.server import run_command

    file = tmp_path / "gate443.conf"
    file.write_text(conf(people, answer=f"{line}\n  respond 200 in"))
    done = run_command("check", file)
    assert done.returncode == 2
    assert "G0170" in done.stdout + done.stderr
