"""The examples of the manual are configurations that the program accepts, and every command and statement has a page."""

import datetime
import ipaddress
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.server import REPOSITORY as ROOT
from support.server import run_command

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SITE = re.compile(r"^site ([^{]*)\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
LOCAL = re.compile(r"localhost$|^[\d.]+$|:")

# What the machine of the examples has and this one has not; each is put below the test's own folder.
FOREIGN_PATH = re.compile(r"(?<=[\s:])/(?=(?:srv|etc|var|run|home|tmp)/)")


def pages():
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted((ROOT / "src").rglob("*.md"))


def examples():
    for page in pages():
        name = page.relative_to(ROOT)
        for number, (language, text) in enumerate(FENCE.findall(page.read_text()), 1):
            # The pages of features mark an example by what it begins with.
            if language == "gate443" or (name.parts[0] == "src" and text.startswith("site ")):
                yield pytest.param(text, id=f"{name}:{number}")


def write_certificate(names, certificate, key):
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(each)) if re.search(r"^[\d.]+$|:", each) else x509.DNSName(each)
        for each in names
    ]
    now = datetime.datetime.utcnow()
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(private, hashes.SHA256())
    )
    for file in (certificate, key):
        file.parent.mkdir(parents=True, exist_ok=True)
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    key.chmod(0o600)


def write_list(authority, key, crl):
    """A revocation list without entries."""
    now = datetime.datetime.utcnow()
    issuer = x509.load_pem_x509_certificate(authority.read_bytes()).subject
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(now)
    signed = builder.next_update(now + datetime.timedelta(days=1)).sign(
        serialization.load_pem_private_key(key.read_bytes(), None), hashes.SHA256())
    crl.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def make_surroundings(text, folder):
    """The folders, pages and certificates that an example names."""
    for names, block in SITE.findall(text):
        for trust, crl in re.findall(r"client-certificate \w+ \{\n +trust +(\S+)(?:\n +crl +(\S+))?", block):
            write_certificate(["People"], folder / trust, folder / "people.key")
            if crl:
                write_list(folder / trust, folder / "people.key", folder / crl)
        for certificate, key in re.findall(r"^\s*tls +cert +(\S+) +key +(\S+)", block, re.MULTILINE):
            write_certificate(names.split(), folder / certificate, folder / key)
        for line in re.findall(r"^\s*files +([^{#\n]*)", block, re.MULTILINE):
            root = folder / line.split()[-1]
            root.mkdir(parents=True, exist_ok=True)
            (root / "index.html").touch()
        for line in re.findall(r"^\s*error +([^\"\n]*)$", block, re.MULTILINE):
            page = folder / line.split()[-1]
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("<!doctype html><title>{title}</title>")
    for key in re.findall(r"^\s*key file:(\S+)$", text, re.MULTILINE):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text('key "update" { algorithm hmac-sha256; secret "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"; };\n')
        (folder / key).chmod(0o600)


def with_certificates(text):
    """An example about something else leaves the certificate out: the local authority's will do."""

    def add(match):
        names, block = match.groups()
        private = all(LOCAL.search(name) for name in names.split())
        if private or re.search(r"^\s*tls +(cert|local|acme)", block, re.MULTILINE):
            return match.group(0)
        return f"site {names}{{\n  tls local\n{block}}}"

    return SITE.sub(add, text)


@pytest.mark.parametrize("text", examples())
def test_every_example_of_the_manual_is_accepted(text, tmp_path):
    text = with_certificates(FOREIGN_PATH.sub(lambda _: f"{tmp_path}/", text))
    make_surroundings(text, tmp_path)
    configuration = tmp_path / "gate443.conf"
    configuration.write_text(text)
    result = run_command("check", configuration)
    assert result.returncode == 0, result.stderr


def test_a_wrong_example_would_be_noticed(tmp_path):
    configuration = tmp_path / "gate443.conf"
    configuration.write_text("site localhost {\n  file www\n}\n")
    assert run_command("check", configuration).returncode == 2


def test_the_example_configuration_is_accepted_and_formatted():
    configuration = ROOT / "examples/gate443.conf"
    result = run_command("check", configuration)
    assert result.returncode == 0, result.stderr
    assert run_command("fmt", "--check", configuration).returncode == 0


def words_of(*arguments, pattern):
    return re.findall(pattern, run_command(*arguments).stdout, re.MULTILINE)


def test_every_command_has_a_page():
    commands = words_of("--help", pattern=r"^  ([a-z]+) {2,}\w")
    assert "serve" in commands
    missing = [each for each in commands if not (ROOT / f"docs/commands/{each}.md").exists()]
    assert missing == []


def test_every_statement_is_a_page_or_a_line_of_one():
    statements = words_of("explain", pattern=r"^  ([a-z0-9-]+) {2,}\S")
    assert "site" in statements
    manual = [page.read_text() for page in (ROOT / "docs/statements").glob("*.md")]
    missing = [
        each
        for each in statements
        if not any(re.search(rf"^ {{4}}{each}\b|^\| `{each} ", page, re.MULTILINE) for page in manual)
    ]
    assert missing == []


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()])
def test_every_link_of_the_manual_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
