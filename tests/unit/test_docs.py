"""The documents say what the package does: their examples load, their tables are its own."""

import re
from pathlib import Path

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.journey.journey import BUILT_IN, REFERRER
from flywheel_sim.metrics import registry
from flywheel_sim.scenario.load import Scenario, load, loads
from flywheel_sim.scenario.resolve.resolver import RESERVED_OWNERS
from flywheel_sim.scenario.source import schema, values
from flywheel_sim.scenario.source.overlay import merge
from flywheel_sim.scenario.source.yaml_text import read_text

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/journey.md")
JOURNEY = (ROOT / "docs/journey.md").read_text(encoding="utf-8")

#: A fenced block of YAML, with the comment above it that says what it is.
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*?) -->\n)?```yaml\n(?P<text>.*?)\n```", re.DOTALL)

#: What fragments are laid over; stages and channels that a fragment names, it replaces.
BASE = """\
name: Base
horizon: 12 months
currency: EUR
attributes:
  plan: [basic, premium]
  satisfaction: {detractor: 15 %, passive: 55 %, promoter: 30 %}
channels:
  search_ads: {spend: 1000 per month, cost_per_arrival: 20, enters: visitor}
journey:
  visitor: {role: prospect, after: 3 days, to: {client: 20 %, gone: rest}}
  client: {role: customer, after: 0.05 per month, to: gone}
  gone: exit
"""


def blocks(page):
    """Return the YAML blocks of a page as (mark, text)."""
    text = (ROOT / page).read_text(encoding="utf-8")
    marked = [(block["mark"] or "", block["text"] + "\n") for block in BLOCK.finditer(text)]
    assert len(marked) == text.count("```yaml"), "a block of YAML is not fenced as the others are"
    return marked


def examples(*kinds):
    """Return every block of the pages whose mark is of one of these kinds."""
    return [
        pytest.param(mark.partition(": ")[2], text, id=f"{page}-{number}")
        for page in PAGES
        for number, (mark, text) in enumerate(blocks(page), 1)
        if mark.partition(": ")[0] in kinds
    ]


def code_of(text):
    """Return what a page writes as code: fenced blocks and code spans."""
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*fenced, *spans])


def rows_of(page, heading):
    """Return the cells of the first table after a heading, row by row, without its head."""
    lines = (ROOT / page).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_yaml_is_of_a_known_kind(page):
    kinds = {mark.partition(": ")[0] for mark, _ in blocks(page)}
    assert kinds <= {"", "fragment", "file", "malformed"}


@pytest.mark.parametrize(("_", "text"), examples(""))
def test_a_complete_journey_loads(_, text):
    assert loads(text).journey().stages


@pytest.mark.parametrize(("about", "text"), examples("fragment"))
def test_a_fragment_loads_inside_a_small_journey(about, text):
    fragment, base = read_text(text, about), read_text(BASE, "<base>")
    for section in ("channels", "journey"):
        for name in fragment.root.get(section, {}):
            base.root[section].pop(name, None)
    scenario = Scenario(merge(base, fragment))
    scenario.check()
    assert scenario.journey().stages


def test_files_that_extend_each_other_load(tmp_path):
    files = [(one.values[0], one.values[1]) for one in examples("file")]
    assert files
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    journeys = {name: load(tmp_path / name).journey() for name, _ in files}
    price = next(e for e in journeys["france.yaml"].stage("client").events if e.name == "bill").effects.money[0].value
    assert price.cells == pytest.approx((18e6, 27e6))
    assert [channel.name for channel in journeys["france.yaml"].channels] == ["ads"]


def test_a_malformed_file_is_refused_in_the_words_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"<!-- malformed: (\S+) -->\n```yaml\n(.*?)```.*?```text\n(.*?)```", JOURNEY, re.DOTALL)
    assert len(shown) == len(examples("malformed")) >= 1
    for name, text, message in shown:
        Path(name).write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as refused:
            load(name)
        assert str(refused.value) == message.strip()


def test_the_family_moves_as_the_page_says():
    fragment = next(text for mark, text in blocks("docs/journey.md") if mark == "fragment: rates")
    rates = re.search(r"  retention:\n(?:    .*\n)+", fragment)[0]
    held = BASE.replace("channels:", f"rates:\n{rates}channels:", 1)
    held = held.replace("after: 0.05 per month, to: gone", "every: 1 month, to: {stay: retention, gone: rest}")
    moved = loads(held).with_(retention="94 % per month").journey().stage("client").events[0]
    assert moved.outcomes[0].chance.cells == pytest.approx((0.846, 0.94, 0.967), abs=5e-4)
    assert all(figure in JOURNEY for figure in ("94 % per month", "84.6 %", "96.7 %"))


MODELS = (
    schema.FileSpec,
    schema.ChannelSpec,
    schema.ResourceSpec,
    schema.StageSpec,
    schema.WhileSpec,
    schema.EventSpec,
    schema.OutcomeSpec,
    schema.EffectsSpec,
    schema.AttributeSpec,
    schema.MeanSpec,
    schema.LeverSpec,
    schema.StrategySpec,
    values.RateSpec,
    values.SpreadSpec,
    values.DistSpec,
    values.LognormalSpec,
    values.WeibullSpec,
    values.GammaSpec,
    values.EmpiricalSpec,
    values.DrawSpec,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_word_that_runs_is_explained(model):
    said = code_of(JOURNEY)
    words = [name for key, field in model.model_fields.items() if not (name := field.alias or key).startswith("(")]
    assert [word for word in words if not re.search(rf"\b{word}\b", said)] == []


@pytest.mark.parametrize(
    "word",
    [*schema.SECTIONS, *schema.ROLES, *values.RESERVED, *BUILT_IN, *REFERRER, *RESERVED_OWNERS, "extends", "counts"],
)
def test_every_section_role_and_reserved_word_is_explained(word):
    assert re.search(rf"\b{word}\b", code_of(JOURNEY))


MONTHS = {"sum": "sum", "last": "last month", "ratio": "ratio of sums", "cohort": "no months"}


def test_the_table_of_metrics_is_the_register():
    printed = [tuple(row) for row in rows_of("docs/metrics.md", "All metrics")]
    assert printed == [
        (f"`{one.name}`", one.label, one.unit, one.definition, MONTHS[one.aggregation], one.source or "–")
        for one in registry.metrics()
    ]


def test_the_table_of_families_is_the_register():
    registry.metrics()
    printed = {re.match(r"`(\w+)\.", row[0])[1] for row in rows_of("docs/metrics.md", "Families")}
    assert printed == set(registry._FAMILIES)


def test_the_terms_of_the_glossary_stand_in_order_and_once():
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("\n## Reserved for later\n")[0]
    terms = [term.lower() for term in re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)]
    assert len(terms) > 40
    assert terms == sorted(set(terms))


def test_the_message_that_the_front_page_shows_is_the_one_that_is_said():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    journey = page.split("```yaml\n")[1].split("```")[0]
    said = next(line for line in page.splitlines() if line.startswith("coffee.yaml:"))
    loads(journey)
    with pytest.raises(ConfigError) as wrong:
        loads(journey.replace("{value: 90 % per month", "{value: 90 % per mouth"), "coffee.yaml")
    assert str(wrong.value) == said
