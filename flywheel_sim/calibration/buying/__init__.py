"""Models of how often customers buy and when they are lost, where nobody says so: fitted to what they bought."""

from flywheel_sim.arguments import whole
from flywheel_sim.calibration.buying.bg_nbd import BgNbd
from flywheel_sim.calibration.buying.histories import Histories
from flywheel_sim.calibration.buying.journeys import Setting
from flywheel_sim.calibration.buying.model import BuyingModel
from flywheel_sim.calibration.buying.renewal import Renewal
from flywheel_sim.calibration.buying.season import Calendar, Season
from flywheel_sim.calibration.buying.spend import GammaGamma, RankTogether

__all__ = ["BG_NBD", "GAMMA_GAMMA", "MODELS", "NBD", "PARETO_NBD", "BgNbd", "BuyingModel", "Calendar", "GammaGamma",
           "Histories", "RankTogether", "Renewal", "Season", "Setting", "erlang_nbd"]  # fmt: skip

NBD = Renewal("nbd", "NBD", "Ehrenberg 1959, doi:10.2307/2985810", leaves=False)
BG_NBD = BgNbd()
PARETO_NBD = Renewal("pareto_nbd", "Pareto/NBD", "Schmittlein, Morrison and Colombo 1987, doi:10.1287/mnsc.33.1.1")
GAMMA_GAMMA = GammaGamma()


def erlang_nbd(steps: int = 2, *, leaves: bool = True) -> Renewal:
    """Return the model of regular buying: times between purchases of so many memoryless steps each.

    With `leaves` it is Pareto/NBD for `steps` of 1; without, NBD.
    """
    steps = whole(1, 20, "2").of("steps", steps)
    name, label = f"erlang_{steps}" + "_nbd" * leaves, f"Erlang-{steps}" + (" Pareto/NBD" if leaves else " NBD")
    source = "Chatfield and Goodhardt 1973, doi:10.1080/01621459.1973.10481432"
    return Renewal(name if leaves else f"{name}_stay", label, source, leaves, steps)


#: Those that need no more than histories, the plainest first.
MODELS = (NBD, BG_NBD, PARETO_NBD, erlang_nbd(2))
