"""The rules of the house: imports point down, rooms stay small, libraries keep quiet, assumptions give reasons."""

import ast
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from flywheel_sim.analysis import registry
from flywheel_sim.analysis.compare.result import compare
from flywheel_sim.scenario.describe import assumptions
from flywheel_sim.scenario.load import load, shipped

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "flywheel_sim"
FLOORS = (
    "version", "texts", "near", "errors", "writing", "spreadsheets", "arguments", "stats", "figure_table",
    "wording", "datasets", "journey", "result", "scenario", "compile", "ledger", "engine", "metrics", "experiment",
    "drawing", "data", "calibration", "analysis", "charts", "report", "cli",
)  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """Return the dotted name of a file below the package, '' for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def imported(tree):
    """Return everything a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms(module):
    """Return the modules of the package that a module imports."""
    reached = set()
    for name in imported(MODULES[module]):
        head, _, inner = name.partition(".")
        if head != "flywheel_sim" or inner == "__version__":
            continue
        room = next((part for part in (inner, inner.rpartition(".")[0]) if part in MODULES), None)
        assert room, f"{module or 'flywheel_sim'} imports {name}, which is in no room"
        reached.add(room)
    return reached


GRAPH = {module: rooms(module) for module in MODULES if module}


def test_every_room_is_on_a_floor():
    assert {module.split(".")[0] for module in GRAPH} == set(FLOORS)
    assert sum(len(reached) for reached in GRAPH.values()) > 50


@pytest.mark.parametrize("module", GRAPH)
def test_imports_point_down(module):
    floor = FLOORS.index(module.split(".")[0])
    above = [room for room in GRAPH[module] if FLOORS.index(room.split(".")[0]) > floor]
    assert not above, f"{module} imports from above: {above}"


def test_no_room_is_reached_from_itself():
    try:
        tuple(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def folders():
    """Return every folder with modules, with its modules' paths."""
    return {
        folder: [path for path in folder.glob("*.py") if path.stem != "__init__"]
        for folder in sorted({path.parent for path in FILES})
    }


@pytest.mark.parametrize("folder", folders(), ids=lambda path: str(path.relative_to(PACKAGE.parent)))
def test_a_folder_holds_at_most_20_modules_and_no_family_of_four(folder):
    names = [path.stem for path in folders()[folder]]
    assert len(names) <= 20
    families = Counter(name.split("_")[0] for name in names if "_" in name)
    assert {family: count for family, count in families.items() if count >= 4} == {}


def test_no_two_classes_share_a_name():
    names = Counter(node.name for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} == set()


#: Files that every question may have.
ROLES = ("charts", "section", "command", "result", "__init__")


@pytest.mark.parametrize("room", [path.name for path in sorted(PACKAGE.iterdir()) if path.is_dir()])
def test_no_two_files_of_a_room_share_a_name(room):
    names = Counter(path.stem for path in (PACKAGE / room).rglob("*.py") if path.stem not in ROLES)
    assert {name for name, count in names.items() if count > 1} == set()


QUESTIONS = [name for name, one in registry.questions().items() if one.verbs or one.results]


def inside(folder):
    """Return the modules of a question, by their dotted name."""
    return [module for module in GRAPH if f"{module}.".startswith(f"analysis.{folder}.")]


@pytest.mark.parametrize("folder", QUESTIONS)
def test_questions_do_not_import_one_another(folder):
    others = {f"analysis.{name}" for name in QUESTIONS if name != folder}
    for module in inside(folder):
        met = {other for other in GRAPH[module] if ".".join(other.split(".")[:2]) in others}
        assert met == set(), f"{module} imports {met}: what two questions need belongs to a room below them"


#: What each file of a question may not import of it: results know no charts, charts no sections, commands neither.
ABOVE = {
    "": {"charts", "section", "command"},
    "charts": {"section", "command"},
    "section": {"command"},
    "command": {"charts", "section"},
}


@pytest.mark.parametrize("folder", QUESTIONS)
def test_order_within_a_question(folder):
    for module in inside(folder):
        role = next((part for part in module.split(".")[2:] if part in ABOVE), "")
        met = {other for other in GRAPH[module] if other.startswith(f"analysis.{folder}.")}
        assert [other for other in met if other.split(".")[2] in ABOVE[role]] == [], module


@pytest.mark.parametrize("module", [m for m in GRAPH if not m.startswith("cli")])
def test_only_the_command_line_knows_its_library(module):
    assert "typer" not in {name.split(".")[0] for name in imported(MODULES[module])}


@pytest.mark.parametrize("module", GRAPH)
def test_no_private_name_is_used_across_rooms(module):
    taken = [name for name in imported(MODULES[module]) if name.startswith("flywheel_sim.") and "._" in name]
    taken = [name for name in taken if not name.rpartition(".")[2].startswith("__")]
    rooms_here = {
        alias.asname or alias.name
        for node in ast.walk(MODULES[module]) if isinstance(node, ast.ImportFrom)
        for alias in node.names if f"{node.module}.{alias.name}".removeprefix("flywheel_sim.") in MODULES
    }  # fmt: skip
    asked = [
        ast.unparse(node) for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms_here
        and node.attr.startswith("_") and not node.attr.startswith("__")
    ]  # fmt: skip
    assert taken + asked == []


#: Functions of more than 60 lines, and why each is one.
LONG = {
    "analysis.ab_test.arms.ab_test": "sixteen arguments, each with its unit and what it means; 27 lines of body",
    "data.orders.read_orders": "thirteen arguments, which the other readers share and refer to; 11 lines of body",
}


def test_functions_stay_short():
    lengths = {
        f"{module}.{node.name}": node.end_lineno - node.lineno + 1
        for module, tree in MODULES.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    }  # fmt: skip
    assert {name: lines for name, lines in lengths.items() if lines > 60 and name not in LONG} == {}
    assert [name for name in LONG if lengths[name] <= 60] == [], "no longer long: take them off the list"
    assert len(LONG) <= 12


def test_there_is_no_drawer_for_odds_and_ends():
    names = {path.stem for path in FILES}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


def uses(module, *names):
    """Return where a module uses one of these dotted names."""
    return [
        f"{module}:{node.lineno} {ast.unparse(node)}" for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in names
    ]  # fmt: skip


@pytest.mark.parametrize("module", [m for m in GRAPH if not m.startswith("cli")])
def test_libraries_never_print(module):
    assert uses(module, "print", "sys.stdout", "sys.stderr", "sys.exit") == []


@pytest.mark.parametrize("module", GRAPH)
def test_there_is_no_random_state_but_the_keyed_draws(module):
    allowed = {"data.people": {"secrets"}}  # tokens that nobody can foresee, and on which no figure depends
    drawn = {"random", "secrets"} & {name.split(".")[0] for name in imported(MODULES[module])}
    assert drawn == allowed.get(module, set())
    assert uses(module, "np.random", "numpy.random") == []


def test_only_charts_draw():
    drawing = {module for module in GRAPH if any(n.startswith("matplotlib") for n in imported(MODULES[module]))}
    assert drawing
    assert [module for module in drawing if not {"charts", "drawing"} & set(module.split("."))] == []


def test_importing_the_package_imports_nothing_heavy():
    code = """
import sys, flywheel_sim
assert "replicate" in dir(flywheel_sim)
print(sorted({"numpy", "pandas", "numba", "scipy", "matplotlib", "pydantic"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_public_name_is_there():
    import flywheel_sim as fs

    assert all(getattr(fs, name) is not None for name in fs.__all__)
    assert set(fs.__all__) == {*fs.BASE, *registry.names(), *fs.MODULES}
    said = [word.strip(",.") for word in fs.__doc__.split()]
    assert [name for name in fs.__all__ if said.count(name) != 1] == [], "in one group of the docstring each"
    with pytest.raises(AttributeError, match="'replicat'"):
        fs.replicat  # noqa: B018


# -- the shipped journeys ---------------------------------------------------------------------------


def test_every_file_among_the_configs_is_shipped():
    assert sorted(shipped()) == sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
    assert {"subscription", "ad_campaign"} <= set(shipped())


@pytest.mark.parametrize("name", shipped())
def test_every_named_rate_that_ships_says_why(name):
    model = load(name)
    for strategy in (None, *model.strategies):
        assert strategy in model.matched or model.journey(strategy)
        assert [one.name for one in assumptions(model, strategy) if len(one.why) < 10] == []


def test_funnel_and_flywheel_spend_the_same():
    duel = compare(load("subscription"), strategies=["funnel", "flywheel"], replications=12)
    assert abs(duel.spend_gap()) <= 0.01


# -- the repository ---------------------------------------------------------------------------------

#: In two parts each, so that this file may stand among those it looks through.
ADDRESSES = tuple("".join(parts) for parts in (
    ("pypi", ".org"), ("files.python", "hosted"), ("/wo", "rk/"), ("../sha", "red"),
))  # fmt: skip


def test_no_file_names_an_address_of_the_place_it_was_made_in():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert len(paths) > 30
    places = [
        f"{path.relative_to(ROOT)}: {address}" for path in paths for address in ADDRESSES
        if address in path.read_text(encoding="utf-8", errors="ignore")
    ]  # fmt: skip
    assert places == []
