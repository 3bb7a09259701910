"""gate443 ca: the authority of a network, as its administrator runs it, and as other programs see what it issues."""

import json
import os
import random
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from support.server import BINARY, Server, run_command
from support.wait import PATIENCE, wait_until


class Authority:
    def __init__(self, folder):
        self.state = folder / "state"
        self.out = folder / "out"

    def run(self, *words, **options):
        return run_command("ca", *words, "--state", self.state, **options)

    def good(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, done.stderr
        return done

    def json(self, *words, **options):
        return json.loads(self.good(*words, "--json", **options).stdout)

    def issue(self, *words, **options):
        return self.json("issue", *words, "--to", self.out, **options)

    @property
    def folder(self):
        return self.state / "ca/internal"

    @property
    def root(self):
        return self.folder / "authority.crt"

    def revocation_list(self):
        return x509.load_der_x509_crl((self.folder / "public/revoked.crl").read_bytes())


def certificate(path):
    return x509.load_pem_x509_certificate(open(path, "rb").read())


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path)
    made.good("init", "--name", "Example Ltd", "--permit", "example.internal", "10.0.0.0/8")
    return made


def test_root_is_held_to_what_is_permitted(authority):
    root = certificate(authority.root)
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = [str(name.value) for name in constraints.value.permitted_subtrees]
    assert permitted == ["example.internal", "10.0.0.0/8", "example.internal", ".example.internal"]
    refused = authority.run("issue", "www.example.com")
    assert refused.returncode == 2
    assert "G4254" in refused.stderr and "www.example.com" in refused.stderr
    assert authority.json("list") == []


def test_it_may_sign_for_local_names_only_unless_told_otherwise(tmp_path):
    authority = Authority(tmp_path)
    shown = authority.json("init")
    assert shown["constrained"] and "home.arpa" in shown["permits"] and "192.168.0.0/16" in shown["permits"]
    assert authority.run("issue", "example.com").returncode == 2
    authority.issue("nas.home.arpa")


def test_no_limits_take_a_word_of_their_own(tmp_path):
    authority = Authority(tmp_path)
    assert authority.run("init", "--permit-anything", "--permit", "a.test").returncode == 2
    assert authority.json("init", "--permit-anything")["constrained"] is False
    authority.issue("www.example.com")


def test_second_init_overwrites_nothing(authority):
    before = authority.root.read_bytes()
    again = authority.run("init")
    assert again.returncode == 2 and "G4251" in again.stderr
    assert authority.root.read_bytes() == before


def test_server_is_accepted_by_other_programs(authority):
    issued = authority.issue("app.example.internal", "10.1.2.3")
    assert os.stat(issued["key"]).st_mode & 0o777 == 0o600
    verified = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "app.example.internal",
                       "-CAfile", authority.root, issued["certificate"])
    assert verified.returncode == 0, verified.stderr
    leaf = certificate(issued["certificate"])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["app.example.internal"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3"]
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert (leaf.not_valid_after - leaf.not_valid_before).days == 90
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued["certificate"], issued["key"])


def test_client_gets_a_file_for_browsers(authority):
    issued = authority.issue("Ann Example", "--client", "--email", "ann@example.internal", "--password", "env:P12",
                             env={**os.environ, "P12": "correct horse"})
    assert issued["certificate"].endswith("/Ann_Example.crt")
    key, leaf, others = pkcs12.load_key_and_certificates(open(issued["pkcs12"], "rb").read(), b"correct horse")
    assert os.stat(issued["pkcs12"]).st_mode & 0o777 == 0o600
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Ann Example"
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert leaf.public_key().public_numbers() == key.public_key().public_numbers()
    assert [c.fingerprint(hashes.SHA256()) for c in others] == [certificate(authority.root).fingerprint(hashes.SHA256())]
    verified = openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", authority.root, issued["certificate"])
    assert verified.returncode == 0, verified.stderr


def test_password_is_never_taken_from_the_arguments(authority):
    done = authority.run("issue", "Ann", "--client", "--password", "hunter2", "--to", authority.out)
    assert done.returncode == 2 and "G4258" in done.stderr and "hunter2" not in done.stderr
    assert authority.json("list") == []


def test_request_is_signed_for_its_own_key_and_names(authority, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("b.example.internal")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "request.csr"
    file.write_bytes(request.public_bytes(serialization.Encoding.PEM))
    issued = authority.issue("--csr", file)
    leaf = certificate(issued["certificate"])
    assert leaf.public_key().public_numbers() == key.public_key().public_numbers()
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert issued["key"] == ""


def test_key_is_kept_for_a_renewal_and_never_overwritten(authority):
    first = authority.issue("app.example.internal")
    again = authority.run("issue", "app.example.internal", "--to", authority.out)
    assert again.returncode == 2 and "G4261" in again.stderr
    assert len(authority.json("list")) == 1
    renewed = authority.issue("app.example.internal", "--key", first["key"])
    assert renewed["certificate"] == first["certificate"] and renewed["serial"] != first["serial"]


def test_revoked_certificate_stands_in_a_list_that_other_programs_read(authority):
    good = authority.issue("good.example.internal")
    bad = authority.issue("bad.example.internal")
    assert authority.revocation_list().get_revoked_certificate_by_serial_number(int(bad["serial"], 16)) is None
    authority.good("revoke", "bad.example.internal", "--reason", "key-compromise")
    listed = authority.revocation_list()
    assert listed.is_signature_valid(certificate(authority.root).public_key())
    entry = listed.get_revoked_certificate_by_serial_number(int(bad["serial"], 16))
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise
    assert listed.extensions.get_extension_for_oid(ExtensionOID.CRL_NUMBER).value.crl_number > 0

    def verify(issued):
        return openssl("verify", "-x509_strict", "-crl_check", "-CAfile", authority.root, "-CRLfile",
                       authority.folder / "public/revoked.crl.pem", issued["certificate"])

    assert verify(good).returncode == 0, verify(good).stderr
    assert "certificate revoked" in verify(bad).stderr


def test_numbers_of_lists_increase(authority):
    number = lambda: authority.revocation_list().extensions.get_extension_for_oid(ExtensionOID.CRL_NUMBER).value.crl_number
    seen = [number()]
    for name in ("a.example.internal", "b.example.internal", "c.example.internal"):
        authority.issue(name)
        authority.good("revoke", name)
        seen.append(number())
    assert seen == sorted(set(seen))


def test_certificates_are_found_by_name_and_by_the_beginning_of_the_serial_number(authority):
    first = authority.issue("app.example.internal")
    second = authority.issue("app.example.internal", "--key", first["key"])
    several = authority.run("revoke", "app.example.internal")
    assert several.returncode == 2 and "G4260" in several.stderr and first["serial"][:12] in several.stderr
    authority.good("revoke", first["serial"][:8].upper())
    assert [c["serial"] for c in authority.json("list")] == [second["serial"]]
    states = {c["serial"]: c["state"] for c in authority.json("list", "--all")}
    assert states == {first["serial"]: "revoked", second["serial"]: "valid"}
    assert authority.run("revoke", first["serial"]).returncode == 2
    assert authority.json("show", "app.example.internal")[0]["reason"] == "unspecified"


def test_place_of_the_list_stands_in_certificates(authority):
    assert authority.run("url", "https://pki.example.internal/ca").returncode == 2
    authority.good("url", "http://pki.example.internal/ca")
    leaf = certificate(authority.issue("a.example.internal")["certificate"])
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert [p.full_name[0].value for p in points] == ["http://pki.example.internal/ca/revoked.crl"]
    authority.good("url", "none")
    leaf = certificate(authority.issue("b.example.internal")["certificate"])
    assert not [e for e in leaf.extensions if e.oid == ExtensionOID.CRL_DISTRIBUTION_POINTS]


def test_commands_without_an_authority_say_how_to_make_one(tmp_path):
    for words in (["list"], ["issue", "a.test"], ["revoke", "a.test"], ["show"]):
        done = Authority(tmp_path).run(*words)
        assert done.returncode == 2 and "G4250" in done.stderr and "gate443 ca init" in done.stderr


def test_nothing_that_was_handed_out_is_lost_when_processes_are_killed(authority):
    chance = random.Random(443)
    handed_out = []
    for round in range(25):
        command = [BINARY, "ca", "issue", f"n{round}.example.internal", "--state", authority.state, "--to", authority.out]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.03))  # whatever it is about to write then
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        file = authority.out / f"n{round}.example.internal.crt"
        if file.exists():
            handed_out.append(f"{certificate(file).serial_number:x}")
    listed = {record["serial"].lstrip("0") for record in authority.json("list")}
    assert set(handed_out) <= listed
    authority.issue("after.example.internal")


def test_many_processes_issue_at_once(authority):
    processes = [
        subprocess.Popen([BINARY, "ca", "issue", f"n{i}.example.internal", "--state", authority.state, "--to", authority.out],
                         stdout=subprocess.DEVNULL)
        for i in range(8)
    ]
    assert [p.wait(PATIENCE) for p in processes] == [0] * 8
    assert len({c["serial"] for c in authority.json("list")}) == 8


def test_damaged_list_stops_the_authority_and_names_the_line(authority):
    authority.issue("a.example.internal")
    with open(authority.folder / "issued", "a") as file:
        file.write("something else\n")
    done = authority.run("issue", "b.example.internal", "--to", authority.out)
    assert done.returncode == 3 and "G4253" in done.stderr and "line 2" in done.stderr


def test_lines_fit_a_terminal(authority):
    authority.issue("app.example.internal", "10.1.2.3")
    for words in (["show"], ["list"], ["show", "app.example.internal"]):
        shown = authority.good(*words).stdout
        assert max(len(line) for line in shown.splitlines() if str(authority.state) not in line) <= 80, shown


def test_running_server_signs_a_list_anew_that_is_gone(start):
    server = start("site localhost {\n  respond 200 ok\n}")
    authority = Authority(server.folder)
    authority.good("init")
    (authority.folder / "public/revoked.crl").unlink()
    server.stop()
    with server:
        wait_until(lambda: (authority.folder / "public/revoked.crl").exists(), "the list of revoked certificates")
    assert authority.revocation_list().is_signature_valid(certificate(authority.root).public_key())


def test_published_files_are_for_clients_that_trust_nothing_yet(tmp_path):
    server = Server(tmp_path / "server", "site localhost {\n  respond 200 ok\n}")
    authority = Authority(server.folder)
    authority.good("init", "--url", "http://localhost/ca")
    server.write_configuration(f"""
site localhost {{
  http  allow
  tls   local
  files /ca/* "{authority.folder}/public" {{
    strip /ca
    type  .crl          application/pkix-crl
    type  .crt          application/x-x509-ca-cert
    type  .mobileconfig application/x-apple-aspen-config
  }}
}}""")
    issued = authority.issue("nas.home.arpa")
    authority.good("revoke", "nas.home.arpa")
    with server:

        def get(path):
            with urllib.request.urlopen(f"http://localhost:{server.http}/ca/{path}", timeout=PATIENCE) as response:
                return response.headers.get_content_type(), response.read()

        kind, der = get("revoked.crl")
        assert kind == "application/pkix-crl"
        listed = x509.load_der_x509_crl(der)
        assert listed.get_revoked_certificate_by_serial_number(int(issued["serial"], 16)) is not None
        kind, root = get("root.crt")
        assert kind == "application/x-x509-ca-cert"
        assert listed.is_signature_valid(x509.load_der_x509_certificate(root).public_key())
        assert get("root.mobileconfig")[0] == "application/x-apple-aspen-config"
        assert b"Fingerprint" in get("index.html")[1]
        for path in ("authority.pem", "../authority.pem", "%2e%2e/authority.pem"):
            with pytest.raises(urllib.error.HTTPError):
                get(path)
