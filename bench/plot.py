"""Lines over logarithmic axes, as SVG."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 300, 64, 150, 52, 46
TEXT, FAINT, GRID = "#1f2933", "#7b8794", "#e4e8ec"
COLOURS = {"gate443": "#0a7d5a", "nginx": "#3b6fb6", "haproxy": "#c27c0e", "h2o": "#8e5bb5", "caddy": "#2a98a8", "apache": "#b5483a",
           "lighttpd": "#6b7a34"}
LABEL_GAP = 15


class Axis:
    """A logarithmic scale between two ends in pixels. Zero has no logarithm: it has a place of its own, a step before the least."""

    def __init__(self, values, begin, end, decades=False):
        positive = [value for value in values if value > 0]
        self.has_zero = any(value == 0 for value in values)
        low, high = min(positive), max(positive)
        # Less than a decade would make much of little.
        self.ticks = decades_of(positive) if decades else ticks_between(min(low, high / 10), high)
        self.low = math.log10(min(low, self.ticks[0]))
        self.high = math.log10(max(high, self.ticks[-1]))
        if self.high - self.low < 1e-9:
            self.high += 1
        if self.has_zero:
            self.zero = self.low - (self.high - self.low) / 8
            self.ticks = [0, *self.ticks]
        self.begin, self.end = begin, end

    def place(self, value):
        first = self.zero if self.has_zero else self.low
        logarithm = math.log10(value) if value > 0 else first
        return self.begin + (logarithm - first) / (self.high - first) * (self.end - self.begin)


def decades_of(values):
    """The powers of ten among the values; their ends where there is none."""
    return sorted({value for value in values if math.log10(value) % 1 == 0} or {min(values), max(values)})


def ticks_between(low, high):
    """Round figures around a range: decades; with their 2 and 5 where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1,) if last - first > 3 else (1, 2, 5)
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    below = max((tick for tick in ticks if tick <= low * 1.0001), default=ticks[0])
    above = min((tick for tick in ticks if tick >= high / 1.0001), default=ticks[-1])
    return [tick for tick in ticks if below <= tick <= above]


def short(value):
    """1000 as "1 k", 0.05 as it is."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def colour_of(server):
    return COLOURS.get(server.removeprefix("sid:").split()[0], TEXT)


def spread_apart(places, gap):
    """The same places, moved down as little as keeps them a gap from each other; in the same order."""
    moved, last = {}, -math.inf
    for place, index in sorted((place, index) for index, place in enumerate(places)):
        last = moved[index] = max(place, last + gap)
    return [moved[index] for index in range(len(places))]


def text(x, y, words, size=12, colour=TEXT, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def chart(curve, top):
    """One curve's lines, `top` pixels down the picture: {title, unit, of, lines: [{server, points}]}."""
    lines = [line for line in curve["lines"] if line["points"]]
    x = Axis([point[0] for line in lines for point in line["points"]], LEFT, WIDTH - RIGHT, decades=True)
    y = Axis([point[1] for line in lines for point in line["points"]], top + HEIGHT - BOTTOM, top + TOP)
    parts = [text(16, top + 20, curve["title"], 14, weight="bold"), text(16, top + 38, curve["unit"], 11, FAINT),
             text((LEFT + WIDTH - RIGHT) / 2, top + HEIGHT - 10, curve["of"], 11, FAINT, "middle")]
    for tick in y.ticks:
        place = y.place(tick)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}" stroke="{GRID}"/>')
        parts.append(text(LEFT - 8, place + 4, short(tick), 11, FAINT, "end"))
    for tick in x.ticks:
        shown = x.place(tick)
        parts.append(f'<line x1="{shown:.1f}" x2="{shown:.1f}" y1="{y.begin:.1f}" y2="{y.begin + 4:.1f}" stroke="{FAINT}"/>')
        parts.append(text(shown, y.begin + 18, short(tick), 11, FAINT, "middle"))
    labels = spread_apart([y.place(line["points"][-1][1]) for line in lines], LABEL_GAP)
    labels = [label - max(0, max(labels) - y.begin) for label in labels]  # none below the axis
    for line, label in zip(lines, labels):
        parts += drawn(line, x, y, label)
    return parts


def drawn(line, x, y, label):
    ours = line["server"].startswith("gate443")
    colour, places = colour_of(line["server"]), [(x.place(each[0]), y.place(each[1])) for each in line["points"]]
    # The newest version of a server that is there twice has a line of dashes.
    dashes = ' stroke-dasharray="5 3"' if line["server"].startswith("sid:") else ""
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{3 if ours else 1.8}"{dashes}/>',
            *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{3.5 if ours else 2.5}" fill="{colour}"/>' for a, b in places),
            text(WIDTH - RIGHT + 12, label + 4, line["server"], 12, colour, weight="bold" if ours else "normal")]


def picture(curves):
    """All curves, one below the other."""
    height = HEIGHT * len(curves)
    parts = [part for index, curve in enumerate(curves) for part in chart(curve, index * HEIGHT)]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n")
