"""The commands that end by themselves."""

import json
import re

import pytest

from support.server import run_command

GOOD = """# A comment at the top.
state /tmp/somewhere   # behind a statement

site localhost   www.localhost {
      # inside
  respond /health 200 "ok"
     files   /srv
}
"""


@pytest.fixture
def configuration(tmp_path):
    def write(text):
        path = tmp_path / "a.conf"
        path.write_text(text)
        return path

    return write


def valid(tmp_path):
    (tmp_path / "srv").mkdir(exist_ok=True)
    return GOOD.replace("/srv", str(tmp_path / "srv"))


class TestCheck:
    def test_good_configuration(self, configuration, tmp_path):
        done = run_command("check", configuration(valid(tmp_path)))
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 site" in done.stdout

    def test_quiet_says_nothing(self, configuration, tmp_path):
        done = run_command("check", "--quiet", configuration(valid(tmp_path)))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_mistake_is_shown_with_place_caret_and_suggestion(self, configuration):
        path = configuration("site localhost {\n  respnd 200\n}\n")
        done = run_command("check", path)
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert re.fullmatch(re.escape(str(path)) + r':2:3: error G0\d{3}: unknown word "respnd" in site localhost', lines[0])
        assert lines[1].endswith("  respnd 200")
        assert lines[2].index("^") == lines[1].index("respnd")
        assert "^^^^^^" in lines[2] and 'did you mean "respond"?' in lines[2]

    def test_all_mistakes_are_shown_at_once(self, configuration):
        done = run_command("check", configuration("wrkers 2\nsite localhost {\n respnd 200\n fils /srv\n}\nhtps 443\n"))
        assert done.returncode == 2
        assert done.stderr.count(": error G0") == 4

    def test_no_more_than_20_are_shown(self, configuration):
        done = run_command("check", configuration("".join(f"word{n} x\n" for n in range(50))))
        assert done.returncode == 2
        assert done.stderr.count(": error G0") == 20

    def test_json(self, configuration):
        done = run_command("check", "--json", configuration("site localhost {\n  respnd 200\n}\n"))
        assert done.returncode == 2
        assert "respnd" in json.dumps(json.loads(done.stdout))

    def test_no_colour_into_a_pipe(self, configuration):
        assert "\x1b" not in run_command("check", configuration("wrong\n")).stderr

    @pytest.mark.parametrize("text, word", [
        ("", "no site"), ("site localhost {\n}\n", "answers nothing"), ("site localhost {\n respond 200\n", "}"),
        ("site example.com nas.local {\n respond 200\n}\n", "public names and others"),
        ("site *.example.com {\n respond 200\n}\n", "by DNS only"),
        ("site localhost {\n respond 200\n}\nsite localhost {\n respond 200\n}\n", "two sites"),
        ("site localhost {\n respond 200\n files /\n}\n", "reach"), ("workers 0\nsite localhost {\n respond 200\n}\n", "1"),
        ("metrics 0.0.0.0:9\nsite localhost {\n respond 200\n}\n", "loopback"),
        ("site localhost {\n redirect {query}\n}\n", "G0184"), ("site a.localhost {\n respond 204 text\n}\n", "G0186"),
        ("limits {\n header-timeout 1ms\n}\nsite localhost {\n respond 200\n}\n", "100"),
        ("include nowhere.conf\n", "nowhere.conf")])
    def test_what_cannot_be_honoured_is_refused(self, configuration, text, word):
        done = run_command("check", configuration(text))
        assert done.returncode == 2, done.stdout
        assert word in done.stderr

    def test_says_what_would_be_ordered_from_whom(self, configuration):
        done = run_command("check", configuration("site example.com www.example.com {\n respond 200\n}\n"))
        assert done.returncode == 0, done.stderr
        assert "example.com, www.example.com: from acme-v02.api.letsencrypt.org, proven by http-01" in done.stdout

    def test_says_that_wildcards_are_proven_by_dns(self, configuration):
        done = run_command("check", configuration("acme {\n dns exec /bin/true\n}\nsite *.example.com {\n respond 200\n}\n"))
        assert done.returncode == 0, done.stderr
        assert "*.example.com: from acme-v02.api.letsencrypt.org, proven by dns-01" in done.stdout

    def test_missing_file(self, tmp_path):
        done = run_command("check", tmp_path / "nowhere.conf")
        assert done.returncode == 2
        assert "nowhere.conf" in done.stderr


class TestFmt:
    def test_formats_keeps_comments_and_is_idempotent(self, configuration):
        path = configuration(GOOD)
        assert run_command("fmt", "--check", path).returncode == 1
        assert path.read_text() == GOOD
        assert run_command("fmt", path).returncode == 0
        once = path.read_text()
        assert once != GOOD
        for comment in ("# A comment at the top.", "# behind a statement", "# inside"):
            assert comment in once
        assert run_command("fmt", path).returncode == 0
        assert path.read_text() == once
        assert run_command("fmt", "--check", path).returncode == 0

    def test_print_changes_nothing(self, configuration):
        path = configuration(GOOD)
        done = run_command("fmt", "--print", path)
        assert done.returncode == 0 and done.stdout != GOOD
        assert path.read_text() == GOOD

    def test_mode_of_the_file_is_kept(self, configuration):
        path = configuration(GOOD)
        path.chmod(0o640)
        run_command("fmt", path)
        assert path.stat().st_mode & 0o777 == 0o640

    def test_broken_file_is_left_alone(self, configuration):
        path = configuration("site {\n")
        assert run_command("fmt", path).returncode == 2
        assert path.read_text() == "site {\n"


class TestConfig:
    def test_json_and_back_is_the_same_configuration(self, configuration, tmp_path):
        path = configuration(GOOD)
        as_json = run_command("config", "--json", path)
        assert as_json.returncode == 0
        stored = tmp_path / "a.json"
        stored.write_text(as_json.stdout)
        back = run_command("config", "--from-json", stored)
        assert back.returncode == 0
        again = tmp_path / "b.conf"
        again.write_text(back.stdout)
        assert json.loads(run_command("config", "--json", again).stdout) == json.loads(as_json.stdout)

    def test_includes_are_resolved(self, configuration, tmp_path):
        (tmp_path / "part.conf").write_text("site localhost {\n respond 200\n}\n")
        done = run_command("config", configuration("include part.conf\n"))
        assert "respond 200" in done.stdout and "include" not in done.stdout

    def test_secrets_are_not_printed(self, configuration):
        done = run_command("config", configuration("state env:GATE443_TEST_SECRET\n"), env={"GATE443_TEST_SECRET": "hush"})
        assert "hush" not in done.stdout + done.stderr


class TestProgram:
    def test_version(self):
        done = run_command("version", "--json")
        assert done.returncode == 0
        facts = json.loads(done.stdout)
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", facts["version"])
        assert facts["libraries"]

    def test_help_fits_a_screen_and_has_two_examples(self):
        commands = re.findall(r"^  (\w+) {2,}", run_command("--help").stdout.split("Subcommands:")[1], re.M)
        assert {"serve", "run", "check", "fmt", "config", "version"} <= set(commands)
        for command in commands:
            text = run_command(command, "--help").stdout
            assert len(text.splitlines()) <= 40
            assert text.split("Examples:")[1].count("gate443 " + command) >= 2, f"{command}: {text}"

    @pytest.mark.parametrize("arguments", [["nonsense"], ["check", "--nonsense"], ["check", "a", "b"], ["serve", "--https"]])
    def test_wrong_usage_is_exit_code_2(self, arguments):
        done = run_command(*arguments)
        assert done.returncode == 2
        assert done.stderr
