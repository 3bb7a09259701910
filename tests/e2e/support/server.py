"""The real binary as a child process, on free ports, with a state folder of its own."""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import threading
from pathlib import Path

from support.wait import PATIENCE, wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("GATE443_BINARY", REPOSITORY / "build/release/gate443")).resolve()

# Its memory is then a multiple of what the program itself wants.
SANITIZED = BINARY.exists() and any(mark in BINARY.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))


def run_command(*arguments, **options):
    """One run of the program that ends by itself; text in, text out."""
    command = [BINARY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=3 * PATIENCE, **options)


def quoted(path):
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Server:
    """gate443 run on a configuration: ports 0, logs as files in its folder, plus what the test adds.

    A `with` block starts it, stops it with SIGTERM and expects exit code 0.
    """

    def __init__(self, folder, text, *, settings="", arguments=(), descriptors_max=None, workers=2,
                 environment=None, prefix=()):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.configuration = self.folder / "gate443.conf"
        self.access_log_path = self.folder / "access.log"
        self.audit_log_path = self.folder / "audit.log"
        self.settings = settings
        self.workers = workers
        self.arguments = list(arguments)
        self.descriptors_max = descriptors_max
        self.environment = {**os.environ, **(environment or {})}
        self.prefix = list(prefix)  # a command that becomes the server, such as unshare
        self.process = None
        self.pids = []
        self.output = []
        self.errors = []
        self.write_configuration(text)

    def write_configuration(self, text):
        """The statements that every test needs in front of those of this one. A test's own come last but win."""
        defaults = {
            "state": quoted(self.state),
            "https": "127.0.0.1:0",
            "http": "127.0.0.1:0",
            "workers": str(self.workers),
            "access-log": quoted(self.access_log_path) + " json",
            "audit-log": quoted(self.audit_log_path),
        }
        own = {line.split()[0] for line in self.settings.splitlines() if line.strip()}
        lines = [f"{name} {value}" for name, value in defaults.items() if name not in own]
        # Replaced, not rewritten: a server that watches or reloads never sees half of it.
        fresh = self.configuration.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n" + self.settings + "\n" + text + "\n")
        fresh.rename(self.configuration)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        code = self.stop()
        if kind is None:
            assert code == 0, f"exit code {code}\n{self.complaints()}"

    def start(self):
        limit = self.descriptors_max

        def prepare():
            import resource

            if limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

        command = [*self.prefix, BINARY, "run", self.configuration, *self.arguments]
        self.output.clear()
        self.errors.clear()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment, preexec_fn=prepare if limit else None)
        self.pids.append(self.process.pid)
        self._readers = [self._read(self.process.stdout, self.output), self._read(self.process.stderr, self.errors)]
        wait_until(self._is_ready, "the first screen of the server")
        return self

    def _read(self, pipe, lines):
        def loop():
            with contextlib.suppress(ValueError):
                for line in pipe:
                    lines.append(line)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        return thread

    def _is_ready(self):
        if self.process.poll() is not None:
            self._readers[1].join(PATIENCE)
            raise AssertionError(f"the server ended with {self.process.returncode} at start\n{self.complaints()}")
        return any(line.startswith("  state") for line in list(self.output))

    def _port(self, kind):
        found = re.search(rf"(\d+)/tcp {kind}\b(?!s)", "".join(list(self.output)))
        assert found, f"no port for {kind} on the first screen: {self.output}"
        return int(found[1])

    @property
    def https(self):
        return self._port("https")

    @property
    def http(self):
        return self._port("http")

    @property
    def authority_file(self):
        """The local CA's root for local names."""
        return self.state / "ca" / "root.crt"

    def trust(self):
        """A client context that trusts the local CA and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for root in (self.state / "ca").glob("*.crt"):
            context.load_verify_locations(root)
        return context

    def complaints(self):
        audit = self.audit_log_path.read_text() if self.audit_log_path.exists() else ""
        return "".join(self.output) + "".join(self.errors) + audit

    def signal(self, number):
        os.kill(self.pids[-1], number)

    def reload(self, text=None):
        """Reloads and waits for the verdict; returns the event."""
        if text is not None:
            self.write_configuration(text)
        before = len(self.verdicts())
        self.signal(signal.SIGHUP)
        return wait_until(lambda: self.verdicts()[before:], f"the verdict on a reload\n{self.complaints()}")[-1]

    def verdicts(self):
        return [e for e in self.audit() if e["event"] in ("configuration_changed", "configuration_rejected")]

    def audit(self, event=None):
        events = [json.loads(line) for line in complete_lines(self.audit_log_path)]
        return [e for e in events if event is None or e["event"] == event]

    def wait_for_audit(self, event, condition=lambda e: True):
        matching = lambda: [e for e in self.audit(event) if condition(e)]
        return wait_until(matching, f"the audit event {event}")[0]

    def access_log(self):
        return [json.loads(line) for line in complete_lines(self.access_log_path)]

    def wait_for_access(self, condition, count=1):
        matching = lambda: [r for r in self.access_log() if condition(r)]
        return wait_until(lambda: len(matching()) >= count and matching(), "a line in the access log")

    def stop(self):
        """SIGTERM to the child, if it still runs; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds=PATIENCE):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end in {seconds:g} s\n{self.complaints()}") from None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()

    def metrics(self):
        """{"gate443_connections_open": 1.0, ...}"""
        done = subprocess.run(["curl", "-s", "--unix-socket", self.state / "admin.sock", "http://localhost/metrics"],
                              capture_output=True, text=True, check=True)
        return {name: float(value) for name, value in re.findall(r"^(gate443_\S+) (\S+)$", done.stdout, re.MULTILINE)}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pids[-1]}/fd"))

    def memory_kb(self):
        status = Path(f"/proc/{self.pids[-1]}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def proportional_memory_kb(self):
        """What the process alone has, and its share of what it has with others."""
        rollup = Path(f"/proc/{self.pids[-1]}/smaps_rollup").read_text()
        return int(re.search(r"Pss:\s+(\d+)", rollup)[1])

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pids[-1]}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def complete_lines(path):
    """The lines of a file that is being written."""
    if not path.exists():
        return []
    text = path.read_text(errors="replace")
    return text[: text.rfind("\n") + 1].splitlines()
