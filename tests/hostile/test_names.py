"""Names and texts of a stranger's file: names obey the rule, and nothing hidden or endless reaches who reads."""

import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout, suppress
from unittest.mock import patch
from xml.dom import minidom

import pytest

import flywheel_sim as fs
from flywheel_sim.cli import main
from flywheel_sim.drawing.chart import Chart, as_written, axes_of
from flywheel_sim.errors import ConfigError, DataError, ExperimentError, FlywheelError, Problem
from flywheel_sim.texts import LONGEST_LABEL, LONGEST_NAME, LONGEST_QUOTE, shortened, titled, visible

#: A journey with every kind of name, as JSON, which is YAML.
FILE = {
    "name": "Names from a stranger",
    "horizon": "6 months",
    "currency": "EUR",
    "report_by": ["att"],
    "lines": {"goods": {"kind": "cost_of_sales"}},
    "rates": {"turn": "20 %", "unused": "3 per month"},
    "attributes": {"att": ["low", "high"], "drawn": {"yes": "30 %", "maybe": "rest"}, "count": {"counts": "0 to 9"}},
    "channels": {"ads": {"rate": "10 per month", "enters": "visit"}, "word": {"enters": "visit"}},
    "resources": {"desk": {"people": "3", "hours": "30 per week"}},
    "journey": {
        "visit": {
            "role": "prospect",
            "phase": "early",
            "after": "2 days",
            "outcomes": {"won": {"chance": "turn", "to": "user"}, "lost": {"chance": "rest", "to": "gone"}},
        },
        "user": {
            "role": "customer",
            "events": {
                "buy": {"every": "1 month", "earn": {"sale": "10"}, "spend": {"goods": "1"}},
                "tell": {"every": "0.1 per month", "refer": "word", "staff": "desk", "takes": "10 minutes"},
                "leave": {"after": "0.2 per month", "to": "gone"},
            },
        },
        "gone": "exit",
    },
    "while": {"both": {"in": ["visit", "user"], "events": {"meet": {"every": "1 month", "set": {"att": "high"}}}}},
    "costs": {"rent": "10 per month"},
    "levers": {"push": {"spend": "10 per month", "moves": {"turn": {"without": "10 %", "limit": "40 %"}}}},
    "strategies": {"one": {}, "two": {"without": ["push"]}, "three": {"extends": "two"}},
}  # fmt: skip
NAMES = (
    "goods", "turn", "unused", "att", "low", "yes", "count", "ads", "word", "desk", "visit", "early", "won", "user",
    "buy", "sale", "tell", "both", "meet", "rent", "push", "one", "two", "three",
)  # fmt: skip
HOSTILE = (
    "../../up", "/etc/passwd", "=1+1", "+1", "@x", "<b>x</b>", "a\x1b[2K", "", "   ", "a.b", "a b", "-x", "_x", "1a",
    "²x", "a\u202eb",
    "a\nb", "$x$", "a\x9b2K", "\ud800", "a\ufeff", "x" * 300 + " y", "a'b", 'a"b', "a\\b", "a,b", "rest.",
    "é\u0301",
)  # fmt: skip
FRIENDLY = ("Zoë", "日本", "a-b_c", "x" * 300)


def renamed(raw, old, new):
    """Return a raw journey with one name written otherwise wherever it stands."""
    if isinstance(raw, dict):
        return {new if key == old else key: renamed(value, old, new) for key, value in raw.items()}
    if isinstance(raw, list):
        return [renamed(value, old, new) for value in raw]
    return new if raw == old else raw


def fit_to_show(text):
    """Tell whether a text holds nothing that steers a terminal or cannot stand in XML."""
    return (
        re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]", text)
        is None
    )


@pytest.mark.parametrize("name", NAMES)
def test_whatever_has_a_name_obeys_the_rule_of_names(name):
    for hostile in HOSTILE:
        with pytest.raises(ConfigError) as refused:
            fs.loads(json.dumps(renamed(FILE, name, hostile)))
        rule = "half a character" if hostile == "\ud800" else "a name is letters"
        assert any(rule in one.rule for one in refused.value.problems), ascii(hostile)
        assert fit_to_show(str(refused.value))
        assert "x" * (LONGEST_QUOTE + 1) not in str(refused.value)
        assert all(problem.line and problem.remedy for problem in refused.value.problems)


@pytest.mark.parametrize("name", NAMES)
def test_letters_of_any_script_make_a_name(name):
    for friendly in FRIENDLY:
        fs.loads(json.dumps(renamed(FILE, name, friendly)))


def test_every_strategy_whose_name_is_none_is_told_in_its_place():
    text = (
        "name: N\nhorizon: 3 months\nchannels: {c: {batch: 5, enters: user}}\njourney: {user: customer}\nstrategies:\n"
    )
    with pytest.raises(ConfigError) as refused:
        fs.loads(text + '  "../../up": {}\n  right: {}\n  "=1+1": {}\n  "": {}\n')
    assert [(one.line, one.column, one.value) for one in refused.value.problems] == [
        (6, 3, "../../up"),
        (8, 3, "=1+1"),
        (9, 3, ""),
    ]


def test_strategies_of_a_file_that_is_extended_and_of_one_that_extends_obey_it_too(tmp_path):
    base = {**FILE, "strategies": {"=1+1": {}}}
    (tmp_path / "base.yaml").write_text(json.dumps(base), encoding="utf-8")
    (tmp_path / "under.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    (tmp_path / "over.yaml").write_text('extends: base.yaml\nstrategies: {"../up": {}}\n', encoding="utf-8")
    for name, value, file in (("under", "=1+1", "base.yaml"), ("over", "../up", "over.yaml")):
        with pytest.raises(ConfigError) as refused:
            fs.load(tmp_path / f"{name}.yaml")
        (problem,) = refused.value.problems
        assert (problem.value, problem.file) == (value, str(tmp_path / file))


# -- hidden characters ------------------------------------------------------------------------------------

HIDDEN = [*range(9), *range(11, 32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
HIDDEN += [0xFEFF, 0xFFFE, 0xFFFF, 0xD800, 0xDFFF]
SPOILT = "".join(map(chr, HIDDEN[:-2]))  # halves of characters are refused


@pytest.mark.parametrize("code", HIDDEN, ids=hex)
def test_what_is_hidden_is_shown_as_an_escape(code):
    shown = visible(f"a{chr(code)}b")
    assert shown == (f"a\\x{code:02x}b" if code < 256 else f"a\\u{code:04x}b")
    assert shown.isprintable()


def test_what_can_be_seen_stays_and_so_do_lines():
    for text in ("plain", "Zoë 日本 🚀", "a\u00a0b", "one\ntwo\tthree", "\u200d"):
        assert visible(text) == text


def journey(**more):
    """Return the text of a small journey whose free texts are hostile."""
    return json.dumps({**FILE, **more, "rates": {"turn": {"value": "20 %", "why": f"because{SPOILT} of\nit"}}})


def test_texts_are_made_visible_as_they_enter_and_in_code_too():
    model = fs.loads(journey(name=f"A{SPOILT}B"))
    assert model.at("name") == visible(f"A{SPOILT}B")
    assert model.name == titled(visible(f"A{SPOILT}B"))
    assert model.rate("turn").why == visible(f"because{SPOILT} of\nit")  # a reason keeps its lines
    assert fit_to_show(model.with_(name=f"C{SPOILT}").name)
    assert fit_to_show(str(model))
    for wrong in ({f"turn{SPOILT}": 1}, {"turn": f"2{SPOILT} %"}, {"start": f"{SPOILT}"}):
        with pytest.raises(FlywheelError) as refused:
            model.with_(**wrong)
        assert fit_to_show(str(refused.value))


@pytest.mark.parametrize("kind", [DataError, ExperimentError, FlywheelError])
def test_every_error_shows_what_is_hidden(kind):
    for hidden in SPOILT:
        assert str(kind(f"file{hidden}: no")) == f"file{visible(hidden)}: no"


def test_a_problem_is_one_line_and_quotes_little():
    long = "long words " * 40
    problem = Problem(
        f"f{SPOILT}\n.yaml", 1, 2, f"a.{long}\n.b", f"v\n{long}", f"'{long}\n' is none", f"write '{'w' * 500}'"
    )
    assert "\n" not in str(problem)
    assert fit_to_show(str(problem))
    assert len(problem.value) == LONGEST_QUOTE
    assert "w" * (LONGEST_QUOTE + 1) not in problem.remedy
    assert len(problem.rule) < LONGEST_QUOTE + 20
    assert str(Problem("f", 1, 1, "p", "a\x1bb", "r", "m")) == "f:1:1 p: 'a\\x1bb': r; m"


def test_paths_in_messages_are_whole():
    path = "/".join(["folder"] * 40)
    assert path in str(DataError(f"{path}/x.yaml: no such file"))
    assert path in Problem("f", 1, 1, "", "", f"move it below {path}", "r").rule


def said(*words):
    """Return what a command prints on both streams."""
    out, err = io.StringIO(), io.StringIO()
    argv = patch("sys.argv", ["flywheel", *map(str, words)])
    with argv, redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        main()
    return out.getvalue() + re.sub("\r[^\n]*?(run/s\\]|\r)", "", err.getvalue()).replace("\r", "")


def test_nothing_hidden_reaches_a_terminal(tmp_path):
    (tmp_path / "hostile.yaml").write_text(journey(name=f"A{SPOILT}B"), encoding="utf-8")
    file = tmp_path / "hostile.yaml"
    for words in (
        ("validate", file),
        ("validate", file, "--json"),
        ("list", file),
        ("run", file, "--replications", 3),
        (
            "compare",
            file,
            "--replications",
            3,
            "--off-by",
            0,
            "--out",
            tmp_path / "out",
            "--strategies",
            "one",
            "--strategies",
            "two",
        ),
        ("validate", file, "--set", "turn=\x1b[31m"),
        ("validate", "no\x1b[31mwhere.yaml"),
        ("run", file, "--engine", "\x1b[31m"),
        ("run", file, "--\x1b[31m"),
        ("li\x1b[31mst", file),
    ):
        assert fit_to_show(said(*words)), words
    assert fit_to_show((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))


# -- long names -------------------------------------------------------------------------------------------


def test_long_names_are_cut_and_told_apart():
    one, two = "a" * 300, "a" * 299 + "b"
    assert len(titled(one)) == LONGEST_NAME
    assert titled(one) != titled(two)
    assert shortened(f"'{one}', {two}.") == f"'{titled(one)}', {titled(two)}."
    assert shortened(titled(one), LONGEST_LABEL)[-7:] == titled(one)[-7:]
    assert titled("free words " * 30).startswith("free words")
    assert titled("a\n b") == "a b"
    assert shortened("a" * LONGEST_NAME) == "a" * LONGEST_NAME


def test_answers_tables_and_provenance_show_long_names_cut_and_tables_for_machines_all_of_them():
    one, two = "a" * 300, "a" * 299 + "b"
    model = fs.loads(json.dumps(renamed(renamed(FILE, "one", one), "two", two)))
    duel = fs.compare(model, strategies=[one, two], replications=3)
    text = f"{duel}{duel.provenance}{duel.answer()}"
    assert "a" * (LONGEST_NAME + 1) not in text
    assert {titled(one), titled(two)} <= set(re.findall(r"a+…\w{6}", text))
    assert one in duel.frame().to_csv()


def test_a_chart_holds_no_formula_and_cuts_labels_also_of_ticks():
    import pandas as pd

    figure, axes = axes_of("$x^2$ 日本 " + "t" * 300, "$\\frac$")
    axes.plot([0, 1], label="l" * 300)
    axes.legend()
    axes.set_yticks([0, 1], ["y" * 300, "$a_1$ \U0001f680"])
    chart = Chart("c", "t" * 300, figure, pd.DataFrame())
    minidom.parseString(chart.svg())
    with as_written():
        figure.canvas.draw()
    shown = [text.get_text() for text in (*axes.get_yticklabels(), axes.legend_.texts[0], axes.title)]
    assert len(shown[0]) == LONGEST_LABEL
    assert shown[1] == "$a_1$ \U0001f680"
    assert "…" in shown[2]
    assert len(chart.title) == LONGEST_NAME


def test_drawing_prints_no_warning_of_glyphs(recwarn):
    import pandas as pd

    figure, _ = axes_of("\U0001f680 日本", "note")
    chart = Chart("c", "t", figure, pd.DataFrame())
    chart.svg()
    chart._repr_png_()
    assert [str(one.message) for one in recwarn if "Glyph" in str(one.message)] == []


def test_a_reason_is_one_line_where_it_stands_in_a_table_and_not_without_end():
    model = fs.loads(json.dumps({**FILE, "rates": {"turn": {"value": "20 %", "why": "a\nb " + "word " * 2_000}}}))
    (row,) = model.overview().rates
    assert row[2].startswith("a b word")
    assert len(row[2]) == 2_000
