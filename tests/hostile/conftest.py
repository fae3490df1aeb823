"""The server that hostile inputs are tried on: one for all tests, as starting it takes seconds."""

import pytest


@pytest.fixture(scope="session")
def server():
    """Return the server; see `forked`."""
    from forked import Forked

    forked = Forked()
    yield forked
    forked.close()


@pytest.fixture
def place(server):
    """Return a folder with the small journey in it."""
    from forked import JOURNEY

    made = server.place()
    (made.work / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
    yield made
    server.done_with(made)
