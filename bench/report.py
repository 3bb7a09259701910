"""The figures of bench/run as pages: docs/performance.json keeps the last ones of each case, and docs/performance.md and
docs/performance.svg show them."""
import itertools
import json
import pathlib
from xml.sax.saxutils import escape

import limits
import plot
import servers

PEERS_FOLDER = pathlib.Path(__file__).resolve().parent / "peers"
WIDTH, LABEL, VALUE = 760, 150, 150  # of the picture, of the servers' names, and of the figures behind the bars
BAR, GAP, TITLE, MARGIN = 18, 6, 44, 16
# Cases in which each operation is an exchange of its own: figures from before there were limits have an echo server's as their floor.
EXCHANGES = ("handshake", "resumed", "mlkem", "h1")
OURS, THEIRS, TEXT, FAINT = "#0a7d5a", "#b8c2cc", "#1f2933", "#7b8794"


def table(result):
    if result["case"] == "limits":
        return limits_tables(result)
    if "saturation" in result:
        return latency_tables(result)
    if "curves" in result:
        return curve_tables(result)
    limit = result.get("limit")
    spread = "95 % interval" if "pairs" in result else "lowest – highest pair"
    lines = [f"### {result['case']}: {result['unit']}", "",
             f"| server | median | against Gate443 ({spread}) |" + (" of the limit |" if limit else ""),
             "|---|---:|---:|" + ("---:|" if limit else "")]
    for row in result["rows"]:
        lines.append(f"| {row['server']} | {row['cost']:.2f} | {ratio_text(row)} |" + (f" {percent(limit / row['cost'])} |" if limit else ""))
    if limit:
        ours = result["rows"][0]["cost"]
        unit = result["unit"].split()[0]
        lines += ["", f"Limit {limit:.2f} {unit} ({limits.formula_text(result['case'])}), ours is {percent(limit / ours)} of it."]
    if result["echo"] is not None:
        lines += ["", f"Sentinel (raw echo server in the same rounds): {result['echo']:.2f} µs an exchange.{steadiness(result)}"]
    return "\n".join(lines) + "\n"


def percent(share):
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.1f} %"


def ratio_text(row):
    if row["low"] == row["high"]:
        return f"{row['ratio']:.2f} ×"
    undecided = ", undecided" if row["low"] <= 1 <= row["high"] else ""
    return f"{row['ratio']:.2f} × ({row['low']:.2f} – {row['high']:.2f}{undecided})"


def steadiness(result):
    if "pairs" not in result:
        return ""
    return f" {result['pairs']} pairs; {result['repeated']} legs run again, {result['unsteady']} kept although unsteady."


def limits_tables(result):
    lines = [f"### {result['case']}: {result['unit']}", "", "| part | figure |", "|---|---:|"]
    lines += [f"| {row['server']} | {row['cost']:.2f} |" for row in result["rows"]]
    if "floor" in result:
        lines += ["", "What each case cannot be cheaper than, by these parts:", "", "| case | limit | made of |", "|---|---:|---|"]
        for case in limits.FORMULAS:
            lines.append(f"| {case} | {limits.limit(case, result['floor']):.2f} | {limits.formula_text(case)} |")
    return "\n".join(lines) + "\n"


def curve_tables(result):
    """A table for each picture: the grown thing across, the servers down."""
    lines = [f"### {result['case']}: {result['unit']}"]
    for curve in result["curves"]:
        across = sorted({point[0] for line in curve["lines"] for point in line["points"]})
        lines += ["", f"{curve['title']}, {curve['unit']}:", "",
                  f"| {curve['of']} | " + " | ".join(plot.short(x) for x in across) + " |", "|---|" + "---:|" * len(across)]
        for line in curve["lines"]:
            figures = dict(line["points"])
            lines.append(f"| {line['server']} | " + " | ".join(figure_text(figures[x]) if x in figures else "" for x in across) + " |")
    return "\n".join(lines) + "\n\n" + steadiness(result).strip() + "\n"


def latency_tables(result):
    """What each server can do at most, and its percentiles at each rate."""
    lines = [f"### {result['case']}: {result['unit']}", "", "| server | saturation, requests a second | its core was busy |", "|---|---:|---:|"]
    lines += [f"| {each['server']} | {each['per_second']:.0f} | {percent(each['busy'])} |" for each in result["saturation"]]
    for curve in result["curves"]:
        lines += ["", f"{curve['title']}, {curve['unit']}:", "", "| server | p50 | p90 | p99 | p99.9 |", "|---|---:|---:|---:|---:|"]
        lines += [f"| {line['server']} | " + " | ".join(figure_text(y) for _, y in line["points"]) + " |" for line in curve["lines"]]
    return "\n".join(lines) + (f"\n\nThe generator itself was late by less than {result['lag']} µs in 99 of 100 requests.{steadiness(result)}"
                               " Where a core was not busy at saturation, the generator was the slower one.\n")


def figure_text(figure):
    """Three digits that count."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


class Picture:
    """Bars from the top down."""

    def __init__(self):
        self.y = MARGIN
        self.parts = []

    def text(self, x, y, text, size=13, colour=TEXT, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def case(self, result):
        """One bar a server, the cheapest first; a line where the machine itself ends."""
        rows = sorted(result["rows"], key=lambda row: row["cost"])
        # One that costs many times as much would leave nothing to see of the others: its bar is cut, its figure says how much.
        longest = min(rows[-1]["cost"], 4 * max(row["cost"] for row in rows if row["server"].startswith("gate443")))
        scale = (WIDTH - LABEL - VALUE - MARGIN) / longest
        self.text(MARGIN, self.y + 18, result["case"], 15, weight="bold")
        self.text(MARGIN, self.y + 35, result["unit"], 11, FAINT)
        top = self.y = self.y + TITLE
        for row in rows:
            ours = row["server"].startswith("gate443")
            width = min(row["cost"], longest) * scale
            self.parts.append(f'<rect x="{LABEL}" y="{self.y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{OURS if ours else THEIRS}"/>')
            self.text(LABEL - 8, self.y + 13, row["server"], 12, anchor="end", weight="bold" if ours else "normal")
            figure = f"{row['cost']:.2f}" + ("" if ours else f"  ·  {row['ratio']:.2f} ×")
            self.text(LABEL + width + 8, self.y + 13, figure, 12, FAINT if not ours else TEXT)
            self.y += BAR + GAP
        least = result.get("limit") or (result["echo"] if result["case"] in EXCHANGES else None)
        if least:
            x = LABEL + least * scale
            self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{self.y - 2}" stroke="{TEXT}" stroke-dasharray="2 3"/>')
        self.y += GAP + MARGIN

    def whole(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.y}" viewBox="0 0 {WIDTH} {self.y}" '
                f'font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def svg(results):
    picture = Picture()
    for result in results:
        if result["rows"] and result["case"] != "limits":
            picture.case(result)
    picture.text(MARGIN, picture.y, "Dashed: the least that this machine lets a server cost (the limits below the tables).", 11, FAINT)
    picture.y += MARGIN
    return picture.whole()


def markdown(results):
    parts = ["""# Performance

Server CPU per operation, server and load generator on one core: the less, the better. Each case tells when it was measured, and how
busy the machine was with other work then.

**How to measure**: `./dev bench`, or some cases: `./dev bench h1 h2`. It waits for a quiet machine; `--busy-machine` measures on any, and
the report says so. `bench/run --help` has the options, `bench/peers/` each server's configuration.

**How to read**: take the ratios, which compare servers that took turns (A B B A) within seconds; absolute figures move with the machine.
The interval around a ratio is the bootstrap's for the median, 95 %; where it holds 1, nothing is decided. A leg around which a fixed piece of
work changed its pace by more than 10 % was run again. The limit is what the same machine's kernel and cryptography cost without a
server around them ([below](#limits-the-floor-of-this-machine)); nobody reaches it. The growth curves have logarithmic axes: a level line
costs the same however large the world is. Latency counts from when a request was meant to start, the server on one core and the generator
on the other.

![The tables below as bars](performance.svg)
"""]
    for result in results:
        if "curves" in result:
            parts.append(f"![{result['unit']}](performance-{result['case']}.svg)\n")
        parts.append(table(result))
        run = result["run"]
        parts.append(f"`{run['command']}`, {run['date']}; {run['machine']}; {quietness(run)}.\n")
    parts.append(equal_settings())
    return "\n".join(parts)


def equal_settings():
    """What is the same for all, and what each configuration says of itself in its first lines."""
    lines = ["""## Equal settings

For all servers: one worker, thread or process on core 0; one certificate, ECDSA P-256, from a file of one; TLS 1.2 and 1.3, the client asks for
TLS 1.3 with `TLS_AES_128_GCM_SHA256` and X25519 (X25519MLKEM768 where the case says so); session tickets on; the same files, the same response
fields beside those a server adds by itself; no access log; connections and requests a connection unlimited, as far as that can be set. Each
answer's status, version of HTTP and TLS, group, size and resumption are checked. What a peer has no means for is left out: h2o 2.2.5 and Debian 12's
servers have no HTTP/3, HAProxy serves no files, Apache keeps no idle connections without a thread each, lighttpd's proxy keeps no connections.

| server | settings |
|---|---|"""]
    for server, peer in servers.PEERS.items():
        lines.append(f"| [{server}](../bench/peers/{peer.configuration}) | {head_of(PEERS_FOLDER / peer.configuration)} |")
    return "\n".join(lines) + "\n"


def head_of(path):
    """The comment that a configuration begins with, in one line."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text().splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def quietness(run):
    text = f"load average before {run['load']:.1f}"
    if "steal" in run:
        text += f", steal {percent(run['steal'])}"
    return text + ("; other work ran meanwhile (`--busy-machine`)" if run.get("busy") else "")


def write(folder, results, order):
    """Puts results into the pages; those of other cases stay."""
    folder = pathlib.Path(folder)
    kept = folder / "performance.json"
    known = {each["case"]: each for each in json.loads(kept.read_text())} if kept.exists() else {}
    known |= {each["case"]: each for each in results}
    all_results = sorted(known.values(), key=lambda each: order.index(each["case"]))
    kept.write_text(json.dumps(all_results, indent=1, ensure_ascii=False) + "\n")
    (folder / "performance.md").write_text(markdown(all_results))
    (folder / "performance.svg").write_text(svg(all_results))
    for result in all_results:
        if "curves" in result:
            (folder / f"performance-{result['case']}.svg").write_text(plot.picture(result["curves"]))
