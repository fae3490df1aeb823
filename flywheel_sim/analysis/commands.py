"""What a question's command is: data that the command line parses, runs, prints and writes. Nothing here does either.

A command names its verb, whose defaults are those of its options. Options of all commands (replications, seed, the
folder, limits and the like) belong to the runner and are not repeated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flywheel_sim.analysis import registry
from flywheel_sim.errors import ConfigError, ExperimentError, Problem

#: What a verb takes in ``**how``: the words of `experiment.asking.How`, which is not loaded for ``--help``.
HOW = ("seed", "workers", "executor", "progress", "engine", "limits")

#: What one that can be gone on with takes beside these.
STORED = ("store", "resume")

#: The default of an option whose default is that of the verb's argument of the same name.
OF_THE_VERB = object()


@dataclass(frozen=True)
class Option:
    """An option of one command.

    Attributes
    ----------
    name
        Of the argument it gives.
    about
        What it is, for ``--help``.
    kind
        The type of its value; a ``bool`` is a switch.
    many
        Whether it may be given several times.
    flag, metavar
        How it is written where that is not ``--name``, and what stands for its value in ``--help``.
    least
        The smallest whole number it takes.
    required
        Whether it has to be given.
    positional
        Whether it is written without a flag, after the journey.
    commas
        Whether several may be given at once, with commas between.
    model
        Whether it is a journey, changed as the first one is.
    default
        Its default, where that is not the verb's.
    """

    name: str
    about: str
    kind: type = str
    many: bool = False
    flag: str = ""
    metavar: str = ""
    least: int | None = None
    required: bool = False
    positional: bool = False
    commas: bool = False
    model: bool = False
    default: Any = OF_THE_VERB


STRATEGIES = Option("strategies", "Strategies of the file, with commas.", many=True, flag="--strategies", commas=True,
                    metavar="NAME,...")  # fmt: skip
#: Of commands whose verbs have defaults of their own.
REPLICATIONS = Option("replications", "How many of everything that is run.", int, least=1, default=None)
STORE = Option("store", "A file in which everything finished is safe.", Path)
RESUME = Option("resume", "Go on with the store where it stopped.", bool, flag="--resume", default=False)
PRECISION = Option("precision", "Until this precise, such as profit=1%; repeatable.", many=True, flag="--precision",
                   metavar="METRIC=SIZE")  # fmt: skip
AT_MOST = Option("at_most", "With --precision: replications at the latest; 10,000 unless given.", int)


@dataclass(frozen=True)
class Step:
    """One thing a command runs: its name, what is said before it begins, and the call that answers."""

    name: str
    says: str
    call: Callable[[], Any]


#: How a command that is more than its verb goes about it: the model, what was asked, and how to run, to its steps.
Ask = Callable[[Any, Mapping[str, Any], dict[str, Any]], Iterator[Step]]


@dataclass(frozen=True)
class Command:
    """A command of the command line.

    Attributes
    ----------
    name, about
        Of the command, and what it does.
    verb
        The public name whose defaults hold, and which is called unless there is an ``ask``.
    runs
        The public name that runs the journey, where that is another than the verb.
    says
        What is said before it runs; words in braces are what was asked.
    options
        Its own ones.
    ask
        How it goes about it, where it is more than one call.
    place
        Where it stands in ``--help``; those of one place by name.
    """

    name: str
    about: str
    verb: str
    says: str = ""
    options: tuple[Option, ...] = ()
    ask: Ask | None = None
    runs: str = ""
    place: int = 100


def commands() -> list[Command]:
    """Return the commands of all questions, in the order of ``--help``."""
    parts = [registry.part_of(folder, "command") for folder in registry.questions()]
    return sorted((one for part in parts if part for one in part.COMMANDS), key=lambda one: (one.place, one.name))


def default_of_option(command: Command, option: Option) -> Any:
    """Return the default of an option: that of its verb's argument, read from the source so that nothing is loaded."""
    return default_of(command.verb, option.name) if option.default is OF_THE_VERB else option.default


def default_of(verb: str, argument: str) -> Any:
    """Return the default of a verb's argument, None where it has none."""
    return _defaults(registry.names()[verb], verb).get(argument)


def arguments_of(command: Command) -> dict[str, Any]:
    """Return the arguments of what runs a command, with their defaults; None where there is none."""
    name = command.runs or command.verb
    return _defaults(registry.names()[name], name)


@cache
def _defaults(home: str, name: str) -> dict[str, Any]:
    """Return the defaults of a function's arguments."""
    tree = _tree(home)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    given = function.args
    last = given.args[len(given.args) - len(given.defaults) :]
    pairs = [*zip(last, given.defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    defaults = {one.arg: _constant(home, value) for one, value in pairs if value is not None}
    if given.kwarg is None or given.kwarg.arg != "how" or given.kwarg.annotation is None:
        return defaults
    return defaults | dict.fromkeys(HOW + STORED * ("HowStored" in ast.unparse(given.kwarg.annotation)))


def _constant(home: str, node: ast.expr) -> Any:
    """Return a literal, or the literal that a constant of the module or of one it imports from stands for."""
    if not isinstance(node, ast.Name):
        return ast.literal_eval(node)
    for one in _tree(home).body:
        if isinstance(one, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets):
            return _constant(home, one.value)
        if isinstance(one, ast.ImportFrom) and any(alias.name == node.id for alias in one.names):
            return _constant(str(one.module).removeprefix("flywheel_sim."), node)
    raise LookupError(f"{home} has no constant {node.id}")


@cache
def _tree(home: str) -> ast.Module:
    """Return the source of a module of the package, parsed."""
    spec = find_spec(f"flywheel_sim.{home}")
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


# -- values as they are written on a command line -----------------------------------------------------


def pair(item: str, option: str, shape: str, example: str) -> tuple[str, str]:
    """Return the two sides of an option such as ``RATE=VALUE``.

    Raises
    ------
    ConfigError
        If it has no two sides.
    """
    name, equals, value = item.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise ConfigError([Problem(option, 0, 0, "", item, f"not {shape}", f"write {option} '{example}'")])
    return name.strip(), value.strip()


#: Flags that are called otherwise today, of commands that have the new one; of one command alone with its name before.
FORMER_FLAGS = {
    "--strategy": "--strategies",
    "--metrics": "--of",
    "--vary": "--values",
    "--change": "--values",
    "--between": "--values",
    "--and": "--over, once for each rate",
    "--and-between": "--values, once for each --over",
    "sweep --points": "--table",
    "sobol --points": "--n",
    "sobol --range": "--values",
    "sobol --rates": "--over",
    "capacity --resource": "--over",
    "capacity --people": "--values",
    "abtest --attribute": "--over",
    "abtest --arms": "--values",
    "allocate --place": "--over",
    "claims --retention": "--over",
    "retention --stage": "--of",
    "ladder --purchases": "--of",
}


def listed(text: str | None) -> list[str] | None:
    """Return the names that ``a, b`` says."""
    return None if text is None else [name.strip() for name in text.split(",")]


def how_often(asked: Mapping[str, Any], how: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return how often to run as `replicate` takes it, and in words; takes the replications out of how to run.

    Raises
    ------
    ExperimentError
        If a precision cannot be read.
    """
    replications, precision, at_most = how.pop("replications"), asked["precision"], asked["at_most"]
    if not precision:
        count = 100 if replications is None else replications
        return {"replications": replications, "at_most": at_most}, f"{count:,} replications"
    sizes: dict[str, str] = {}
    for item in precision:
        name, equals, size = (part.strip() for part in item.partition("="))
        if not (equals and name and size) or name in sizes:
            rule = "is said twice" if name in sizes else "is not METRIC=SIZE"
            raise ExperimentError(f"--precision '{item}': {rule}; write --precision 'profit=1%' once for each metric")
        sizes[name] = size
    words = f"replications until {', '.join(f'{name} is known to {size}' for name, size in sizes.items())}"
    return {"replications": replications, "precision": sizes, "at_most": at_most}, words
