"""How long people take from one stage to another: worked by hand, and where every wait is fixed."""

import numpy as np
import pandas as pd
import pytest

import flywheel_sim as fs
from flywheel_sim.analysis.purchases.cycle import cycles
from flywheel_sim.errors import ExperimentError, SimulationError
from flywheel_sim.experiment.replicate import Limits
from flywheel_sim.journey.units import DAY

LEADS = """
name: Leads
horizon: 2 months
warm_up: 1 month
channels:
  mail: {batch: 2, enters: lead}
  base: {present: 1, enters: lead}
journey:
  lead: {role: prospect, events: {look: {every: 4 days}, grow: {after: 30 days, to: {offer: 60 %, lost: rest}}}}
  offer: {role: prospect, after: 30 days, to: {won: 50 %, lead: rest}}
  won: {role: customer, events: {pause: {after: 30 days, to: offer}, renew: {every: 1 month}}}
  lost: {role: aside, after: 90 days, to: lead}
"""

#: What happens, by day: person, from, event, outcome, to.
HAPPENED = (
    (0, "p", "", "present", "", "lead"),  # who is there at the start has entered nothing
    (0, "a", "", "arrived", "", "lead"),
    (4, "a", "lead", "look", "look", "lead"),  # stays
    (5, "b", "", "referred", "", "lead"),
    (8, "a", "lead", "grow", "offer", "offer"),
    (9, "p", "lead", "grow", "offer", "offer"),
    (10, "c", "", "arrived", "", "lead"),
    (11, "p", "offer", "offer", "won", "won"),  # follows no entry into 'lead'
    (12, "a", "offer", "offer", "lead", "lead"),  # begins anew
    (14, "c", "lead", "grow", "offer", "offer"),
    (20, "c", "offer", "offer", "won", "won"),  # ends within the warm-up
    (22, "d", "", "arrived", "", "lead"),
    (23, "e", "", "arrived", "", "lead"),
    (24, "f", "", "arrived", "", "lead"),
    (30, "e", "lead", "grow", "lost", "lost"),  # gets on by 'lead' alone
    (31, "f", "lead", "grow", "offer", "offer"),
    (35, "a", "lead", "grow", "offer", "offer"),
    (37, "a", "offer", "offer", "won", "won"),  # 25 days after the last entry
    (38, "a", "won", "pause", "offer", "offer"),
    (40, "a", "offer", "offer", "won", "won"),  # follows no entry into 'lead' since the one before
    (45, "b", "lead", "grow", "offer", "offer"),
    (46, "a", "won", "pause", "offer", "offer"),
    (47, "a", "offer", "offer", "lead", "lead"),
    (50, "b", "offer", "offer", "won", "won"),
    (54, "b", "won", "renew", "renew", "won"),  # stays
    (57, "a", "lead", "grow", "offer", "offer"),
    (58, "a", "offer", "offer", "won", "won"),  # the same person's second
)


def log():
    columns = ["time", "person", "stage", "event", "outcome", "to"]
    rows = [(day * DAY, *rest) for day, *rest in HAPPENED]
    return pd.DataFrame(rows, columns=columns)


def worked(begins, ends):
    done, under_way = cycles(fs.loads(LEADS).journey(), log(), begins, ends)
    return [(person, began // DAY, ended // DAY) for person, began, ended in done], under_way


def test_cycles_are_those_worked_by_hand():
    done, under_way = worked("lead", "won")
    assert done == [("a", 12, 37), ("b", 5, 50), ("a", 47, 58)]
    assert under_way == 2  # d in 'lead', f in 'offer'; e comes back to 'lead' first


def test_the_same_stage_twice_is_the_time_from_entry_to_entry():
    assert worked("lead", "lead") == ([("a", 12, 47)], 6)  # from everywhere a way leads back


def test_who_stands_in_the_first_stage_is_under_way():
    assert worked("lost", "offer") == ([], 1)  # e


FIXED = """
name: Fixed
horizon: 3 months
channels: {mail: {batch: 4, every: 10 days, enters: lead}}
journey:
  lead: {role: prospect, after: 12 days, to: offer}
  offer: {role: prospect, after: 8 days, to: won}
  won: customer
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_fixed_times_add_up(engine):
    cycle = fs.cycle_length(fs.loads(FIXED), begins="lead", ends="won", replications=3, engine=engine)
    assert (cycle.mean.mean, cycle.mean.low, cycle.mean.high) == (20, 20, 20)
    assert (cycle.median.mean, cycle.p90.mean, cycle.quantile(0.01).mean) == (20, 20, 20)
    # batches from day 0 to 90 within 91.3 days; those until day 70 have won
    assert (cycle.cycles, cycle.n, cycle.under_way) == (3 * 4 * 8, 3 * 4 * 8, 3 * 4 * 2)
    assert cycle.mean.n == 3
    frame = cycle.frame()
    assert list(frame.columns) == ["replication", "person", "began", "ended", "days"]
    assert len(frame) == cycle.cycles
    assert (frame["days"] == 20).all()
    assert "24 cycles were under way at the horizon and are left out, which favours short ones" in str(cycle)


def test_a_warm_up_leaves_out_the_cycles_that_end_in_it():
    warm = fs.loads(FIXED.replace("channels", "warm_up: 1 month\nchannels"))
    cycle = fs.cycle_length(warm, begins="lead", ends="won", replications=2)
    assert cycle.frame()["ended"].min() == 40 * DAY  # a month has 30.4 days
    assert (cycle.cycles, cycle.under_way) == (2 * 4 * 6, 2 * 4 * 2)


VARIED = FIXED.replace("8 days", "{exponential: 8 days}").replace("3 months", "12 months")


def test_figures_are_of_all_cycles_of_all_replications_together():
    cycle = fs.cycle_length(fs.loads(VARIED), begins="lead", ends="won", replications=8, seed=3)
    days = cycle.frame()["days"]
    assert cycle.mean.mean == pytest.approx(days.mean())
    assert cycle.p90.mean == pytest.approx(np.quantile(days, 0.9))
    for one in (cycle.mean, cycle.median, cycle.p90):
        assert one.low < one.mean < one.high
        assert one.n == 8
    assert cycle.mean.low < 20 < cycle.mean.high
    assert cycle.median.low < 12 + 8 * np.log(2) < cycle.median.high
    assert cycle.frame().equals(
        fs.cycle_length(fs.loads(VARIED), begins="lead", ends="won", replications=8, seed=3).frame()
    )


def test_one_replication_has_no_interval():
    cycle = fs.cycle_length(fs.loads(VARIED), begins="lead", ends="won", replications=1)
    assert np.isnan([cycle.mean.low, cycle.median.low]).all()
    assert cycle.cycles > 100


def test_nobody_on_the_way_is_no_figure():
    cycle = fs.cycle_length(fs.loads(FIXED), begins="won", ends="lead", replications=2)
    assert np.isnan([cycle.mean.mean, cycle.median.mean]).all()
    assert (cycle.cycles, cycle.n, cycle.under_way) == (0, 0, 0)
    assert str(cycle).startswith("Nobody got from 'won' to 'lead'. No cycle was under way")


def test_what_cannot_be_answered_is_refused():
    model = fs.loads(FIXED)
    with pytest.raises(ExperimentError, match=r"'ofer' is no stage of 'Fixed'; did you mean 'offer'\?"):
        fs.cycle_length(model, begins="ofer", ends="won")
    with pytest.raises(ExperimentError, match="'wonn' is no stage"):
        fs.cycle_length(model, begins="lead", ends="wonn")
    with pytest.raises(ExperimentError, match="replications is 0: it takes a whole number from 1"):
        fs.cycle_length(model, begins="lead", ends="won", replications=0)
    with pytest.raises(ExperimentError, match="q is 90: it takes a number from 0 to 1"):
        fs.cycle_length(model, begins="lead", ends="won", replications=1).quantile(90)
    with pytest.raises(ExperimentError, match="has no argument 'strategy'; write strategies="):
        fs.cycle_length(model, begins="lead", ends="won", strategy="today")
    with pytest.raises(SimulationError, match="more than 5 people"):
        fs.cycle_length(model, begins="lead", ends="won", limits=Limits(max_people=5))


def test_progress_is_shown_where_asked_for(capsys):
    fs.cycle_length(fs.loads(FIXED), begins="lead", ends="won", replications=2, progress=True)
    assert "0/2" in capsys.readouterr().err
