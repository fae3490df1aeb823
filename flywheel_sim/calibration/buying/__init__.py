"""Models of how often customers buy and when they are lost, where nobody says so: fitted to what they bought."""

from flywheel_sim.calibration.buying.bg_nbd import BgNbd
from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.renewal import Renewal
from flywheel_sim.calibration.buying.season import Calendar, Season

NBD = Renewal("nbd", "NBD", "Ehrenberg 1959, doi:10.2307/2985810", leaves=False)
BG_NBD = BgNbd()
PARETO_NBD = Renewal("pareto_nbd", "Pareto/NBD", "Schmittlein, Morrison and Colombo 1987, doi:10.1287/mnsc.33.1.1")
