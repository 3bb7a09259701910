"""gate443 trust: the roots of the local authority in the system's store and in those of browsers."""

import json
import os
import shutil
import subprocess

import pytest

from support.server import BINARY
from support.wait import PATIENCE

SYSTEM_FOLDERS = ["/usr/local/share/ca-certificates", "/etc/ssl/certs"]


def run(command, home, path=None):
    environment = {**os.environ, "HOME": str(home), "PATH": path or os.environ["PATH"]}
    environment.pop("XDG_STATE_HOME", None)
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=3 * PATIENCE, env=environment)


def roots_in(database):
    """Nickname and trust of each certificate in an NSS database."""
    done = subprocess.run(["certutil", "-L", "-d", f"sql:{database}"], capture_output=True, text=True, timeout=3 * PATIENCE)
    lines = [line.rsplit(None, 1) for line in done.stdout.splitlines() if "Gate443" in line]
    return {name.strip(): trust for name, trust in lines}


class TestAsOrdinaryUser:
    @pytest.fixture(autouse=True)
    def user(self, stranger):
        self.stranger = stranger
        self.state = stranger.folder / "state"
        self.chromium = stranger.home / ".pki/nssdb"

    def trust(self, *words, path=None):
        command = [*self.stranger.prefix, self.stranger.program, "trust", *words, "--state", self.state]
        return run(command, self.stranger.home, path)

    def test_browsers_trust_the_authority_after_install_and_no_longer_after_remove(self):
        installed = self.trust("install")
        assert installed.returncode == 0, installed.stderr
        assert list(roots_in(self.chromium).values()) == ["C,,"]
        assert f"trusted by Chromium ({self.chromium})" in installed.stdout
        assert "verified" in installed.stdout
        stores = json.loads(self.trust("status", "--json").stdout)["stores"]
        assert {s["store"].split()[0]: s["trusted"] for s in stores} == {"system": False, "Chromium": True}
        removed = self.trust("remove")
        assert removed.returncode == 0, removed.stderr
        assert roots_in(self.chromium) == {}

    def test_install_says_how_the_system_comes_to_trust_it(self):
        done = self.trust("install")
        assert f"sudo gate443 trust install --state {self.state}" in done.stdout

    def test_status_counts_the_system_as_a_place_where_it_is_unknown(self):
        self.trust("install")
        done = self.trust("status")
        assert done.returncode == 1
        assert "unknown to   system" in done.stdout and "trusted by   Chromium" in done.stdout

    def test_second_install_changes_nothing(self):
        assert self.trust("install").returncode == 0
        before = roots_in(self.chromium)
        again = self.trust("install")
        assert again.returncode == 0, again.stderr
        assert roots_in(self.chromium) == before

    def test_profiles_of_firefox_are_found(self):
        profile = self.stranger.home / ".mozilla/firefox/abc.default"
        command = [*self.stranger.prefix, "sh", "-c", f"mkdir -p {profile} && certutil -N --empty-password -d sql:{profile}"]
        assert run(command, self.stranger.home).returncode == 0
        done = self.trust("install")
        assert done.returncode == 0, done.stderr
        assert list(roots_in(profile).values()) == ["C,,"]

    def test_missing_certutil_is_named_with_its_package(self):
        done = self.trust("install", path="/nowhere")
        assert done.returncode == 3
        assert "G4081" in done.stderr and "libnss3-tools" in done.stderr

    def test_database_that_is_none_is_named(self):
        self.chromium.mkdir(parents=True)
        (self.chromium / "cert9.db").write_text("no database")
        for path in (self.chromium, self.chromium.parent, self.chromium / "cert9.db"):
            self.stranger.own(path)
        done = self.trust("install")
        assert done.returncode == 3
        assert "G4080" in done.stderr and str(self.chromium) in done.stderr

    def test_state_that_cannot_be_written_is_named(self):
        self.state = "/proc/nowhere"
        done = self.trust("install")
        assert done.returncode == 3
        assert "/proc/nowhere" in done.stderr and "why:" in done.stderr

    @pytest.mark.parametrize("action", ["remove", "status", "path"])
    def test_without_an_authority_there_is_nothing_to_do(self, action):
        done = self.trust(action)
        assert done.returncode == 3
        assert "G4060" in done.stderr and "fix:" in done.stderr
        assert not self.state.exists()


@pytest.mark.parametrize("words", [[], ["instal"], ["status", "extra"], ["install", "--stat", "x"]])
def test_wrong_words_are_refused(words, tmp_path):
    done = run([BINARY, "trust", *words], tmp_path)
    assert done.returncode == 2
    assert "G0130" in done.stderr and "fix:" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the system's store is root's")
class TestAsRoot:
    """In a mount namespace, in which the system's folders are copies."""

    @pytest.fixture(autouse=True)
    def private_system(self, tmp_path):
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.state = tmp_path / "state"
        mounts = []
        for original in SYSTEM_FOLDERS:
            copy = tmp_path / original[1:]
            shutil.copytree(original, copy, symlinks=True)
            mounts.append(f"mount --bind {copy} {original}")
        self.prefix = ["unshare", "--mount", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh"]

    def run(self, *command, path=None):
        return run([*self.prefix, *command], self.home, path)

    def trust(self, *words, path=None):
        return self.run(BINARY, "trust", *words, "--state", self.state, path=path)

    def test_programs_that_go_by_the_systems_roots_trust_a_server_after_install(self, start):
        server = start("site localhost {\n respond 200 here\n}")
        self.state = server.state
        curl = ["curl", "-sS", f"https://localhost:{server.https}/"]
        assert self.run(*curl).returncode == 60
        assert self.trust("status").returncode == 1
        installed = self.trust("install")
        assert installed.returncode == 0, installed.stderr
        assert "trusted by system" in installed.stdout and "verified" in installed.stdout
        assert self.trust("status").returncode == 0
        assert self.run(*curl).stdout == "here"
        assert self.trust("remove").returncode == 0
        assert self.trust("status").returncode == 1
        assert self.run(*curl).returncode == 60

    def test_store_that_did_not_take_the_root_is_found_by_the_handshake(self, tmp_path):
        tool = tmp_path / "update-ca-certificates"
        tool.write_text("#!/bin/sh\nexit 0\n")
        tool.chmod(0o755)
        done = self.trust("install", path=f"{tmp_path}:{os.environ['PATH']}")
        assert done.returncode == 3
        assert "G4082" in done.stderr and "why:" in done.stderr and "fix:" in done.stderr
        assert "unknown to   system" in self.trust("status").stdout

    def test_tool_that_fails_is_quoted(self, tmp_path):
        tool = tmp_path / "update-ca-certificates"
        tool.write_text("#!/bin/sh\necho no room left >&2\nexit 1\n")
        tool.chmod(0o755)
        done = self.trust("install", path=f"{tmp_path}:{os.environ['PATH']}")
        assert done.returncode == 3
        assert "G4080" in done.stderr and "no room left" in done.stderr

    def test_root_installs_the_authority_of_a_service_and_only_root_removes_it(self, stranger):
        self.state = stranger.folder / "state"
        made = run([*stranger.prefix, stranger.program, "trust", "install", "--state", self.state], stranger.home)
        assert made.returncode == 0, made.stderr
        installed = self.trust("install")
        assert installed.returncode == 0, installed.stderr
        assert "trusted by   system" in self.trust("status").stdout
        done = run([*self.prefix, *stranger.prefix, stranger.program, "trust", "remove", "--state", self.state],
                   stranger.home)
        assert done.returncode == 3
        assert "G4080" in done.stderr and "sudo gate443 trust remove" in done.stderr
        removed = self.trust("remove")
        assert removed.returncode == 0, removed.stderr
