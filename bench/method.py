"""How servers are compared so that a sceptic can believe it: a quiet machine, legs that alternate A B B A, a fixed piece of work
around each leg that tells whether the processor was steady, and an interval around each ratio."""
import os
import pathlib
import random
import statistics
import sys
import time

LOAD_MAX = 0.3
LOAD_PATIENCE = 180  # seconds: the build before a benchmark is in the load average for about two minutes
SPIN_CORE = 0
# On a guest of a shared host with nothing else to do, pieces of work a moment apart differ by more than 3 % in four of ten cases: that
# would repeat legs without an end. What the pairs do not even out beyond 5 % is worth another leg.
SPIN_TOLERANCE = 0.05
LEG_REPEATS = 2
RESAMPLES = 4000


def load_average():
    return os.getloadavg()[0]


def steal_share(seconds=1.0):
    """The share of this machine's time that its host gave to others, over a while."""
    def ticks():
        fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return fields[7], sum(fields)
    stolen, total = ticks()
    time.sleep(seconds)
    stolen_after, total_after = ticks()
    return (stolen_after - stolen) / max(1, total_after - total)


def require_quiet(busy_allowed):
    """Load average and steal before the first leg. Ends the program where the machine is busy and nobody allowed that."""
    give_up = time.monotonic() + (0 if busy_allowed else LOAD_PATIENCE)
    if not busy_allowed and load_average() > LOAD_MAX:
        print(f"load average {load_average():.2f}: waiting until it is {LOAD_MAX} …", file=sys.stderr, flush=True)
    while load_average() > LOAD_MAX and time.monotonic() < give_up:
        time.sleep(2)
    found = {"load": load_average(), "steal": steal_share(), "busy": busy_allowed}
    print(f"load average {found['load']:.2f}, steal {found['steal']:.1%}", file=sys.stderr, flush=True)
    if found["load"] > LOAD_MAX and not busy_allowed:
        sys.exit(f"the machine is busy: its load average is {found['load']:.2f}, and figures want {LOAD_MAX} at most\n"
                 "  fix:  stop what else runs; or --busy-machine, which the report then says")
    return found


def spin():
    """Seconds that a fixed piece of work takes on the servers' core: the best of five pieces of about ten milliseconds."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SPIN_CORE})
    try:
        return min(piece() for _ in range(5))
    finally:
        os.sched_setaffinity(0, before)


def piece():
    began = time.perf_counter()
    total = 0
    for each in range(180_000):
        total += each & 7
    return time.perf_counter() - began


class Legs:
    """Runs legs, and those again around which the processor changed its pace."""

    def __init__(self, spin=spin):
        self.spin = spin
        self.repeated = 0  # legs that were run again
        self.unsteady = 0  # legs whose every run was unsteady; the steadiest counts

    def run(self, leg):
        tries = []
        for _ in range(1 + LEG_REPEATS):
            before = self.spin()
            figure = leg()
            after = self.spin()
            tries.append((abs(after / before - 1), figure))
            if tries[-1][0] <= SPIN_TOLERANCE:
                break
        self.repeated += len(tries) - 1
        self.unsteady += tries[-1][0] > SPIN_TOLERANCE
        return min(tries, key=lambda each: each[0])[1]


def order_of(pair, names):
    """A B B A: what drifts during a pair falls on each server once first and once last."""
    return names if pair % 2 == 0 else names[::-1]


def interval(ratios, resamples=RESAMPLES):
    """The bootstrap's 95 % interval of the median (percentiles of medians of samples drawn with replacement). The seed is fixed:
    the same figures give the same interval."""
    dice = random.Random(443)
    medians = sorted(statistics.median(dice.choices(ratios, k=len(ratios))) for _ in range(resamples))
    return medians[int(0.025 * resamples)], medians[int(0.975 * resamples) - 1]
