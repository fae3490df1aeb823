"""What is laid over a file: a strategy, what was changed in code, the spends that were solved for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flywheel_sim.errors import Problem
from flywheel_sim.journey.units import parse
from flywheel_sim.scenario.source.overlay import merge
from flywheel_sim.scenario.source.strategy import Choices, apply_strategy, leave_out, lever_spend
from flywheel_sim.scenario.source.tree import IN_CODE, Path_, Raw, Tree, tree_of

#: Decimals of a solved spend.
DIGITS = 4


def layered(
    tree: Tree,
    strategy: str,
    problems: list[Problem],
    *,
    left_out: Iterable[str],
    changes: Iterable[tuple[str, Raw]],
    solved: float | None,
) -> tuple[Tree, Choices]:
    """Return a file with everything laid over it, and the choices that are no part of a file.

    Parameters
    ----------
    tree
        The file.
    strategy
        One of its strategies; "" for none.
    problems
        Takes what cannot be laid over the file, or left out.
    left_out
        What is left out in addition to what the strategy leaves out.
    changes
        Values laid over dotted paths, in order.
    solved
        The solved spend of the strategy where it is matched: currency a month for a channel, the figure in the
        unit of its own spend for a lever. None where it is not solved for.

    Raises
    ------
    ConfigError
        If a change says how a rate changes and there is nothing it can change.
    """
    merged, choices = apply_strategy(tree, strategy, problems) if strategy else (tree, Choices())
    choices.base = tree
    for name in left_out:
        leave_out(Tree({}), merged, name, ("without",), choices, problems)
    for path, value in changes:
        steps = tuple(path.split("."))
        if steps[0] == "levers":
            spend = lever_spend(merged, value, merged.at(steps[:2]), steps, problems)
            if spend is not None and steps[1] not in choices.levers:
                choices.spends[steps[1]] = spend
            continue
        merged = _with_value(merged, steps, value)
    if choices.matched and solved is not None:
        kind, name = choices.matched
        if kind == "channel":
            merged = _with_value(merged, ("channels", name, "spend"), f"{solved:.{DIGITS}f} per month")
        else:
            old_spend = parse(merged.at(("levers", name, "spend")))
            text = f"{solved:.{DIGITS}f} {old_spend.text.partition(' ')[2]}"
            choices.spends[name] = replace(old_spend, number=solved, text=text)
    return merged, choices


def with_spends(tree: Tree, spends: Iterable[tuple[str, tuple[str, str], str]]) -> Tree:
    """Return a file whose strategies state spends instead of matching them.

    Parameters
    ----------
    tree
        The file.
    spends
        For each strategy its name, what is matched (``channel`` or ``lever``, and its name), and the spend as text.
    """
    strategies = dict(tree.root.get("strategies") or {})
    for strategy, (kind, name), text in spends:
        stated = {
            key: figure for key, figure in (strategies[strategy].get("spend") or {}).items() if figure != "matched"
        }
        strategies[strategy] = strategies[strategy] | {"spend": stated | {f"{kind}.{name}": text}}
    return merge(tree, tree_of({"strategies": strategies}, "<budgets that have been decided on>"))


def _with_value(tree: Tree, path: Path_, value: Raw) -> Tree:
    """Return the file with a value laid over what stands at a path."""
    nested: Raw = value
    for key in reversed(path):
        nested = {key: nested}
    return merge(tree, tree_of(nested, IN_CODE))
