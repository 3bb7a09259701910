"""What a request, a handshake and an idle connection cost, in figures that do not hang on how busy the machine is."""

import pytest

import bars
from support.server import SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers have costs of their own")


@pytest.fixture(autouse=True, scope="module")
def programs():
    assert (bars.PROGRAMS / "request_cost").exists(), f"ninja -C {bars.PROGRAMS.parent} bars   makes what measures"


def check(figure):
    if not figure.holds():
        pytest.fail(str(figure), pytrace=False)


@pytest.mark.parametrize("protocol", bars.PROTOCOLS)
def test_a_warm_request_makes_no_more_allocations_than_the_bar_says(protocol):
    check(bars.allocations(protocol))


@pytest.mark.parametrize("protocol", bars.PROTOCOLS)
def test_a_request_takes_no_more_instructions_than_the_bar_says(protocol):
    figure = bars.instructions_figure(protocol)
    if figure is None:
        pytest.skip("bars.json has the instructions of another compiler: ./dev bench bars --write makes this one's")
    check(figure)


def test_a_request_over_http1_makes_about_two_system_calls():
    check(bars.system_calls())


def test_an_idle_connection_keeps_no_more_memory_than_the_bar_says():
    check(bars.idle_bytes())


def test_a_full_handshake_is_much_cheaper_than_openssls():
    check(bars.handshake_ratio())


def test_a_miss_says_which_functions_have_grown():
    before = {"steady": 500, "worse": 400}
    now = {"": 1020, "steady": 500, "worse": 430, "new": 80, "never much": 9}
    told = bars.growth(before, 1000, now)
    assert told.splitlines()[1:] == ["       +70  new", "       +30  worse"]
