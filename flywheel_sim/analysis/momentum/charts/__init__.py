"""Charts of momentum: frictions, mass and speed month by month, and the wheel."""

from flywheel_sim.analysis.momentum.charts.bars import frictions, momentum
from flywheel_sim.analysis.momentum.charts.wheel_picture import wheel

__all__ = ["frictions", "momentum", "wheel"]
