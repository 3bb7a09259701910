"""The benchmark's arithmetic: what it says of its figures must be right before any figure is."""

import pathlib
import statistics
import sys
import xml.etree.ElementTree

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

import cases  # noqa: E402
import growth  # noqa: E402
import latency  # noqa: E402
import limits  # noqa: E402
import method  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402

FLOOR = {part: 1.0 for part in limits.PARTS}


# Limits.

def test_a_limit_is_the_sum_of_its_parts():
    floor = FLOOR | {"echo": 2.0, "open_100": 0.1, "seal_600": 0.2}
    assert limits.limit("h1", floor) == pytest.approx(2.3)
    assert limits.limit("proxy-h1", floor) == pytest.approx(4.3)


def test_a_batch_of_32_shares_its_exchange():
    assert limits.limit("h2", FLOOR) == pytest.approx(3 / 32)


def test_large_counts_milliseconds_per_file():
    floor = FLOOR | {"tcp_send_64k": 4.0, "seal_16k": 1.0}
    assert limits.limit("large", floor) == pytest.approx(8 * 10_000_000 / 65_536 / 1000)


def test_formulas_know_only_parts_that_are_measured():
    assert {part for formula in limits.FORMULAS.values() for _, part in formula} <= set(limits.PARTS)


def test_a_case_without_formula_or_part_has_no_limit():
    assert limits.limit("growth-sites", FLOOR) is None
    assert limits.limit("h1", {"echo": 2.0}) is None


def test_formulas_read_as_they_count():
    assert limits.formula_text("h2") == "1/32 echo + 1/32 open_1200 + 1/32 seal_16k"
    assert limits.formula_text("idle") == "2 aead_context + connection_state"


def test_the_floor_is_the_best_of_its_runs():
    runs = [limits.parse("echo\t2.5\nseal_600\t0.2\n"), limits.parse("echo\t2.0\nseal_600\t0.3\nnot a line\n")]
    assert limits.best(runs) == {"echo": 2.0, "seal_600": 0.2}


# The method.

def test_order_alternates_a_b_b_a():
    assert [method.order_of(pair, ["a", "b"]) for pair in range(3)] == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_interval_of_equal_ratios_is_a_point():
    assert method.interval([1.5] * 7) == (1.5, 1.5)


def test_interval_holds_the_median_and_leaves_an_outlier_out():
    ratios = [1.9, 1.95, 2.0, 2.0, 2.05, 2.1, 2.1, 1.98, 2.02, 1.97, 9.0]
    low, high = method.interval(ratios)
    assert low <= statistics.median(ratios) <= high
    assert 1.9 <= low and high < 9.0


def test_interval_widens_with_the_spread():
    narrow = method.interval([1.9, 2.0, 2.1, 2.0, 1.95, 2.05, 2.0])
    wide = method.interval([1.0, 2.0, 3.0, 2.0, 1.5, 2.5, 2.0])
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_interval_is_the_same_for_the_same_figures():
    ratios = [1.2, 1.7, 1.4, 1.9, 1.3, 1.1, 1.62, 1.58]
    assert len({method.interval(ratios, resamples=40) for _ in range(10)}) == 1


def legs_with_spins(*seconds):
    spins = iter(seconds)
    return method.Legs(lambda: next(spins))


def test_a_steady_leg_runs_once():
    figures = iter([5.0])
    legs = legs_with_spins(0.050, 0.051)
    assert legs.run(lambda: next(figures)) == 5.0
    assert (legs.repeated, legs.unsteady) == (0, 0)


def test_an_unsteady_leg_runs_again():
    figures = iter([9.0, 5.0])
    legs = legs_with_spins(0.050, 0.080, 0.050, 0.050)
    assert legs.run(lambda: next(figures)) == 5.0
    assert (legs.repeated, legs.unsteady) == (1, 0)


def test_the_steadiest_counts_when_none_is_steady():
    figures = iter([9.0, 6.0, 8.0])
    legs = legs_with_spins(0.050, 0.080, 0.050, 0.060, 0.050, 0.070)
    assert legs.run(lambda: next(figures)) == 6.0
    assert (legs.repeated, legs.unsteady) == (2, 1)


# The report.

def result_of(**more):
    row = {"server": "gate443 0.1.0", "cost": 4.0, "ratio": 1.0, "low": 1.0, "high": 1.0}
    peer = {"server": "nginx 1.22.1", "cost": 8.0, "ratio": 2.0, "low": 1.9, "high": 2.1}
    return {"case": "h1", "unit": "µs per request", "rows": [row, peer], "echo": 2.5} | more


def test_a_table_tells_the_part_of_the_limit():
    text = report.table(result_of(limit=2.0, pairs=7, repeated=0, unsteady=0))
    assert "Limit 2.00 µs (echo + open_100 + seal_600), ours is 50 % of it." in text
    assert "| nginx 1.22.1 | 8.00 | 2.00 × (1.90 – 2.10) | 25 % |" in text


def test_figures_from_before_there_were_limits_still_have_a_table():
    text = report.table(result_of())
    assert "lowest – highest pair" in text and "Limit" not in text


def test_a_ratio_whose_interval_holds_one_is_undecided():
    assert report.ratio_text({"ratio": 1.02, "low": 0.9, "high": 1.1}) == "1.02 × (0.90 – 1.10, undecided)"


def test_the_pages_are_what_the_kept_figures_make(tmp_path):
    docs = pathlib.Path(report.__file__).resolve().parent.parent / "docs"
    (tmp_path / "performance.json").write_text((docs / "performance.json").read_text())
    report.write(tmp_path, [], [*cases.CASES, "latency", *growth.CASES])
    for page in sorted(each.name for each in tmp_path.iterdir()):
        assert (tmp_path / page).read_text() == (docs / page).read_text(), f"{page} is not of this generator: bench/run --pages"


def test_each_peer_says_its_settings():
    text = report.equal_settings()
    for name, peer in servers.PEERS.items():
        head = report.head_of(report.PEERS_FOLDER / peer.configuration)
        assert len(head) > 40, f"{peer.configuration} does not begin with what it sets and why"
        assert head in text


# Plots.

def test_a_decade_is_as_long_as_the_next():
    axis = plot.Axis([1, 1000], 0, 300, decades=True)
    assert [axis.place(value) for value in (1, 10, 100, 1000)] == pytest.approx([0, 100, 200, 300])


def test_zero_has_a_place_before_the_least():
    axis = plot.Axis([0, 100, 10_000], 0, 300, decades=True)
    assert axis.place(0) == 0 < axis.place(100) < axis.place(10_000) == 300


def test_figures_that_differ_little_do_not_fill_the_picture():
    axis = plot.Axis([10, 12], 0, 100)
    assert axis.place(12) - axis.place(10) < 15


@pytest.mark.parametrize(("low", "high"), [(1, 9), (0.3, 4), (7, 20_000), (123, 123), (0.05, 0.06)])
def test_ticks_enclose_what_is_drawn(low, high):
    ticks = plot.ticks_between(low, high)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert ticks == sorted(set(ticks))


def test_labels_that_would_overlap_move_apart_and_keep_their_order():
    assert plot.spread_apart([100, 10, 101], 15) == [100, 10, 115]


def test_numbers_are_short():
    assert [plot.short(value) for value in (0, 0.05, 10, 2000, 10_000_000)] == ["0", "0.05", "10", "2 k", "10 M"]


def curve():
    return {"title": "CPU", "unit": "µs", "of": "sites",
            "lines": [{"server": "gate443 0.1.0", "points": [[1, 5.0], [10, 5.5]]}, {"server": "nginx <1>", "points": [[1, 9.0]]}]}


def test_a_picture_is_well_formed_and_names_each_server():
    root = xml.etree.ElementTree.fromstring(plot.picture([curve(), curve()]))
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("gate443 0.1.0") == 2 and words.count("nginx <1>") == 2


def test_a_curve_has_a_table_with_gaps_where_nothing_was_measured():
    text = report.table({"case": "growth-sites", "unit": "sites", "rows": [], "curves": [curve()], "pairs": 3, "repeated": 0, "unsteady": 0})
    assert "| sites | 1 | 10 |" in text
    assert "| gate443 0.1.0 | 5 | 5.5 |" in text
    assert "| nginx <1> | 9 |  |" in text


# Latency.

def test_percentiles_are_of_all_requests():
    histogram = [(duration, 1) for duration in range(1, 1001)]
    assert [latency.slower_than_all_but(histogram, rarity) for rarity in latency.RARITIES] == [500, 900, 990, 999]


def test_a_percentile_counts_how_often_a_duration_was_seen():
    assert latency.slower_than_all_but([(10, 990), (500, 10)], 100) == 10
    assert latency.slower_than_all_but([(10, 989), (500, 11)], 100) == 500


def test_histograms_of_legs_are_one():
    assert latency.merged([[[20, 3], [10, 1]], [[10, 2]]]) == [(10, 3), (20, 3)]


def test_latency_has_a_column_for_each_percentile():
    line = {"server": "gate443 0.1.0", "points": [[2, 50], [10, 70], [100, 90], [1000, 1234]]}
    text = report.table({"case": "latency", "unit": "HTTP/1.1", "rows": [], "pairs": 3, "repeated": 0, "unsteady": 0, "lag": 4,
                         "saturation": [{"server": "gate443 0.1.0", "per_second": 91234.4, "busy": 0.98}],
                         "curves": [{"title": "Latency at 30 %", "unit": "µs", "of": "", "lines": [line]}]})
    assert "| gate443 0.1.0 | 91234 | 98 % |" in text
    assert "| gate443 0.1.0 | 50 | 70 | 90 | 1234 |" in text
