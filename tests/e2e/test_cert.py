"""What is known of certificates: inventory, calendar, and checks for cron and monitoring."""

import json
import shutil
import ssl

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12

from support.certificates import Authority
from support.server import run_command

LOCAL = "site localhost {\n respond 200 here\n}\n"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


def own_site(name, files):
    return f'site {name} {{\n tls cert "{files.certificate}" key "{files.key}"\n respond 200 here\n}}\n'


def cert(server, *words):
    return run_command("cert", *words, "--state", server.state)


def concerns(done):
    return {(each["certificate"], each["concern"]) for each in json.loads(done.stdout)}


class TestInventory:
    def test_is_a_table_that_fits_a_terminal(self, start, authority):
        name = "a.name.that.is.longer.than.any.column.example.com"
        server = start(LOCAL + own_site(name, authority.issue(name)))
        listed = cert(server, "list").stdout
        assert "localhost" in listed and "good" in listed and "by you" in listed and "untrusted" in listed
        assert all(len(line) <= 80 for line in listed.splitlines()), listed

    def test_shows_all_that_is_known_of_one(self, start):
        server = start(LOCAL)
        shown = cert(server, "show", "localhost").stdout
        for word in ("names", "issuer", "valid", "renewal", "chain", "serial", "sha256", "local CA", "credential.pem"):
            assert word in shown
        whole = json.loads(cert(server, "show", "localhost", "--json").stdout)[0]
        assert whole["findings"] == [] and whole["scts"] == 0 and whole["pem"].startswith("-----BEGIN CERT")

    def test_shows_nothing_of_keys(self, start):
        server = start(LOCAL)
        for words in (("list",), ("show", "localhost")):
            assert "PRIVATE" not in cert(server, *words, "--json").stdout


class TestPlan:
    def test_says_what_happens_when_and_why(self, start, authority):
        files = authority.issue("own.test", days=45)
        server = start(LOCAL + own_site("own.test", files))
        events = json.loads(cert(server, "plan", "--json").stdout)
        assert [e["when"] for e in events] == sorted(e["when"] for e in events)
        assert {("localhost", "renew"), ("own.test", "alarm"), ("own.test", "ends")} <= \
            {(e["site"], e["what"]) for e in events}
        text = cert(server, "plan", "--days", "365").stdout
        assert "two thirds of its life" in text and "about " in text
        assert all(len(line) <= 80 for line in text.splitlines()), text

    def test_says_that_nothing_happens(self, start):
        assert cert(start(LOCAL), "plan", "--days", "1").stdout == "nothing happens in the next 1 days\n"


class TestCheck:
    def test_is_silent_and_successful_when_all_is_well(self, start):
        server = start(LOCAL)
        done = cert(server, "check", "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert cert(server, "check").stdout == "the certificate is good\n"

    def test_finds_what_ends_soon_and_what_nobody_trusts(self, start, authority):
        soon = authority.issue("soon.test", days=5, since=-85)
        server = start(LOCAL + own_site("soon.test", soon))
        done = cert(server, "check", "--json")
        assert done.returncode == 1
        assert concerns(done) == {("soon.test", "expires_soon"), ("soon.test", "untrusted")}
        text = cert(server, "check", "--quiet").stdout
        assert "soon.test: expires_soon: less than a third of its life is left" in text
        assert cert(server, "check", "localhost").returncode == 0

    def test_looks_at_files_without_a_server(self, authority):
        expired = authority.issue("old.test", days=-1, since=-90)
        done = run_command("cert", "check", expired.certificate)
        assert done.returncode == 1 and "expired" in done.stdout
        alone = authority.issue("alone.test", alone=True)
        assert concerns(run_command("cert", "check", alone.certificate, "--json")) == {
            (str(alone.certificate), "incomplete_chain")}

    def test_is_no_success_when_there_is_nothing_to_check(self, start, tmp_path):
        assert cert(start(LOCAL), "check", "elsewhere.test").returncode == 2
        assert run_command("cert", "check", tmp_path / "absent.pem").returncode == 3
        assert run_command("cert", "check", "--state", tmp_path / "absent").returncode != 0


def fingerprint(server):
    return json.loads(cert(server, "show", "localhost", "--json").stdout)[0]["sha256"]


class TestExport:
    def test_writes_what_other_programs_read(self, start, tmp_path):
        server = start(LOCAL)
        pem = tmp_path / "localhost.pem"
        assert cert(server, "export", "localhost", "--to", pem).returncode == 0
        assert pem.stat().st_mode & 0o777 == 0o600
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pem)

        (tmp_path / "password").write_text("much secret\n")
        p12 = tmp_path / "localhost.p12"
        done = cert(server, "export", "localhost", "--to", p12, "--format", "pkcs12",
                    "--password", f"file:{tmp_path / 'password'}")
        assert done.returncode == 0, done.stderr
        key, leaf, _ = pkcs12.load_key_and_certificates(p12.read_bytes(), b"much secret")
        assert leaf.fingerprint(hashes.SHA256()).hex() == fingerprint(server)
        assert key.public_key().public_numbers() == leaf.public_key().public_numbers()

    def test_takes_no_password_that_stands_in_the_command(self, start, tmp_path):
        done = cert(start(LOCAL), "export", "localhost", "--to", tmp_path / "x", "--format", "pkcs12",
                    "--password", "secret")
        assert done.returncode == 2 and "G4258" in done.stderr and not (tmp_path / "x").exists()


class TestImport:
    def test_takes_what_certbot_has(self, authority, tmp_path):
        live = tmp_path / "live"
        for name, dates in (("app.example.com", {}), ("old.example.com", {"days": -1, "since": -90})):
            files = authority.issue(name, **dates)
            (live / name).mkdir(parents=True)
            files.certificate.rename(live / name / "fullchain.pem")
            files.key.rename(live / name / "privkey.pem")
        words = ("cert", "import", "certbot", live, "--state", tmp_path / "state")
        assert "would be taken" in run_command(*words, "--dry-run").stdout
        assert not (tmp_path / "state").exists()
        done = run_command(*words)
        assert done.returncode == 0, done.stderr
        assert "taken" in done.stdout and "left: it has expired" in done.stdout
        kept = tmp_path / "state/certificates/acme/app.example.com/credential.pem"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert "left: the one that is kept lasts as long" in run_command(*words).stdout

    def test_says_what_is_wrong_with_files(self, authority, tmp_path):
        one, other = authority.issue("one.test"), authority.issue("other.test")
        done = run_command("cert", "import", one.certificate, other.key, "--state", tmp_path / "state")
        assert done.returncode == 1 and "does not belong" in done.stdout
        assert run_command("cert", "import", "certbot", tmp_path, "--state", tmp_path / "state").returncode == 2


class TestBackup:
    def test_brings_everything_back(self, start, tmp_path):
        server = start(LOCAL)
        before, archive = fingerprint(server), tmp_path / "backup.tar"
        root = server.authority_file.read_bytes()
        assert cert(server, "backup", archive).returncode == 0
        assert archive.stat().st_mode & 0o777 == 0o600
        refused = cert(server, "restore", archive)
        assert refused.returncode == 2 and "G4208" in refused.stderr
        server.stop()
        shutil.rmtree(server.state / "ca")
        shutil.rmtree(server.state / "certificates")
        server.start()
        assert fingerprint(server) != before
        server.stop()
        done = cert(server, "restore", archive)
        assert done.returncode == 0, done.stderr
        assert "before-restore-" in done.stdout
        server.start()
        assert fingerprint(server) == before and server.authority_file.read_bytes() == root

    def test_is_not_restored_from_something_else(self, tmp_path):
        (tmp_path / "x.tar").write_bytes(b"x" * 2048)
        done = run_command("cert", "restore", tmp_path / "x.tar", "--state", tmp_path / "state")
        assert done.returncode == 2 and "G4202" in done.stderr
        assert not (tmp_path / "state").exists()


def test_what_is_kept_is_told_without_a_server(start):
    server = start("site localhost {\n  respond 200 hello\n}\n")
    ask = lambda *words: run_command("cert", *words, "--state", server.state)
    running = json.loads(ask("list", "--json").stdout)
    assert server.stop() == 0
    assert json.loads(ask("list", "--json").stdout) == running
    listed = ask("list")
    assert "localhost" in listed.stdout and f"this is what {server.state} keeps" in listed.stderr
    assert ask("check", "--quiet").returncode == 0
    assert ask("show", "localhost").stdout.startswith("localhost\n")
    assert ask("show", "other.example").returncode == 2
    credential = server.state / "certificates/local/localhost/credential.pem"
    credential.write_text("damaged")
    assert ask("check").returncode == 3
    socket = run_command("cert", "list", "--admin", server.state / "admin.sock")
    assert socket.returncode == 3 and "G2070" in socket.stderr
