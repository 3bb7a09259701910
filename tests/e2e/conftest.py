import pytest

from support.server import BINARY, Server
from support.users import stranger  # noqa: F401: a fixture
from support.wires import WIRES


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is missing: run ./dev build, or name another in GATE443_BINARY")


@pytest.fixture(params=list(WIRES))
def wire_type(request):
    """Each version of HTTP in turn: a test that asks for a wire runs over all of them."""
    return WIRES[request.param]


@pytest.fixture
def start(tmp_path):
    """Starts servers that end with the test: start("site localhost { … }")."""
    running = []

    def start_one(text, **options):
        server = Server(tmp_path / f"server{len(running)}", text, **options)
        running.append(server)
        return server.start()

    yield start_one
    codes = [server.stop() for server in running if server.process.poll() is None]
    assert all(code == 0 for code in codes), codes


@pytest.fixture
def www(tmp_path):
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Home</title><p>Hello")
    return folder
