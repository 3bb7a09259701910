"""gate443 bench --self: what this machine can do, measured without touching what runs on it."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest

from support.server import BINARY, run_command
from support.wait import PATIENCE, wait_until

HANDSHAKES = {"full_handshake", "mlkem_handshake", "resumed_handshake", "rsa_handshake"}
REQUESTS = {"http1_request", "http2_request", "logged_request", "large_megabyte"}
TEXTS = {"text", "text_gzip", "text_br", "text_zstd"}
OWN = {"own_handshake", "own_request"}


@pytest.fixture
def temporary(tmp_path):
    """The folder for temporary files, which has to be empty afterwards."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def bench(temporary, *arguments):
    return run_command("bench", "--self", "--seconds", "4", *arguments, env={**os.environ, "TMPDIR": str(temporary)})


def told(done):
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def configuration(folder, text):
    path = folder / "gate443.conf"
    path.write_text(f'state "{folder}/state"\naccess-log "{folder}/access.log"\naudit-log "{folder}/audit.log"\n{text}\n')
    return path


def test_everything_is_measured_where_there_is_no_configuration(temporary):
    report = told(bench(temporary, "--json"))
    cases = report["cases"]
    assert set(cases) == HANDSHAKES | REQUESTS | TEXTS
    for name, case in cases.items():
        assert case.get("operations", 0) > 0 and case["failed"] == 0, (name, case)
        assert case["per_second_per_core"] == pytest.approx(1e6 / case["microseconds"])
    assert all(cases[name]["status"] == 200 for name in (REQUESTS | TEXTS))
    assert cases["text"]["body_bytes"] == 50_000
    assert all(cases[name]["body_bytes"] < 25_000 for name in TEXTS - {"text"})
    assert cases["resumed_handshake"]["microseconds"] < cases["rsa_handshake"]["microseconds"]
    assert report["complete"] and "site" not in report


def test_a_screen_has_80_columns_and_says_what_is_not_measured(temporary):
    done = bench(temporary)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) < 50
    assert re.search(r"^HTTP/3: not measured", done.stdout, re.MULTILINE)
    assert done.stderr == ""  # progress is for terminals


def test_a_site_of_the_users_is_measured_and_nothing_of_his_is_touched(temporary, tmp_path, www):
    path = configuration(tmp_path, f'site first.example {{\n tls local\n respond 204\n}}\n'
                                   f'site shop.example {{\n tls local\n files "{www}"\n}}')
    before = {entry.name for entry in tmp_path.iterdir()}
    report = told(bench(temporary, path, "--site", "shop.example", "--json"))
    assert {entry.name for entry in tmp_path.iterdir()} == before
    assert report["site"]["name"] == "shop.example" and report["site"]["answers"].startswith("files ")
    assert OWN <= set(report["cases"])
    assert report["cases"]["own_request"]["status"] == 200


def test_a_server_behind_the_site_is_not_asked(temporary, tmp_path):
    with socket.socket() as behind:
        behind.bind(("127.0.0.1", 0))
        behind.listen()
        behind.setblocking(False)
        path = configuration(tmp_path, f"site app.example {{\n tls local\n proxy 127.0.0.1:{behind.getsockname()[1]}\n}}")
        report = told(bench(temporary, path, "--json"))
        assert "another server" in report["cases"]["own_request"]["problem"]
        assert report["cases"]["own_handshake"]["operations"] > 0
        with pytest.raises(BlockingIOError):
            behind.accept()


def test_a_site_with_a_dear_key_is_told_so(temporary, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "3", "-subj", "/CN=shop.example",
                    "-addext", "subjectAltName=DNS:shop.example", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    (tmp_path / "key.pem").chmod(0o600)
    path = configuration(tmp_path, "site shop.example {\n tls cert cert.pem key key.pem\n respond 204\n}")
    report = told(bench(temporary, path, "--json"))
    assert report["site"]["key"] == "RSA 4096"
    assert any("ECDSA P-256" in sentence and "shop.example" in sentence for sentence in report["advice"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_stopped_and_leaves_nothing(temporary, number):
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen([BINARY, "bench", "--self", "--seconds", "60", "--json"], stdout=subprocess.PIPE, text=True,
                               env=environment)
    wait_until(lambda: any(temporary.rglob("large.bin")), "the server's files")
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert json.loads(out)["complete"] is False


@pytest.mark.parametrize("arguments, code", [
    ([], "G0141"),
    (["--self", "--path", "index.html"], "G0139"),
    (["--self", "{configuration}", "--site", "other.example"], "G0140"),
    (["--self", "/no/such/file.conf"], "G0101"),
])
def test_what_is_said_wrong_is_explained(tmp_path, arguments, code):
    path = configuration(tmp_path, "site shop.example {\n tls local\n respond 204\n}")
    done = run_command("bench", *[each.format(configuration=path) for each in arguments])
    assert done.returncode == 2, done
    assert f"error {code}" in done.stderr


def test_a_configuration_with_errors_is_reported_as_check_reports_it(tmp_path):
    path = configuration(tmp_path, "site shop.example {\n tls local\n respnd 204\n}")
    assert run_command("bench", "--self", path).stderr == run_command("check", path).stderr
    assert run_command("bench", "--self", path).returncode == 2
