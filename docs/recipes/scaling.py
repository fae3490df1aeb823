"""Figures of docs/scaling.md; speeds there are dated measurements."""

import flywheel_sim as fs
from recipes import Page
from recipes.wording import number

page = Page("scaling")


@page.making(2.3)
def funnel():
    return fs.replicate(fs.load("subscription"), strategies="funnel", replications=1000)


def customers(runs):
    """Return how many people of a run are ever customers."""
    return runs["acquisitions"].mean + 100


def a_billion(runs):
    """Return what a billion customers take."""
    events = runs.provenance.n_events / runs.n / customers(runs)
    return f"{number(1e3 / customers(runs), 2)} million runs, {number(events)} billion events"


page.figure(
    funnel,
    one_run=lambda runs: "{} events, {} people, of whom {}".format(
        number(runs.provenance.n_events / runs.n, -2), number(runs["people"].mean), number(customers(runs))
    ),
    a_billion=a_billion,
    for_each=lambda runs: number(1e6 / customers(runs), -1),
)
