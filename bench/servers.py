"""The servers that are measured, and the ground they stand on: one certificate, one folder of files, a configuration each."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import typing

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "release"
CORE = "0"
OTHER_CORE = "1"
LOAD_PATIENCE = 300
START_PATIENCE = 120


class Failure(Exception):
    """A server or a load generator did not do what was asked of it, so that there is no figure."""


class Peer(typing.NamedTuple):
    executable: str
    configuration: str
    arguments: str
    version: str


PEERS = {
    "gate443": Peer(str(BUILD / "gate443"), "gate443.conf", "run -q @configuration@", "version"),
    "nginx": Peer("nginx", "nginx.conf", "-c @configuration@ -e @log@", "-v"),
    "haproxy": Peer("haproxy", "haproxy.cfg", "-db -f @configuration@", "-v"),
    "h2o": Peer("h2o", "h2o.conf", "-c @configuration@", "--version"),
    "caddy": Peer("caddy", "Caddyfile", "run --adapter caddyfile --config @configuration@", "version"),
    "apache": Peer("apache2", "apache.conf", "-D FOREGROUND -f @configuration@", "-v"),
    "lighttpd": Peer("lighttpd", "lighttpd.conf", "-D -f @configuration@", "-v"),
}
# What each configuration says to serve HTTP/3, and not to.
HTTP3 = {
    "gate443.conf": ("on", "off"),
    "nginx.conf": ("listen 127.0.0.1:@port@ quic reuseport; http3 on; quic_gso on;", ""),
    "haproxy.cfg": ("bind quic4@127.0.0.1:@port@ ssl crt @dir@/both.pem alpn h3", ""),
    "Caddyfile": ("h3", ""),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(arguments, **options):
    return subprocess.run(arguments, check=True, capture_output=True, text=True, **options)


def load(arguments, core=CORE):
    """The output of a load generator, which runs on the servers' core unless told otherwise."""
    try:
        done = subprocess.run(["taskset", "-c", core, *map(str, arguments)], capture_output=True, text=True, timeout=LOAD_PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(map(str, arguments))} did not come to an end in {LOAD_PATIENCE} s")
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, arguments))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Ground:
    """The folder with certificate, files and configurations that all servers share."""

    def __init__(self, sid_root=None):
        self.sid_root = sid_root
        self.insertions = {}  # by configuration: what stands for its @sites@ and @routes@, where a case wants more of them
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gate443-bench-"))
        os.chmod(self.dir, 0o755)
        self.root = self.dir / "www"
        self.root.mkdir()
        (self.root / "small.txt").write_text("x" * 300)
        (self.root / "index.html").write_text("x" * 300)
        (self.root / "large.bin").write_bytes(os.urandom(10_000_000))
        self.make_certificate()
        self.upstream_port = free_port()

    def make_certificate(self):
        # A leaf under its own root, as from a real authority, so that every server sends a chain of one.
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", self.dir / "key.pem", "-out", self.dir / "chain.pem"]
        run(make)
        os.chmod(self.dir / "key.pem", 0o600)
        (self.dir / "both.pem").write_text((self.dir / "chain.pem").read_text() + (self.dir / "key.pem").read_text())

    def configuration(self, name, port, http3=False):
        text = (HERE / "peers" / name).read_text()
        text = text.replace("@http3@", HTTP3.get(name, ("", ""))[0 if http3 else 1])
        more = {"@sites@": "", "@routes@": ""} | self.insertions.get(name, {})
        for key, value in more.items():
            text = text.replace(key, value)
        for key, value in {"@dir@": self.dir, "@root@": self.root, "@port@": port, "@upstream@": self.upstream_port}.items():
            text = text.replace(key, str(value))
        path = self.dir / f"{port}-{name}"
        path.write_text(text)
        return str(path)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Upstream:
    """What proxies pass requests on to: an nginx on the other core that answers 300 bytes from memory."""

    def __init__(self, ground):
        configuration = ground.configuration("upstream.conf", ground.upstream_port)
        self.process = subprocess.Popen(["taskset", "-c", OTHER_CORE, "nginx", "-c", configuration, "-e", str(ground.dir / "upstream.log")],
                                        start_new_session=True)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


class Server:
    """One server under test. "sid:nginx" is the nginx of the sid root, run with that root's own loader and libraries."""

    def __init__(self, name, ground, http3=False):
        self.name, self.port = name, free_port()
        self.program = name.removeprefix("sid:")
        self.root = ground.sid_root if name.startswith("sid:") else None
        self.errors = ground.dir / f"{self.port}.errors"  # a file, because nobody empties a pipe
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(["taskset", "-c", CORE, *self.command(ground, http3)], stdout=subprocess.DEVNULL,
                                            stderr=errors, start_new_session=True,
                                            env=os.environ | {"XDG_CONFIG_HOME": str(ground.dir)})  # Caddy keeps its last configuration there
        try:
            self.wait_until_ready()
        except Failure:
            self.stop()
            raise

    def command(self, ground, http3):
        if self.program == "echo":
            return [str(BUILD / "bench" / "echo_server"), str(self.port)]
        peer = PEERS[self.program]
        known = {"@configuration@": ground.configuration(peer.configuration, self.port, http3), "@log@": str(ground.dir / f"{self.program}.log")}
        return [*self.executable(), *(known.get(word, word) for word in peer.arguments.split())]

    def executable(self):
        program = PEERS[self.program].executable
        if self.root is None:
            return [program]
        path = next(path for folder in ("usr/sbin", "usr/bin") if (path := self.root / folder / program).exists())
        libraries = ":".join(str(self.root / folder) for folder in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
        loader = self.root / "usr/lib64/ld-linux-x86-64.so.2"
        static = b"interpreter" not in run(["file", "-L", str(path)]).stdout.encode()
        return [str(path)] if static else [str(loader), "--library-path", libraries, str(path)]

    def wait_until_ready(self):
        give_up = time.monotonic() + START_PATIENCE
        while time.monotonic() < give_up:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} did not start: {self.errors.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.005)
        raise Failure(f"{self.name} does not answer: {self.errors.read_text()}")

    def processes(self):
        """The process and its children: servers with a master and a worker count as one."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            waiting += [int(child) for child in children.read_text().split()]
        return found

    def cpu_seconds(self):
        # schedstat is exact in nanoseconds; the ticks of stat are sampled.
        total = 0
        for pid in self.processes():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory_kilobytes(self):
        total = 0
        for pid in self.processes():
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
        return total

    def version(self):
        if self.program not in PEERS:
            return ""
        done = subprocess.run([*self.executable(), PEERS[self.program].version], capture_output=True, text=True)
        found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
        return found.group(0) if found else "?"

    def stop(self):
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextlib.contextmanager
def running(names, ground, http3=False):
    """These servers, by name, while the block runs."""
    servers = {}
    try:
        for name in names:
            servers[name] = Server(name, ground, http3)
        yield servers
    finally:
        for server in servers.values():
            server.stop()


class IdleConnections:
    """So many TLS connections to a server, on which nothing happens while the block runs."""

    def __init__(self, server, count):
        self.holder = subprocess.Popen([str(BUILD / "bench" / "gateload"), "idle", f"127.0.0.1:{server.port}", "localhost", str(count), "64"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        result = json.loads(self.holder.stdout.readline())
        if result["done"] != count:
            self.holder.communicate("")
            raise Failure(f"{server.name} does not keep {count} connections: {result}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.communicate("")
