"""Whether the own certificates were revoked: asked of their authority, and shown to clients."""

import datetime
import http.server
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from support.certificates import replace
from support.server import run_command
from support.wait import PATIENCE, wait_until


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A root, an authority below it, and what that says of the certificates it has issued, over HTTP."""

    def __init__(self, folder):
        self.folder = folder
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._sign(named("root"), self.root_key, named("root"), self.root_key, ca=True)
        self.certificate = self._sign(named("between"), self.key, named("root"), self.root_key, ca=True)
        self.root_file = folder / "root.pem"
        replace(self.root_file, self.root.public_bytes(serialization.Encoding.PEM), 0o644)
        self.revoked = False
        self.broken = False
        self.asked = []
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.reply(authority.ocsp_response(self.rfile.read(int(self.headers["Content-Length"]))))

            def do_GET(self):
                self.reply(authority.list())

            def reply(self, body):
                authority.asked.append(self.command)
                self.send_response(500 if authority.broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _sign(self, subject, key, issuer, issuer_key, ca=False, extensions=()):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=30))
                   .add_extension(x509.BasicConstraints(ca, None), True))
        for extension in extensions:
            builder = builder.add_extension(extension, False)
        return builder.sign(issuer_key, hashes.SHA256())

    def issue(self, with_ocsp=True, with_list=False):
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [x509.SubjectAlternativeName([x509.DNSName("localhost")])]
        if with_ocsp:
            extensions.append(x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{self.url}/ocsp"))]))
        if with_list:
            extensions.append(x509.CRLDistributionPoints([x509.DistributionPoint(
                [x509.UniformResourceIdentifier(f"{self.url}/list")], None, None, None)]))
        self.leaf = self._sign(named("leaf"), key, named("between"), self.key, extensions=extensions)
        chain, key_file = self.folder / "leaf.pem", self.folder / "leaf.key"
        replace(key_file, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                            serialization.NoEncryption()), 0o600)
        replace(chain, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (self.leaf, self.certificate)), 0o644)
        return f"site localhost {{\n  tls cert {chain} key {key_file}\n  respond 200 here\n}}\n"

    def ocsp_response(self, request):
        asked = ocsp.load_der_ocsp_request(request)
        assert asked.serial_number == self.leaf.serial_number
        now = datetime.datetime.utcnow()
        status = ocsp.OCSPCertStatus.REVOKED if self.revoked else ocsp.OCSPCertStatus.GOOD
        return (ocsp.OCSPResponseBuilder().add_response(
            cert=self.leaf, issuer=self.certificate, algorithm=hashes.SHA1(), cert_status=status,
            this_update=now - datetime.timedelta(hours=1), next_update=now + datetime.timedelta(days=4),
            revocation_time=now if self.revoked else None, revocation_reason=None)
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate).sign(self.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER))

    def list(self):
        now = datetime.datetime.utcnow()
        crl = (x509.CertificateRevocationListBuilder().issuer_name(named("between"))
               .last_update(now - datetime.timedelta(hours=1)).next_update(now + datetime.timedelta(days=4)))
        if self.revoked:
            crl = crl.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(self.leaf.serial_number)
                                              .revocation_date(now).build())
        return crl.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


# The alarm about certificates that this machine's roots do not vouch for.
NOT_TRUSTED_HERE = "G4225"


@pytest.fixture
def authority(tmp_path):
    authority = Authority(tmp_path)
    yield authority
    authority.close()


def status_shown(server, authority):
    """What openssl says of the staple."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-servername", "localhost",
                           "-CAfile", authority.root_file, "-status"], input="", capture_output=True, text=True,
                          errors="replace", timeout=3 * PATIENCE)
    assert "Verify return code: 0" in done.stdout, done.stdout + done.stderr
    return "Cert Status: good" in done.stdout


def test_a_good_answer_is_stapled_and_outlives_a_restart(start, authority):
    server = start(authority.issue())
    wait_until(lambda: status_shown(server, authority), "the staple")
    assert authority.asked == ["POST"]
    assert server.stop() == 0
    authority.broken = True
    server.start()
    assert status_shown(server, authority)


def test_an_authority_that_fails_harms_nothing(start, authority):
    authority.broken = True
    server = start(authority.issue(with_list=True))
    wait_until(lambda: sorted(authority.asked) == ["GET", "POST"], "both questions")
    assert not status_shown(server, authority)
    assert [event for event in server.audit("certificate_problem") if event["code"] != NOT_TRUSTED_HERE] == []


@pytest.mark.parametrize("way", ["with_ocsp", "with_list"])
def test_a_revoked_certificate_is_told(start, authority, way):
    authority.revoked = True
    server = start(authority.issue(with_ocsp=way == "with_ocsp", with_list=way == "with_list"))
    told = server.wait_for_audit("certificate_problem", lambda event: event["code"] == "G4115")
    assert f"{authority.leaf.serial_number:x}" in told["text"]
    assert not status_shown(server, authority)
    shown = run_command("cert", "show", "localhost", "--admin", server.state / "admin.sock")
    assert "its authority has revoked it" in shown.stdout, shown.stdout + shown.stderr
