"""Warnings with figures: periods that were mixed up."""

import pytest

import flywheel_sim as fs
from flywheel_sim.experiment.warnings import churn_in_words

FILE = """
name: Stays
horizon: 24 months
follow: 6 months
currency: EUR
rates:
  stays: 96 % per month
channels:
  ads: {batch: 400, enters: client}
journey:
  client:
    role: customer
    events:
      renewal: {every: 1 month, to: {stay: {chance: stays, earn: {fee: 20 per month}}, gone: rest}}
  gone: exit
"""


def runs(stays):
    return fs.replicate(fs.loads(FILE).with_(stays=stays), replications=20, seed=1)


def test_churn_per_month_is_not_a_twelfth_of_that_per_year():
    members = runs("96 % per month")
    churn = 1 - members["observed_retention"].mean / 100
    assert churn == pytest.approx(0.04, abs=0.003)
    said = churn_in_words(members.books)
    assert f"{100 * churn:.3g} % per month" in said
    assert f"{100 * (1 - (1 - churn) ** 12):.3g} % per year" in said
    assert f"({1200 * churn:.3g} %)" in said
    assert members.warnings() == []


def test_a_yearly_figure_written_per_month_is_warned_of():
    (text,) = runs("55 % per month").warnings()
    assert "a churn per year was written as one per month" in text
    assert "stay 2.2 months on average" in text


def test_a_monthly_figure_written_per_year_is_warned_of():
    (text,) = runs("96 % kept per year").warnings()
    assert "a churn per month was written as one per year" in text
    assert "years on average" in text


def test_where_nobody_leaves_there_is_nothing_to_say():
    members = runs("100 % per month")
    assert churn_in_words(members.books) == ""
    assert members.warnings() == []
