"""What a file holds, told by its columns, and reading it as that."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from flywheel_sim.data.funnel import read_funnel
from flywheel_sim.data.orders import read_orders
from flywheel_sim.data.pipeline import read_pipeline
from flywheel_sim.data.records import Records
from flywheel_sim.data.source.columns import export_of, squeezed, without_units
from flywheel_sim.data.source.exports import ROLES
from flywheel_sim.data.source.opened import Opened, refused
from flywheel_sim.data.source.opening import opened
from flywheel_sim.data.spend import read_spend
from flywheel_sim.data.subscriptions import read_subscriptions
from flywheel_sim.data.survivors import is_age, read_survivors
from flywheel_sim.errors import ExperimentError, nearest

#: What reads each kind of records.
READERS: dict[str, Callable[..., Records]] = {
    "orders": read_orders,
    "subscriptions": read_subscriptions,
    "pipeline": read_pipeline,
    "funnel": read_funnel,
    "spend": read_spend,
    "survivors": read_survivors,
}

#: Roles whose columns tell a plain table, the surest kinds first; and a role whose column says that it is none.
_TOLD = (
    ("survivors", ("age", "survivors"), "customer"),
    ("funnel", ("step", "count"), "customer"),
    ("pipeline", ("lead", "stage", "entered"), "amount"),
    ("spend", ("channel", "spend", "period"), "customer"),
    ("subscriptions", ("customer", "start"), "time"),
    ("subscriptions", ("customer", "start", "end"), ""),
    ("subscriptions", ("customer", "event", "time"), ""),
    ("orders", ("customer", "time"), ""),
)


def kind_of(table: Opened, stated: dict[str, Any] | None = None) -> str:
    """Return what a table holds.

    Raises
    ------
    DataError
        If its columns do not tell.
    """
    if not stated:
        table.need_headings("orders", ("customer", "time", "amount"))
    for kind in READERS:
        if export_of(table.names, kind):
            return kind
    ages = sum(1 for name in table.names if is_age(name))
    there = {squeezed(name) for name in table.names} | {without_units(name) for name in table.names}

    def has(kind: str, role: str) -> bool:
        known = {"customer": "orders", "amount": "orders"}.get(role, kind)
        if role == "time" and kind == "subscriptions":
            known = "orders"
        return role in (stated or {}) or bool(there & set(map(squeezed, ROLES[known][role].headings)))

    for kind, roles, none in _TOLD:
        if all(has(kind, role) for role in roles) and not (none and has(kind, none)):
            return kind
    if ages >= 2 and ages >= len(table.names) - 2 and not has("survivors", "customer"):
        return "survivors"
    raise refused(
        table.file,
        f"its columns do not tell what it holds: {table.listed}",
        f"say which: kind='orders', or {', '.join(list(READERS)[1:])}",
    )


def read(source: Any, kind: str | None = None, **how: Any) -> Records:
    """Read a file as what it holds, or as what is said; arguments are those of the reader, as far as they are given.

    Raises
    ------
    DataError
        As the reader does.
    ExperimentError
        If there is no such kind, or its reader has no such argument.
    """
    how = {name: value for name, value in how.items() if value is not None}
    if kind is None:
        kind = kind_of(opened(source, how.get("sheet")), how.get("columns"))
    if kind not in READERS:
        raise ExperimentError(f"'{kind}' is no kind of records; {nearest(kind, READERS)}")
    known = inspect.signature(READERS[kind]).parameters
    if strange := [name for name in how if name not in known]:
        listed = ", ".join(name for name in known if name != "source")
        raise ExperimentError(f"{kind} are read without {strange[0]}; what can be said of them is {listed}")
    return READERS[kind](source, **how)
