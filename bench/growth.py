"""What a server costs as its world grows: connections, sites with a certificate each, routes of a site, sizes of responses."""
import contextlib
import datetime
import os
import statistics
import time

import method
from cases import GROUP_X25519, MEMORY_CONNECTIONS_MAX, check, cost, gateload, h2load, over_http1, version_label
from servers import IdleConnections, running

CONNECTIONS = (10, 100, 1_000, 10_000)
SITES = (1, 10, 100, 1_000, 10_000)
MEMORY_FROM = 100  # what is less is lost among pages
ROUTES = (1, 10, 100, 1_000)
SIZES = (0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
REQUESTS = 20_000
HANDSHAKES = 400
BYTES_A_LEG = 200_000_000  # so that legs of large responses take seconds, not minutes


# As in its configuration for what it answers there.
HAPROXY_FIELDS = ('hdr X-Content-Type-Options nosniff hdr Referrer-Policy strict-origin-when-cross-origin hdr X-Frame-Options SAMEORIGIN '
                  'hdr Permissions-Policy "camera=(self), geolocation=(self), microphone=(self)"')


class Curve:
    """One picture: a line for each server."""

    def __init__(self, title, unit, of):
        self.title, self.unit, self.of = title, unit, of
        self.lines = {}

    def add(self, server, x, y):
        self.lines.setdefault(version_label(server), []).append([x, y])

    def result(self):
        return {"title": self.title, "unit": self.unit, "of": self.of,
                "lines": [{"server": server, "points": points} for server, points in self.lines.items()]}


def growth(case, unit, legs, pairs, *curves):
    return {"case": case, "unit": unit, "rows": [], "echo": None, "curves": [curve.result() for curve in curves], "pairs": pairs,
            "repeated": legs.repeated, "unsteady": legs.unsteady}


def median_costs(servers, operation, pairs, legs):
    """Microseconds of an operation, of each server: the median of legs that alternate A B B A."""
    for server in servers.values():
        operation(server)  # warm-up, not counted
    costs = {name: [] for name in servers}
    for pair in range(pairs):
        for name in method.order_of(pair, list(servers)):
            costs[name].append(legs.run(lambda: cost(servers[name], operation) * 1e6))
    return {name: statistics.median(each) for name, each in costs.items()}


def request_path(path):
    def operation(server):
        return over_http1(server, REQUESTS, path)
    return operation


def connections(names, pairs, ground):
    legs = method.Legs()
    cpu = Curve("CPU of a request on one of 16 connections, while others are open and idle", "µs", "idle connections")
    memory = Curve("Process memory (PSS) of an open, idle connection", "kB", "idle connections")
    for count in CONNECTIONS:
        with running(names, ground) as servers, contextlib.ExitStack() as held:
            for name, server in servers.items():
                wanted = min(count, MEMORY_CONNECTIONS_MAX.get(server.program, count))
                gateload(server, 50, GROUP_X25519)  # what the first connections make for all is not theirs
                before = server.memory_kilobytes()
                held.enter_context(IdleConnections(server, wanted))
                if wanted >= MEMORY_FROM:
                    memory.add(server, wanted, (server.memory_kilobytes() - before) / wanted)
            for name, figure in median_costs(servers, request_path("small.txt"), pairs, legs).items():
                cpu.add(servers[name], count, figure)
    return growth("growth-connections", "connections that are open while 16 others request", legs, pairs, cpu, memory)


def sites(names, pairs, ground):
    legs = method.Legs()
    start = Curve("From the start to the first answer, all certificates read", "ms", "sites")
    memory = Curve("Process memory (PSS) of each site after the first", "kB", "sites")
    cpu = Curve("CPU of a connection: full handshake with the last site, a request, close", "µs", "sites")
    of_one = {}  # kilobytes of each server with one site
    make_site_certificates(ground, max(SITES))
    for count in SITES:
        last = f"site-{count}.test"
        with contextlib.ExitStack() as stack:
            servers = {}
            for name in names:
                stack.enter_context(sites_of(ground, count))
                began = time.monotonic()
                server = stack.enter_context(running([name], ground))[name]
                gateload(server, 1, GROUP_X25519, name=last)
                start.add(server, count, (time.monotonic() - began) * 1e3)
                kilobytes = server.memory_kilobytes()
                if count == SITES[0]:
                    of_one[name] = kilobytes
                if count >= MEMORY_FROM:
                    memory.add(server, count, (kilobytes - of_one[name]) / (count - 1))
                servers[name] = server
            for name, figure in median_costs(servers, handshakes_with(last), pairs, legs).items():
                cpu.add(servers[name], count, figure)
    return growth("growth-sites", "sites with a certificate each", legs, pairs, start, memory, cpu)


def handshakes_with(name):
    def operation(server):
        gateload(server, HANDSHAKES, GROUP_X25519, name=name)
        return HANDSHAKES
    return operation


def routes(names, pairs, ground):
    legs = method.Legs()
    cpu = Curve("CPU of a request for the last route, HTTP/1.1", "µs", "routes of the site")
    for count in ROUTES:
        map_file = ground.dir / f"routes-{count}.map"
        map_file.write_text("".join(f"/route/{i} route-{i}\n" for i in range(1, count + 1)))
        ground.insertions = {
            "gate443.conf": {"@routes@": "\n".join(f'  respond /route/{i} 200 "route {i}"' for i in range(1, count + 1))},
            "nginx.conf": {"@routes@": "\n".join(f'    location = /route/{i} {{ return 200 "route {i}"; }}' for i in range(1, count + 1))},
            # Its rules are asked in turn; its documentation has maps for many.
            "haproxy.cfg": {"@routes@": f"  http-request return status 200 content-type text/plain lf-string %[path,map_str({map_file})]"
                                        f" {HAPROXY_FIELDS} if {{ path,map_str({map_file}) -m found }}"},
        }
        try:
            with running(names, ground) as servers:
                for name, figure in median_costs(servers, request_path(f"route/{count}"), pairs, legs).items():
                    cpu.add(servers[name], count, figure)
        finally:
            ground.insertions = {}
    return growth("growth-routes", "routes of a site, each an answer of its own", legs, pairs, cpu)


def sizes(names, pairs, ground):
    legs = method.Legs()
    curves = []
    with running(names, ground) as servers:
        for version, protocol, options in (("HTTP/1.1", "http/1.1", ["--h1", "-c", "16"]),
                                           ("HTTP/2", "h2", ["-c", "8", "-m", "8", "-w", "24", "-W", "26"])):
            cpu = Curve(f"CPU of a response, {version}", "µs", "bytes of the response")
            cpu_kilobyte = Curve(f"CPU of a kilobyte, {version}", "µs", "bytes of the response")
            for size in SIZES:
                (ground.root / f"{size}.bin").write_bytes(os.urandom(size))
                for name, figure in median_costs(servers, request_size(size, protocol, options), pairs, legs).items():
                    cpu.add(servers[name], size, figure)
                    if size > 0:
                        cpu_kilobyte.add(servers[name], size, figure / (size / 1e3))
            curves += [cpu, cpu_kilobyte]
    return growth("growth-sizes", "files over TLS", legs, pairs, *curves)


def request_size(size, protocol, options):
    count = max(64, min(REQUESTS, BYTES_A_LEG // max(1, size)))

    def operation(server):
        out = h2load(server, protocol, count, f"{size}.bin", *options)
        check(server, f"({size * count}) data" in out, out)
        return count
    return operation


@contextlib.contextmanager
def sites_of(ground, count):
    """Has each configuration say `count` sites, for servers that start meanwhile."""
    folder = ground.dir / "sites"
    each = [(f"site-{i}.test", folder / f"{i}.pem") for i in range(1, count + 1)]
    listing = ground.dir / f"crt-list-{count}"
    listing.write_text("".join(f"{pem}\n" for _, pem in each))
    listen = "listen 127.0.0.1:@port@ ssl http2; root @root@;"
    ground.insertions = {
        "gate443.conf": {"@sites@": "\n".join(f"site {name} {{\n  tls cert {pem} key {pem}\n  hsts off\n  files @root@\n}}" for name, pem in each)},
        # Its documentation: raise this when it says so at the start.
        "nginx.conf": {"@sites@": "server_names_hash_max_size 65536;\n" + "\n".join(
            f"server {{ {listen} server_name {name}; ssl_certificate {pem}; ssl_certificate_key {pem}; }}" for name, pem in each)},
        "haproxy.cfg": {"@sites@": f"crt-list {listing}"},
    }
    try:
        yield
    finally:
        ground.insertions = {}


def make_site_certificates(ground, count):
    """A self-signed certificate with a key of its own for each site, in one file: what openssl would take minutes for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = ground.dir / "sites"
    folder.mkdir()
    now = datetime.datetime.utcnow()
    for i in range(1, count + 1):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"site-{i}.test")])
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(i)
                       .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30))
                       .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"site-{i}.test")]), critical=False)
                       .sign(key, hashes.SHA256()))
        path = folder / f"{i}.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


# Case: how it is measured, and the peers it makes sense for. HAProxy serves no files.
CASES = {
    "growth-connections": (connections, ("nginx", "haproxy")),
    "growth-sites": (sites, ("nginx", "haproxy")),
    "growth-routes": (routes, ("nginx", "haproxy")),
    "growth-sizes": (sizes, ("nginx", "h2o")),
}


def measure(case, peers, pairs, ground):
    how, able = CASES[case]
    return how(["gate443"] + [peer for peer in peers if peer.removeprefix("sid:") in able], pairs, ground)
