"""gate443 trust qr: a code that phones read, and the page behind it."""

import plistlib
import re
import signal
import socket
import struct
import subprocess
import urllib.request
import zlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from support.server import BINARY, run_command
from support.wait import PATIENCE, wait_until


def modules_of(text):
    """The picture that a terminal shows: rows of True for light."""
    halves = {" ": (False, False), "▄": (False, True), "▀": (True, False), "█": (True, True)}
    rows = []
    for line in text.splitlines():
        if not line or set(line) - set(halves):
            continue
        rows += list(zip(*(halves[c] for c in line)))
    return rows


def decode(text, folder):
    """What zbarimg reads of it, from a picture of four pixels a module."""
    rows = modules_of(text)
    pixels = b"".join(
        (b"\0" + b"".join((b"\xff" if light else b"\0") * 4 for light in row)) * 4 for row in rows)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", 4 * len(rows[0]), 4 * len(rows), 8, 0, 0, 0, 0)
    picture = folder / "code.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))
    done = subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout.rstrip("\n")


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    assert run_command("ca", "init", "--name", "Example <Ltd>", "--state", folder).returncode == 0
    return folder


def qr(state, *words):
    return run_command("trust", "qr", "--state", state, *words)


@pytest.mark.parametrize("length", [14, 15, 26, 42, 62, 84, 106, 122, 123, 152, 180, 181, 213])
def test_code_is_read_by_another_program_in_every_version(state, tmp_path, length):
    url = ("http://pki.example.internal/" + "abcdefghij" * 30)[:length]
    done = qr(state, "--url", url)
    assert done.returncode == 0, done.stderr
    assert decode(done.stdout, tmp_path) == url


def test_text_that_no_code_holds_is_refused(state):
    done = qr(state, "--url", "http://" + "a" * 300)
    assert done.returncode == 2 and "G4262" in done.stderr


def test_terminal_shows_the_fingerprint_in_80_columns(state):
    root = x509.load_pem_x509_certificate((state / "ca/internal/authority.crt").read_bytes())
    shown = qr(state, "--url", "http://pki.example.internal/").stdout
    assert max(len(line) for line in shown.splitlines()) <= 80
    pairs = re.findall(r"\b(?:[0-9A-F]{2}:){15}[0-9A-F]{2}\b", shown)
    assert ":".join(pairs) == ":".join(f"{byte:02X}" for byte in root.fingerprint(hashes.SHA256()))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def served(state):
    port = free_port()
    command = [BINARY, "trust", "qr", "--state", state, "--address", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    base = f"http://127.0.0.1:{port}/"

    def get(path):
        with urllib.request.urlopen(base + path, timeout=PATIENCE) as response:
            return response.headers.get_content_type(), response.read()

    def answers():
        assert process.poll() is None, process.stderr.read()
        try:
            return get("")
        except OSError:
            return None

    wait_until(answers, "the page")
    yield base, get
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert base in out


def test_page_shows_the_fingerprint_and_gives_the_root_in_both_forms(state, served):
    base, get = served
    root = x509.load_pem_x509_certificate((state / "ca/internal/authority.crt").read_bytes())
    fingerprint = [f"{byte:02X}" for byte in root.fingerprint(hashes.SHA256())]
    kind, page = get("")
    assert kind == "text/html"
    assert ":".join(fingerprint[:16]) in page.decode() and ":".join(fingerprint[16:]) in page.decode()
    assert "&lt;Ltd" in page.decode() and "<Ltd" not in page.decode()
    kind, der = get("root.crt")
    assert kind == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(der) == root
    kind, profile = get("root.mobileconfig")
    assert kind == "application/x-apple-aspen-config"
    payload = plistlib.loads(profile)["PayloadContent"][0]
    assert payload["PayloadType"] == "com.apple.security.root" and payload["PayloadContent"] == der


def test_no_key_is_ever_on_the_page(served):
    _, get = served
    for path in ("", "root.crt", "root.mobileconfig"):
        assert b"PRIVATE" not in get(path)[1]
