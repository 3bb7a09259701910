"""An ACME client of a few lines (RFC 8555), for what certbot does not do."""

import base64
import hashlib
import hmac
import ipaddress
import json
import ssl
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from support.wait import PATIENCE, wait_until


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Refused(Exception):
    def __init__(self, status, problem):
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.type = problem.get("type", "").rsplit(":", 1)[-1]
        self.detail = problem.get("detail", "")


class AcmeClient:
    def __init__(self, directory, authority_file):
        self.context = ssl.create_default_context(cafile=authority_file)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.account = None
        self.urls = self.get(directory)

    def get(self, url):
        with urllib.request.urlopen(url, timeout=PATIENCE, context=self.context) as response:
            return json.load(response)

    def nonce(self):
        request = urllib.request.Request(self.urls["newNonce"], method="HEAD")
        with urllib.request.urlopen(request, timeout=PATIENCE, context=self.context) as response:
            return response.headers["replay-nonce"]

    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"crv": "P-256", "kty": "EC", "x": encoded(numbers.x.to_bytes(32, "big")), "y": encoded(numbers.y.to_bytes(32, "big"))}

    def thumbprint(self):
        text = json.dumps(self.jwk(), sort_keys=True, separators=(",", ":"))
        return encoded(hashlib.sha256(text.encode()).digest())

    def post(self, url, payload=None):
        header = {"alg": "ES256", "nonce": self.nonce(), "url": url}
        header.update({"kid": self.account} if self.account else {"jwk": self.jwk()})
        protected = encoded(json.dumps(header).encode())
        body = "" if payload is None else encoded(json.dumps(payload).encode())
        r, s = utils.decode_dss_signature(self.key.sign(f"{protected}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        message = {"protected": protected, "payload": body, "signature": encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}
        request = urllib.request.Request(url, json.dumps(message).encode(), {"content-type": "application/jose+json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=self.context) as response:
                self.location = response.headers["location"]
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, json.loads(error.read() or b"{}")) from None
        return json.loads(text) if text.startswith("{") else text

    def register(self, external=None):
        payload = {}
        if external:
            identifier, secret = external
            protected = encoded(json.dumps({"alg": "HS256", "kid": identifier, "url": self.urls["newAccount"]}).encode())
            body = encoded(json.dumps(self.jwk()).encode())
            mac = hmac.digest(secret, f"{protected}.{body}".encode(), "sha256")
            payload["externalAccountBinding"] = {"protected": protected, "payload": body, "signature": encoded(mac)}
        self.post(self.urls["newAccount"], payload)
        self.account = self.location
        return self

    def order(self, *names):
        identifiers = [{"type": "ip" if name[-1].isdigit() else "dns", "value": name} for name in names]
        return self.post(self.urls["newOrder"], {"identifiers": identifiers})

    def challenge(self, authorization, kind):
        """The challenge of that type, and its key authorization."""
        found = next(c for c in self.post(authorization)["challenges"] if c["type"] == kind)
        return found, f"{found['token']}.{self.thumbprint()}"

    def prove(self, authorization, challenge):
        """Says that the answer is there; what became of it."""
        self.post(challenge["url"], {})

        def decided():
            now = self.post(authorization)
            return now if now["status"] != "pending" else None

        return wait_until(decided, "the verdict on a challenge")

    def finish(self, order, *names):
        key = ec.generate_private_key(ec.SECP256R1())
        listed = [x509.IPAddress(ipaddress.ip_address(n)) if n[-1].isdigit() else x509.DNSName(n) for n in names]
        request = (x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
                   .add_extension(x509.SubjectAlternativeName(listed), critical=False).sign(key, hashes.SHA256()))
        done = self.post(order["finalize"], {"csr": encoded(request.public_bytes(serialization.Encoding.DER))})
        return x509.load_pem_x509_certificate(self.post(done["certificate"]).encode())
