"""The ``flywheel`` command: parses and prints, computes nothing."""

from flywheel_sim.cli.app import main

__all__ = ["main"]
