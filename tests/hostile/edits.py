"""One-problem texts: a good journey with one place changed, and the one problem that must be found there."""

import re

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.load import loads


def edited(base, old, new):
    """Return a base text with one place changed."""
    assert base.count(old) == 1, f"{old!r} stands {base.count(old)} times in the base text"
    return base.replace(old, new)


def problems_of(text):
    """Return the problems for which a text is refused."""
    with pytest.raises(ConfigError) as caught:
        loads(text, "shop.yaml")
    return caught.value.problems


def check_refused(base, case):
    """Check that a case is refused for one problem, with its place, value, rule and remedy."""
    _, old, new, place, path, value, rule, remedy = case
    (problem,) = problems_of(edited(base, old, new))
    assert f"{problem.line}:{problem.column}" == place
    assert (problem.path, problem.value) == (path, value)
    assert rule in problem.rule
    assert remedy in problem.remedy
    assert str(problem).startswith(f"shop.yaml:{place}")


def check_column(base, case):
    """Check that the column points at the value of the problem, or at its key."""
    _, old, new, _, path, value, _, _ = case
    text = edited(base, old, new)
    (problem,) = problems_of(text)
    here = text.splitlines()[problem.line - 1][problem.column - 1 :]
    missing = "required" in problem.rule or "missing" in problem.rule or problem.rule.startswith("spend needs")
    if value and not value.startswith(("tag:", "!")):
        assert here.lstrip("'\"").startswith((value, path.split(".")[-1]))
    elif path and not missing and "stands beside" not in problem.rule:
        *around, last = path.split(".")
        steps = [*(step for step in around if not step.isdigit()), last, ".".join((*around[-1:], last))]
        assert here.startswith((*steps, "&", "*", "!")) or re.match(r"[\[{'?]", here)
