"""Small real data with where they come from: to hold simulated people against, and to set rates by.

Every function returns a new data frame.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cdnow", "subscription_survival"]


def cdnow() -> pd.DataFrame:
    """Return every purchase of 2,357 customers of CDNOW, an online music shop, from 1997-01-01 to 1998-06-30.

    All of them first bought in the first quarter of 1997. Columns: customer_id (text), date, units (albums),
    amount_usd. There is one row a purchase, 6,919 in all. Purchases of one customer on one day are usually taken as
    one, as `flywheel_sim.ladder_of` does; that leaves 2,457 repeat purchases until 1997-09-30, by which models are
    usually set, and 1,882 after.

    Source: the public 1/10 sample of the CDNOW set (Fader and Hardie 2001, Interfaces 31, S94 to S107,
    doi:10.1287/inte.31.3s.94.9683), as shipped in the MIT-licensed package lifetimes 0.11.3.
    """
    return _read("cdnow_transactions.csv", dtype={"customer_id": str}, parse_dates=["date"])


def subscription_survival() -> pd.DataFrame:
    """Return how many of the "Regular" segment of a subscription's customers are left after 0 to 12 years.

    Columns: segment, year, survivors_pct (% of those who began).

    Source: Fader and Hardie 2007, How to project customer retention, Journal of Interactive Marketing 21, 76 to 90,
    doi:10.1002/dir.20074.
    """
    return _read("subscription_survival.csv")


def _read(name: str, **how: Any) -> pd.DataFrame:
    import pandas as pd

    with (files(__name__) / name).open(encoding="utf-8") as file:
        table: pd.DataFrame = pd.read_csv(file, **how)
    return table
