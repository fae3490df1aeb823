"""Simulate, event by event, a population of customers moving round the marketing flywheel."""

__version__ = "0.1.0"
