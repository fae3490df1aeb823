"""Every public verb and result shows itself in its docstring, and what it shows is true."""

import doctest
import inspect

import pytest

import flywheel_sim as fs

#: Public names that are no verbs and no results: errors say what is wrong, modules have pages of their own.
NAMES = sorted(
    name for name in fs.__all__
    if name not in fs.MODULES and not (inspect.isclass(getattr(fs, name)) and issubclass(getattr(fs, name), Exception))
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_an_example_that_holds(name):
    shown = getattr(fs, name)
    own = inspect.unwrap(shown) if inspect.isfunction(shown) else shown
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    example = parser.get_doctest(own.__doc__ or "", {}, name, None, 0)
    assert example.examples, f"{name} shows no example"
    said: list[str] = []
    assert runner.run(example, out=said.append).failed == 0, "".join(said)
