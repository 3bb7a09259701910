"""What is measured, and how: each case is an operation that a server does many times, checked to be what was asked for."""
import contextlib
import json
import re
import statistics
import sys

import limits
import method
from servers import BUILD, Failure, IdleConnections, Server, Upstream, load, running

GROUP_X25519, GROUP_MLKEM = "29", "4588"
SUITE, SUITE_NUMBER = "TLS_AES_128_GCM_SHA256", 0x1301
HTTP3_CASES = ("h3", "quic-bulk")


def gateload(server, count, *more, name="localhost"):
    result = json.loads(load([BUILD / "bench" / "gateload", "handshake", f"127.0.0.1:{server.port}", name, count, 16, *more]))
    if result["failed"]:
        raise Failure(f"{server.name}: {result['failed']} handshakes failed")
    check(server, result["suite"] == SUITE_NUMBER, result)
    return result


def full_handshake(server):
    result = gateload(server, 1500, GROUP_X25519)
    check(server, result["resumed"] == 0 and str(result["group"]) == GROUP_X25519, result)
    return 1500


def resumed_handshake(server):
    result = gateload(server, 1500, "resume", GROUP_X25519)
    check(server, result["resumed"] >= 1490, result)
    return 1500


def mlkem_handshake(server):
    result = gateload(server, 1500, GROUP_MLKEM)
    check(server, str(result["group"]) == GROUP_MLKEM, result)
    return 1500


def h2load(server, protocol, requests, path, *more):
    out = load(["h2load", "-n", requests, *more, f"https://127.0.0.1:{server.port}/{path}"])
    check(server, f"{requests} succeeded, 0 failed" in out and "TLSv1.3" in out and f"Cipher: {SUITE}" in out
          and "Server Temp Key: X25519 " in out and f"Application protocol: {protocol}" in out, out)
    return out


def over_http1(server, requests, path):
    h2load(server, "http/1.1", requests, path, "--h1", "-c", "16")
    return requests


def over_http2(server, requests, path):
    h2load(server, "h2", requests, path, "-c", "8", "-m", "32")
    return requests


def check(server, condition, evidence):
    if not condition:
        raise Failure(f"{server.name} did not do what is measured: {evidence}")


def h1(server):
    return over_http1(server, 60_000, "small.txt")


def h2(server):
    return over_http2(server, 100_000, "small.txt")


def proxy_h1(server):
    return over_http1(server, 40_000, "proxied/")


def proxy_h2(server):
    return over_http2(server, 40_000, "proxied/")


def h3load(server, path, requests, connections, streams, size):
    out = load([BUILD / "bench" / "h3load", f"127.0.0.1:{server.port}", "localhost", f"/{path}", requests, connections, streams])
    result = json.loads(out)
    check(server, result["requests"] == requests and result["bytes"] == requests * size, result)
    return requests


def h3(server):
    return h3load(server, "small.txt", 60_000, 8, 32, 300)


def quic_bulk(server):
    # In packets of 1 452 bytes, of which the path's own headers leave about 1 420 for the file.
    h3load(server, "large.bin", 30, 2, 1, 10_000_000)
    return 30 * 10_000_000 // 1_420


def large(server):
    h2load(server, "h2", 60, "large.bin", "-c", "4", "-m", "1", "-w", "24", "-W", "26")
    return 60


def echo(server):
    """The sentinel: 20 000 exchanges of 100 against 200 bytes over 16 connections, one after the other on each."""
    code = (
        "import socket,sys\n"
        f"c=[socket.create_connection(('127.0.0.1',{server.port})) for _ in range(16)]\n"
        "b=b'x'*100\n"
        "for _ in range(1250):\n"
        "  for s in c: s.send(b)\n"
        "  for s in c: s.recv(200)\n")
    load([sys.executable, "-c", code])
    return 20_000


ALL = ["nginx", "haproxy", "h2o", "caddy", "apache", "lighttpd"]
MEASURES = {  # case: (operation, unit, factor from seconds, peers that can do it)
    "handshake": (full_handshake, "µs per connection: full handshake, one request, close", 1e6, ALL),
    "resumed": (resumed_handshake, "µs per connection: resumed handshake, one request, close", 1e6, ALL),
    "mlkem": (mlkem_handshake, "µs per connection: full handshake with X25519MLKEM768", 1e6, ["sid:nginx", "sid:haproxy"]),
    "h1": (h1, "µs per request: HTTP/1.1 keep-alive, 300 B, TLS 1.3", 1e6, ALL),
    "h2": (h2, "µs per request: HTTP/2, 8 connections × 32 streams, 300 B", 1e6, ALL),
    "h3": (h3, "µs per request: HTTP/3, 8 connections × 32 streams, 300 B", 1e6, ["sid:nginx", "sid:haproxy", "sid:caddy"]),
    "proxy-h1": (proxy_h1, "µs per request: HTTP/1.1 over TLS to an HTTP/1.1 server in clear, keep-alive, 300 B", 1e6, ["nginx", "haproxy", "apache"]),
    "proxy-h2": (proxy_h2, "µs per request: HTTP/2, 8 connections × 32 streams, to an HTTP/1.1 server in clear, 300 B", 1e6, ["nginx", "haproxy", "apache"]),
    "large": (large, "ms per 10 MB file, HTTP/2", 1e3, ["nginx", "h2o", "caddy", "apache", "lighttpd"]),
    "quic-bulk": (quic_bulk, "µs per packet: 10 MB files over HTTP/3, 2 connections", 1e6, ["sid:nginx", "sid:caddy"]),
}
CASES = [*MEASURES, "idle", "limits"]


def cost(server, operation):
    before = server.cpu_seconds()
    count = operation(server)
    return (server.cpu_seconds() - before) / count


def echo_cost(server):
    return cost(server, echo) * 1e6


def compare(case, peers, pairs, ground):
    operation, unit, factor, able = MEASURES[case]
    names = ["gate443"] + [peer for peer in peers if peer in able or peer.removeprefix("sid:") in able]
    costs = {name: [] for name in [*names, "echo"]}
    legs = method.Legs()
    with contextlib.ExitStack() as stack:
        if case.startswith("proxy"):
            stack.callback(Upstream(ground).stop)
        servers = stack.enter_context(running(costs, ground, case in HTTP3_CASES))
        for server in servers.values():  # warm-up, not counted
            cost(server, echo if server.name == "echo" else operation)
        for pair in range(pairs):
            for name in method.order_of(pair, names):
                costs[name].append(legs.run(lambda: cost(servers[name], operation) * factor))
            costs["echo"].append(echo_cost(servers["echo"]))
        versions = {name: server.version() for name, server in servers.items()}
    rows = []
    for name in names:
        ratios = [theirs / ours for theirs, ours in zip(costs[name], costs["gate443"])]
        low, high = method.interval(ratios)
        rows.append({"server": f"{name} {versions[name]}", "cost": statistics.median(costs[name]),
                     "ratio": statistics.median(ratios), "low": low, "high": high})
    return {"case": case, "unit": unit, "rows": rows, "echo": statistics.median(costs["echo"]), "pairs": pairs,
            "repeated": legs.repeated, "unsteady": legs.unsteady}


# HAProxy and lighttpd reserve two descriptors a connection, where 20 000 is a common limit.
MEMORY_CONNECTIONS_MAX = {"haproxy": 9_000, "lighttpd": 9_000}


def version_label(server):
    return f"{server.name} {server.version()}"


def idle(peers, ground):
    rows = []
    for name in ["gate443"] + [peer for peer in peers if peer.removeprefix("sid:") in ALL and peer != "apache"]:
        server = Server(name, ground)
        # Apache has a thread wait for the first request of each connection, so it cannot keep these at all.
        count = MEMORY_CONNECTIONS_MAX.get(server.program, 10_000)
        try:
            gateload(server, 50, GROUP_X25519)
            before = server.memory_kilobytes()
            with IdleConnections(server, count):
                kilobytes = (server.memory_kilobytes() - before) / count
            rows.append({"server": version_label(server), "cost": kilobytes})
        finally:
            server.stop()
    for row in rows:
        row["ratio"] = row["low"] = row["high"] = row["cost"] / rows[0]["cost"]
    return {"case": "idle", "unit": "kB of process memory (PSS) per idle TLS connection, at 10 000", "rows": rows, "echo": None}


def floor_table(floor):
    """The parts of the limits, and what a handshake costs through our own engine without a kernel around it."""
    rows = []
    for part, label in limits.PARTS.items():
        unit = "kB" if part in limits.KILOBYTES else "µs"
        rows.append({"server": f"{part}: {label}, {unit}", "cost": floor[part], "ratio": 1, "low": 1, "high": 1})
    for line in load([BUILD / "bench" / "handshake_gate"]).splitlines():
        found = re.match(r"(.+)\t([\d.]+)$", line)
        if found:
            unit = "" if "bytes" in found.group(1) else ", µs"
            rows.append({"server": f"TLS in memory: {found.group(1)}{unit}", "cost": float(found.group(2)), "ratio": 1, "low": 1, "high": 1})
    return {"case": "limits", "unit": "the floor of this machine", "rows": rows, "echo": None, "floor": floor}


def measure(case, peers, pairs, ground, floor):
    if case == "limits":
        return floor_table(floor)
    result = idle(peers, ground) if case == "idle" else compare(case, peers, pairs, ground)
    return result | {"limit": limits.limit(case, floor)}
