"""Funnels whose columns are all steps, and exports with breakdowns whose groups share people."""

import pandas as pd
import pytest

import flywheel_sim as fs


@pytest.mark.parametrize("first", ["Visitors", "Sessions", "Users", "Visits"])
@pytest.mark.parametrize("last", ["Customers", "Paid", "purchase"])
def test_every_column_of_people_is_a_step(first, last):
    table = pd.DataFrame({"Month": ["2024-01", "2024-02"], first: [10_000, 11_000], "Signups": [1000, 1100],
                          last: [50, 55], "Revenue": [5000, 5500], "Ad cost": [10, 20]})  # fmt: skip
    funnel = fs.read_funnel(table)
    counts = funnel.rows.groupby("step", observed=True)["count"].sum()
    assert counts.to_dict() == {first: 21_000, "Signups": 2100, last: 105}
    assert "'Revenue' and 'Ad cost' are no step" in str(funnel)


def segments(*names):
    return pd.DataFrame([
        (f"{at}. {step}", name, count, "50%") for name in names
        for at, (step, count) in enumerate((("start", 100), ("buy", 10)), 1)
    ], columns=["Step", "Segment", "Active users", "Completion rate"])  # fmt: skip


def test_segments_share_people_and_are_not_added_up():
    funnel = fs.read_funnel(segments("All Users", "Paid traffic", "Mobile traffic"))
    assert funnel.rows["count"].tolist() == [100, 10]
    assert "a segment, whose people stand" in str(funnel)
    assert fs.read_funnel(segments("Paid traffic")).rows["count"].tolist() == [100, 10]
    with pytest.raises(fs.DataError, match="2 segments, which share people"):
        fs.read_funnel(segments("Paid traffic", "Mobile traffic"))


def test_a_row_of_totals_is_no_period():
    table = pd.DataFrame({"Month": ["2024-01", "2024-02", "Total"], "Visitors": [10, 11, 21], "Paid": [5, 6, 11]})
    funnel = fs.read_funnel(table)
    assert funnel.rows.groupby("step", observed=True)["count"].sum().tolist() == [21, 11]
    assert "a total" in str(funnel)
