"""A certificate authority of the tests' own."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass
class Files:
    certificate: Path
    key: Path


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "End-to-end tests")])
        self.certificate = self._build(self.name, self.key, 3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(self.key, hashes.SHA256())
        self.file = self.folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.issued = 0

    def _build(self, subject, key, days, since=-1):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + datetime.timedelta(days=since))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def issue(self, *names, days=30, since=-1, rsa=False, file=None, alone=False):
        """A certificate and its key as two files; under the same names again when `file` is given.

        The root is sent along unless the leaf is to be `alone`, which the server takes for a cut chain.
        """
        key = new_rsa_key() if rsa else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        leaf = (self._build(subject, key, days, since)
                .add_extension(x509.SubjectAlternativeName([general_name(n) for n in names]), critical=False)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .sign(self.key, hashes.SHA256()))
        self.issued += 1
        stem = file or f"leaf{self.issued}"
        files = Files(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        replace(files.key, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()), 0o600)
        chain = [leaf] if alone else [leaf, self.certificate]
        replace(files.certificate, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain), 0o644)
        files.serial = leaf.serial_number
        return files


def new_rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def replace(path, data, mode):
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    fresh.chmod(mode)
    fresh.rename(path)
