"""The figures of bench/run as pages: docs/performance.json keeps the last ones of each case, and docs/performance.md and
docs/performance.svg show them."""
import json
import pathlib
from xml.sax.saxutils import escape

WIDTH, LABEL, VALUE = 760, 150, 150  # of the picture, of the servers' names, and of the figures behind the bars
BAR, GAP, TITLE, MARGIN = 18, 6, 44, 16
# Cases in which each operation is an exchange of its own, so that an echo server's is their floor.
EXCHANGES = ("handshake", "resumed", "mlkem", "h1")
OURS, THEIRS, TEXT, FAINT = "#0a7d5a", "#b8c2cc", "#1f2933", "#7b8794"


def table(result):
    lines = [f"### {result['case']}: {result['unit']}", "", "| server | median | against Gate443 (lowest – highest pair) |", "|---|---:|---:|"]
    for row in result["rows"]:
        spread = f"{row['ratio']:.2f} × ({row['low']:.2f} – {row['high']:.2f})" if row["low"] != row["high"] else f"{row['ratio']:.2f} ×"
        lines.append(f"| {row['server']} | {row['cost']:.2f} | {spread} |")
    if result["echo"] is not None:
        lines += ["", f"Sentinel (raw echo server in the same rounds): {result['echo']:.2f} µs an exchange."]
    return "\n".join(lines) + "\n"


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
        if result["case"] in EXCHANGES:
            x = LABEL + result["echo"] * scale
            self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{self.y - 2}" stroke="{TEXT}" stroke-dasharray="2 3"/>')
        self.y += GAP + MARGIN

    def whole(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.y}" viewBox="0 0 {WIDTH} {self.y}" '
                f'font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def svg(results):
    picture = Picture()
    for result in results:
        if result["case"] != "limits":
            picture.case(result)
    picture.text(MARGIN, picture.y, "Dashed: a raw echo server in the same rounds, the least that the machine lets a server cost.", 11, FAINT)
    picture.y += MARGIN
    return picture.whole()


def markdown(results):
    parts = ["""# Performance

Server CPU per operation, server and load generator on one core: the less, the better. The head of `bench/run` has the method,
`bench/peers/` each server's configuration. Take the ratios: the machine was shared. Each case tells when it was measured, and how busy the
machine was with other work then.

![The tables below as bars](performance.svg)
"""]
    for result in results:
        parts.append(table(result))
        run = result["run"]
        parts.append(f"`{run['command']}`, {run['date']}; {run['machine']}; load average before {run['load']:.1f}.\n")
    return "\n".join(parts)


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
