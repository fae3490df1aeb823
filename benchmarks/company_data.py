"""A million orders of a shop, from CSV to rates: processor time and memory of reading, choosing and fitting.

Run as ``python benchmarks/company_data.py``; the file is made in a temporary folder, the same every time.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import flywheel_sim as fs
import numpy as np
import pandas as pd

ORDERS, CUSTOMERS, DAYS = 1_000_000, 200_000, 730


def shop(path):
    """Write the orders of customers who buy at a pace of their own until they leave, in order of time."""
    luck = np.random.default_rng(1)
    start = luck.integers(0, DAYS - 30, CUSTOMERS)
    pace, leaving = luck.gamma(0.8, 2.6 / 12, CUSTOMERS) / 7, luck.gamma(0.9, 1 / 20, CUSTOMERS) / 7
    there = np.minimum(DAYS - start, luck.exponential(1 / leaving))
    later = luck.poisson(pace * there)
    again = np.repeat(np.arange(CUSTOMERS), later)
    who = np.concatenate([np.arange(CUSTOMERS), again])
    when = np.concatenate([start + luck.random(CUSTOMERS), start[again] + luck.random(len(again)) * there[again]])
    kept = np.sort(luck.permutation(len(who))[:ORDERS])
    kept = kept[np.argsort(when[kept])]
    who, when = who[kept], np.minimum(when[kept], DAYS - 0.01)
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta((when * 86_400).astype(int), unit="s")
    table = {"order_id": np.arange(len(who)), "customer_id": [f"cus_{one:07d}" for one in who],
             "created_at": stamps.strftime("%Y-%m-%d %H:%M:%S"), "status": "paid",
             "amount": np.round(luck.gamma(4, 10, len(who)), 2)}  # fmt: skip
    pd.DataFrame(table).to_csv(path, index=False)
    return len(who)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        rows = shop(path)
        begun = time.process_time()
        orders = fs.read_orders(path)
        read = time.process_time()
        fit = fs.fit(orders, model=sys.argv[1] if len(sys.argv) > 1 else None, progress=False)
        done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{rows:,} rows: read {read - begun:.1f} s, chosen and fitted {done - read:.1f} s of processor time, "
          f"{done - begun:.1f} s in all; peak {peak:.2f} GiB with the making of the file; {fit.label}")  # fmt: skip


if __name__ == "__main__":
    main()
