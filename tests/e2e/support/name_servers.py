"""BIND's named with zones that take signed updates, on an address of its own: port 53 is where zones' servers are asked."""

import contextlib
import os
import random
import re
import shutil
import socket
import socketserver
import subprocess
import threading

import pytest

from support.pebble import free_port, free_udp_port
from support.server import quoted
from support.streams import carry
from support.wait import PATIENCE, wait_until

KEY_NAME = "gate443"


class Front:
    """Port 53 of an address of loopback, for a server at another port of 127.0.0.1: named listens only where an interface has the address."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        for _ in range(10):
            self.address = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
            with contextlib.suppress(OSError):
                self.servers = [self._server(socketserver.ThreadingUDPServer, self._pass_datagram)]
                self.servers.append(self._server(socketserver.ThreadingTCPServer, self._pass_stream))
                return
        raise AssertionError("no address is free")

    def _server(self, kind, handle):
        server = kind((self.address, 53), lambda request, client, _: handle(request, client))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def _pass_datagram(self, request, client):
        data, ours = request
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
            theirs.settimeout(PATIENCE)
            theirs.connect(self.target)
            with contextlib.suppress(OSError):
                theirs.send(data)
                ours.sendto(theirs.recv(65535), client)

    def _pass_stream(self, request, _):
        carry(request, self.target)

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


class NameServer:
    """Authoritative for the zones it is given until the block ends, and resolver of their names; asks nobody else.

    Zones are texts without SOA and NS; `servers` are the addresses that the NS records lead to, its own unless given. DNS over
    HTTP (RFC 8484), unencrypted HTTP/2, is at `http_port`, for a server in front of it.
    """

    def __init__(self, folder, zones, servers=(), key=None, policy=None):
        if os.geteuid() != 0:
            pytest.skip("only root may listen on port 53")
        assert shutil.which("named"), "./dev setup installs it"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.zones = zones
        self.servers = list(servers)
        self.key = key or folder / "update.key"
        if not self.key.exists():
            self.key.write_text(subprocess.run(["tsig-keygen", KEY_NAME], check=True, capture_output=True, text=True).stdout)
            self.key.chmod(0o600)
        self.policy = policy or f"grant {KEY_NAME} zonesub TXT;"
        self.port = free_udp_port()
        self.http_port = free_port()
        self.front = Front(self.port)
        self.address = self.front.address
        self.process = None

    @property
    def secret(self):
        return re.search(r'secret "([^"]+)"', self.key.read_text())[1]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.write()
        self.log = self.folder / "named.log"
        self.process = subprocess.Popen(["named", "-g", "-n", "1", "-c", self.folder / "named.conf"],
                                        stdout=subprocess.DEVNULL, stderr=self.log.open("ab"))
        wait_until(self.answers, f"named to answer\n{self.said()}")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        self.kill()
        self.front.close()

    def write(self):
        folder = quoted(self.folder)
        configuration = [
            f"include {quoted(self.key)};", "controls {};",
            'http local { endpoints { "/dns-query"; }; };',
            f"options {{ directory {folder}; listen-on port {self.http_port} tls none http local {{ 127.0.0.1; }}; listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion yes;"
            " pid-file none; session-keyfile none; notify no; allow-transfer { none; }; dnssec-validation no; };"]
        # Recursion is what makes it follow aliases from one of its zones to another; a root of its own keeps it at home.
        (self.folder / "root.zone").write_text("$TTL 5\n. IN SOA . . 1 3600 600 86400 1\n. IN NS ns.\nns. IN A 127.0.0.1\n")
        configuration.append('zone "." { type primary; file "root.zone"; };')
        for zone, records in self.zones.items():
            file = self.folder / f"{zone}.zone"
            configuration.append(f'zone "{zone}" {{ type primary; file {quoted(file)}; update-policy {{ {self.policy} }}; }};')
            lines = ["$TTL 5", f"@ IN SOA ns1.{zone}. hostmaster.{zone}. 1 3600 600 86400 1"]
            for number, address in enumerate(self.servers or [self.address], 1):
                lines += [f"@ IN NS ns{number}.{zone}.", f"ns{number}.{zone}. IN A {address}"]
            file.write_text("\n".join([*lines, *records]) + "\n")
        (self.folder / "named.conf").write_text("\n".join(configuration) + "\n")

    def answers(self):
        assert self.process.poll() is None, self.said()
        return bool(self.ask(next(iter(self.zones)), "SOA"))

    def ask(self, name, kind):
        """What it has there, as dig shows it, one a line."""
        asked = subprocess.run(["dig", "+short", "+tries=1", "+time=1", f"@{self.address}", name, kind],
                               capture_output=True, text=True, timeout=PATIENCE)
        lines = [line for line in asked.stdout.splitlines() if line and not line.startswith(";")]
        return lines if asked.returncode == 0 else []

    def said(self):
        return self.log.read_text(errors="replace")
