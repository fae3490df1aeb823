"""Parameters that a model of buying is simulated by, and found again from what the simulated people bought.

The data come from the journey that the model itself writes, run with the seed of their number, so a mistake in the
model, in its journey, in the engine or in the intervals shows.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad

import flywheel_sim as fs
from flywheel_sim.calibration.buying import (
    BG_NBD,
    GAMMA_GAMMA,
    NBD,
    PARETO_NBD,
    Calendar,
    Histories,
    Season,
    Setting,
    erlang_nbd,
)
from flywheel_sim.scenario.load import loads

WEEK = 7 * 86_400_000
MONTH = 365 / 12 / 7

#: Of 300 intervals of 95 %, so many cover the truth: 285 are expected, with an SD of 3.8; these are 3.8 SD away on one
#: side and 2.9 on the other, where a fault of the same size is likelier.
LOW, HIGH = 0.903, 0.987

#: What customers spend a purchase: p, q and v.
SPEND = (2.0, 4.0, 30.0)

#: Buying by the month of a shop with a Christmas trade, with a mean of 1.
FACTORS = (0.8, 0.75, 0.85, 0.9, 0.95, 1.0, 0.8, 0.75, 0.95, 1.1, 1.35, 1.8)


@dataclass(frozen=True)
class Case:
    """A model with its truth, and how it is watched.

    Attributes
    ----------
    model
        What is fitted.
    truth
        Its parameters, without factors of a season.
    setting
        Of the journey; times in weeks.
    cut
        So much of the run passes before the records begin.
    """

    model: object
    truth: tuple
    setting: Setting
    cut: float = 0.0

    @property
    def values(self):
        """Return all parameters, in the order of the model."""
        factors = () if self.model.season is None else tuple(FACTORS[i] for i in self.model.season.estimated)
        values = np.array([*self.truth, *factors])
        return values if not self.cut else np.array([*values, self.share(values)])

    def share(self, values):
        """Return how many of those seen are from before, where as many came then as come later."""
        length, k = self.setting.horizon - self.cut, self.model.steps
        r, rate = values[0], values[1] / k

        def idle(t):  # as many steps as are left of a gap under way are not made
            return (1 + t / rate) ** -r * (1 + (0.5 * r * t / (rate + t) if k == 2 else 0))

        def left(t):
            return (1 + t / values[3]) ** -values[2]

        def there(t):  # after t, who came before the records
            return quad(lambda age: left(age + t), 0, self.cut)[0]

        if self.model.leaves:
            fewer = quad(lambda t: (left(t) - left(t + self.cut)) * idle(t), 0, length)[0]
            old = there(0) - fewer - there(length) * idle(length)
        else:
            old = self.cut * (1 - idle(length))
        return old / (old + length)


def season():
    """Return a season whose run starts in January."""
    return Season(Calendar.of_run(0, MONTH))


QUARTER = Setting(horizon=78, customers=1000, over=12)
YEAR = Setting(horizon=70, customers=600, over=17)

CASES = {
    "nbd": Case(NBD, (0.8, 10.0), QUARTER),
    "bg_nbd": Case(BG_NBD, (0.6, 5.0, 0.8, 2.5), QUARTER),
    "pareto_nbd": Case(PARETO_NBD, (0.8, 6.0, 0.7, 12.0), QUARTER),
    "erlang_2": Case(erlang_nbd(2), (0.8, 6.0, 0.7, 12.0), QUARTER),
    "erlang_3": Case(erlang_nbd(3), (0.8, 6.0, 0.7, 12.0), QUARTER),
    "pareto_nbd_season": Case(PARETO_NBD.seasonal(season()), (0.8, 4.0, 0.7, 12.0), YEAR),
    "bg_nbd_season": Case(BG_NBD.seasonal(season()), (0.8, 4.0, 0.5, 3.0), YEAR),
    "erlang_2_season": Case(erlang_nbd(2).seasonal(season()), (0.8, 4.0, 0.7, 12.0), YEAR),
    "nbd_late": Case(NBD.late(52), (0.8, 20.0), Setting(horizon=104, customers=1000), 52),
    "pareto_nbd_late": Case(PARETO_NBD.late(78), (0.8, 6.0, 1.2, 30.0), Setting(horizon=156, customers=1500), 78),
    "erlang_2_late": Case(erlang_nbd(2).late(78), (0.8, 6.0, 1.2, 30.0), Setting(horizon=156, customers=1500), 78),
}


def bought(case, seed):
    """Return who bought when in one run, in weeks: people as whole numbers, their times, and who came when."""
    log = fs.run(loads(case.model.journey(case.values, case.setting)), events=True, seed=seed).events
    log = log[log["event"].isin(["arrived", "order"])]
    who = np.unique(log["person"].to_numpy(), return_inverse=True)[1]
    return who, log["time"].to_numpy() / WEEK


def seen(case, seed):
    """Return the histories of one run after the records begin."""
    who, time = bought(case, seed)
    kept = time >= case.cut
    return histories(case, who[kept], time[kept] - case.cut, case.setting.horizon - case.cut)


def histories(case, who, time, ends):
    """Return the histories in purchases until a time."""
    return Histories.from_purchases(who, time, ends, timed=case.model.season is not None)


def spent(setting, seed):
    """Return how many repeat purchases people made in one run, and what they brought on average."""
    one = fs.run(loads(GAMMA_GAMMA.journey(SPEND, setting)), people=True, events=True, seed=seed)
    x = one.events.query("event == 'order'").groupby("person").size()
    paid = one.people.set_index("key")["revenue"].astype(float)
    return x.to_numpy(), (paid.loc[x.index] / x).to_numpy()


def unseen(case, seed):
    """Return how many were customers when the records begin and bought nothing from then on, in one run."""
    log = fs.run(loads(case.model.journey(case.values, case.setting)), events=True, seed=seed).events
    week = log["time"] / WEEK
    came = set(log["person"][(log["event"] == "arrived") & (week < case.cut)])
    gone = set(log["person"][(log["event"] == "death") & (week < case.cut)])
    bought = set(log["person"][(log["event"] == "order") & (week >= case.cut)])
    return len(came - gone - bought)


def found(case, seed):
    """Return for each parameter: the best value, both ends of its interval."""
    most = case.model.fit(seen(case, seed))
    return np.column_stack([most.values, most.ends])
