"""The bars: figures of this program that hold still on any machine, measured and held against tests/bars/bars.json.

  bars.py [--write]       prints them as a table; with --write, the costs measured become the ones to hold

Wants a release build with the target "bars": ./dev bench bars makes it and comes here. test_bars.py fails where a
bar is missed.
"""

import argparse
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from support.server import BINARY, Server  # noqa: E402: only now can it be found
from support.wait import wait_until  # noqa: E402

PROGRAMS = BINARY.parent / "bench"
BARS = HERE / "bars.json"
PROTOCOLS = {"h1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}
SITE = "site localhost {\n tls local\n respond 200 here\n}"
QUIET = "access-log off"  # the log has a writer of its own, and is no part of a request's path

# What a bar lets pass: instructions are the same in each run but for where the kernel has put things; memory is
# counted in pages.
INSTRUCTIONS_SLACK = 1.03
IDLE_SLACK = 1.02


@dataclasses.dataclass
class Figure:
    """One bar: what was measured, what is allowed, and more for those who look into a miss."""

    name: str
    measured: float
    bar: float
    least: bool = False  # the bar is the least that will do, not the most
    notes: str = ""

    def holds(self):
        return self.measured >= self.bar if self.least else self.measured <= self.bar

    def __str__(self):
        sign = "≥" if self.least else "≤"
        text = f"{self.name}: {shown(self.measured)}, the bar is {sign} {shown(self.bar)}"
        return f"{text}\n{self.notes}" if self.notes else text


def shown(number):
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.2f}"


def bars():
    return json.loads(BARS.read_text())


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


# Allocations and instructions: in memory, by request_cost.


def request_cost(protocol, requests=3200, before=()):
    return json.loads(run(*before, PROGRAMS / "request_cost", protocol, requests))


def allocations(protocol):
    told = request_cost(protocol)
    bar = bars()["allocations"][protocol]
    return Figure(f"allocations a request, {PROTOCOLS[protocol]}", told["allocations"] / told["requests"], bar)


def counted(protocol, requests, folder):
    """{function: instructions} of a run, and the compiler of what ran; "" is all of them."""
    out = Path(folder) / f"{protocol}-{requests}"
    callgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
    told = request_cost(protocol, requests, callgrind)
    functions = {}
    for line in run("callgrind_annotate", "--threshold=100", "--auto=no", out).splitlines():
        found = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(?:(PROGRAM TOTALS)|[^:]*:(.*?))(?: \[.*\])?$", line)
        if found:
            name = "" if found[2] else found[3]
            functions[name] = functions.get(name, 0) + int(found[1].replace(",", ""))
    assert functions.get(""), "callgrind_annotate has no total"
    return functions, told


def instructions(protocol):
    """Instructions a request, in all and by function: the difference of a long run and a short one."""
    few, many = 320, 3520
    with tempfile.TemporaryDirectory() as folder:
        short, _ = counted(protocol, few, folder)
        long, told = counted(protocol, many, folder)
    requests = many - few
    return {name: (count - short.get(name, 0)) / requests for name, count in long.items()}, told["compiler"]


def growth(before, total, now, most=8):
    """The functions that have grown most, for people. Those that bars.json does not name had below a hundredth."""
    grown = ((count - before.get(name, total / 100), name) for name, count in now.items() if name)
    lines = [f"  {more:+8.0f}  {name}" for more, name in sorted(grown, reverse=True)[:most] if more >= 1]
    return "\n".join(["grown most, instructions a request:", *lines])


def instructions_figure(protocol):
    """None where the figures are of another compiler, and say nothing of this one's."""
    measured, compiler = instructions(protocol)
    kept = bars()["instructions"]
    if compiler != kept["compiler"]:
        return None
    before = kept[protocol]
    figure = Figure(f"instructions a request, {PROTOCOLS[protocol]}", measured[""],
                    before["total"] * INSTRUCTIONS_SLACK)
    if not figure.holds():
        figure.notes = growth(before["functions"], before["total"], measured)
    return figure


# System calls: the program itself under strace.


def calls_made(requests, folder):
    """{call: count} of a server's whole life in which it answers so many requests over 32 connections."""
    trace = Path(folder) / f"trace-{requests}"
    # -D: the program is our child, and strace beside it; so a signal reaches the program.
    strace = ["strace", "-D", "-f", "-q", "-o", str(trace)]
    with Server(Path(folder) / f"server-{requests}", SITE, settings=QUIET, workers=1, prefix=strace) as server:
        out = run("h2load", "--h1", "-n", requests, "-c", 32, f"https://localhost:{server.https}/")
        assert f"{requests} succeeded, 0 failed" in out, out
        pid = server.process.pid
    # Short numbers are padded.
    wait_until(lambda: re.search(rf"^{pid} +\+\+\+ exited", trace.read_text(), re.M), "the end of the trace")
    calls = {}
    for name in re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M):
        calls[name] = calls.get(name, 0) + 1
    return calls


def system_calls():
    few, many = 2_000, 10_000
    with tempfile.TemporaryDirectory() as folder:
        short, long = calls_made(few, folder), calls_made(many, folder)
    each = {name: (count - short.get(name, 0)) / (many - few) for name, count in long.items()}
    figure = Figure("system calls a request, HTTP/1.1", sum(each.values()), bars()["system_calls"])
    most = sorted(((count, name) for name, count in each.items() if count >= 0.01), reverse=True)
    figure.notes = ", ".join(f"{name} {count:.2f}" for count, name in most)
    return figure


# Memory: the program itself, with connections that have nothing to say.


class Idle:
    """Connections over TLS that are open as long as the block runs."""

    def __init__(self, server, count):
        self.command = [PROGRAMS / "gateload", "idle", f"127.0.0.1:{server.https}", "localhost", str(count), "1"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        assert told["failed"] == 0, told
        return self

    def __exit__(self, *_):
        self.process.communicate("")


def settled_memory(server, connections):
    """Bytes that are the server's alone, once it has taken so many connections to their end of the handshake.

    Without the files it maps: what of those counts as its own hangs on which other programs run.
    """
    wait_until(lambda: server.metrics()["gate443_connections_open"] == connections, f"{connections} connections")
    rollup = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+)", rollup, re.M)[1]) * 1024


def idle_bytes_once():
    first, more = 500, 2_000
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "server", SITE, settings=QUIET, workers=1) as server, Idle(server, first):
            before = settled_memory(server, first)
            with Idle(server, more):
                return (settled_memory(server, first + more) - before) / more


def idle_bytes(rounds=3):
    """The least of a few runs, no more of them than needed: pages that stay half used are not the connection's."""
    bar = bars()["idle_bytes"] * IDLE_SLACK
    least = float("inf")
    for _ in range(rounds):
        least = min(least, idle_bytes_once())
        if least <= bar:
            break
    return Figure("bytes an idle TLS connection", least, bar)


# Handshakes: our engine and the system's OpenSSL, in memory, by the processor's time.


def handshake_ratio(enough=2, rounds=8):
    """The cheapest run of each side counts, for the machine has other work too; so as many rounds as it takes."""
    bar = bars()["handshake_ratio"]
    cheapest = {}
    for done in range(1, rounds + 1):
        for side in ("gate", "openssl"):
            told = run(PROGRAMS / f"handshake_{side}", "tls13 ecdsa x25519")
            cheapest[side] = min(float(told.split("\t")[1]), cheapest.get(side, float("inf")))
        figure = Figure("OpenSSL's full handshake against ours", cheapest["openssl"] / cheapest["gate"], bar,
                        least=True, notes=", ".join(f"{side} {cost:.0f} µs" for side, cost in cheapest.items()))
        if done >= enough and figure.holds():
            break
    return figure


# For people.


def all_figures():
    for protocol in PROTOCOLS:
        yield allocations(protocol)
    yield system_calls()
    for protocol in PROTOCOLS:
        figure = instructions_figure(protocol)
        if figure:
            yield figure
        else:
            print(f"instructions a request, {PROTOCOLS[protocol]}: bars.json has those of another compiler")
    yield idle_bytes()
    yield handshake_ratio()


def show():
    """The table; whether all bars hold."""
    good = True
    print(f"{'':<40} {'measured':>10} {'bar':>10}")
    for figure in all_figures():
        good &= figure.holds()
        bar = ("≥ " if figure.least else "≤ ") + shown(figure.bar)
        verdict = "" if figure.holds() else "  MISSED"
        print(f"{figure.name:<40} {shown(figure.measured):>10} {bar:>10}{verdict}", flush=True)
        if not figure.holds() and figure.notes:
            print(figure.notes)
    return good


def write():
    """What is measured now is what is to be held. Bars that are promises, and no measurements, stay."""
    kept = bars()
    for protocol in PROTOCOLS:
        kept["allocations"][protocol] = round(allocations(protocol).measured, 2)
        measured, kept["instructions"]["compiler"] = instructions(protocol)
        functions = {name: round(count) for name, count in sorted(measured.items(), key=lambda item: -item[1])
                     if name and count >= measured[""] / 100}
        kept["instructions"][protocol] = {"total": round(measured[""]), "functions": functions}
    kept["idle_bytes"] = round(min(idle_bytes_once() for _ in range(3)))
    BARS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="the costs measured become the ones to hold")
    options = parser.parse_args()
    if options.write:
        write()
    sys.exit(0 if show() else 1)


if __name__ == "__main__":
    main()
