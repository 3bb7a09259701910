"""Latency at fixed rates, the server on one core and the generator on the other. A request counts from when it was meant to start,
so that one which the server kept waiting is not left out (coordinated omission). All servers get the same rates: parts of what
the slowest of them can do."""
import collections
import json
import time

import method
from cases import check, version_label
from growth import Curve
from servers import BUILD, OTHER_CORE, load, running

SHARES = (0.3, 0.6, 0.8)
CONNECTIONS = 64
LEG_SECONDS = 3
# Those that are many times slower would pull the rates of all down with them.
PEERS = ("nginx", "haproxy", "h2o", "lighttpd")
# One request in so many is slower: p50, p90, p99, p99.9.
RARITIES = (2, 10, 100, 1_000)


def gateload(server, rate):
    """A leg at so many requests a second; at 0, as many as the server takes."""
    out = load([BUILD / "bench" / "gateload", "rate", f"127.0.0.1:{server.port}", "localhost", "small.txt", rate, LEG_SECONDS, CONNECTIONS], OTHER_CORE)
    result = json.loads(out)
    check(server, result["failed"] == 0, out[:200])
    return result


def saturation(server):
    """How many requests a second the server takes, and what part of its core that keeps busy: where it is not all, the generator
    was the slower one."""
    began, before = time.monotonic(), server.cpu_seconds()
    result = gateload(server, 0)
    busy = (server.cpu_seconds() - before) / (time.monotonic() - began)
    return {"server": version_label(server), "per_second": result["counted"] / LEG_SECONDS, "busy": min(1.0, busy)}


def merged(histograms):
    total = collections.Counter()
    for histogram in histograms:
        total.update(dict(map(tuple, histogram)))
    return sorted(total.items())


def slower_than_all_but(histogram, rarity):
    """The duration than which one in `rarity` is longer: with 1 000, the 99.9th percentile."""
    wanted = sum(count for _, count in histogram) * (1 - 1 / rarity)
    seen = 0
    for duration, count in histogram:
        seen += count
        if seen >= wanted:
            return duration
    return 0


def measure(case, peers, pairs, ground):
    names = ["gate443"] + [peer for peer in peers if peer.removeprefix("sid:") in PEERS]
    legs = method.Legs()
    curves, lags = [], []
    with running(names, ground) as servers:
        saturations = [max((saturation(server) for _ in range(2)), key=lambda each: each["per_second"]) for server in servers.values()]
        slowest = min(each["per_second"] for each in saturations)
        rates = [round(slowest * share) for share in SHARES]
        for share, rate in zip(SHARES, rates):
            curve = Curve(f"Latency at {share * 100:.0f} % of the slowest server's saturation: {rate:,} requests a second".replace(",", " "), "µs",
                          "one request in so many is slower")
            found = {name: [] for name in names}
            for pair in range(pairs):
                for name in method.order_of(pair, names):
                    found[name].append(legs.run(lambda: gateload(servers[name], rate)))
            for name, results in found.items():
                histogram = merged(result["latency"] for result in results)
                for rarity in RARITIES:
                    curve.add(servers[name], rarity, slower_than_all_but(histogram, rarity))
                lags += [result["lag"] for result in results]
            curves.append(curve.result())
    return {"case": case, "unit": f"HTTP/1.1 over TLS, 300 B, {CONNECTIONS} connections", "rows": [], "echo": None, "curves": curves,
            "saturation": saturations, "rates": rates, "lag": slower_than_all_but(merged(lags), 100), "pairs": pairs,
            "repeated": legs.repeated, "unsteady": legs.unsteady}
