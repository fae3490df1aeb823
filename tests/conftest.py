"""What every test folder shares: tests marked slow run only when asked for."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too (minutes each)")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs only with --slow")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes; give --slow"))


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the command with some words and returns (exit status, output, error)."""
    from flywheel_sim.cli import main

    def call(*words):
        monkeypatch.setattr("sys.argv", ["flywheel", *words])
        status = 0
        try:
            main()
        except SystemExit as done:
            status = done.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err

    return call
