"""Every figure, defined once, read from a ledger and nothing else; each room registers its own."""

from flywheel_sim.metrics import growth, lineage, momentum, pipeline, recurring, revenue, service, statement, value

__all__ = ["growth", "lineage", "momentum", "pipeline", "recurring", "revenue", "service", "statement", "value"]
