"""Every simulated figure of the pages stands between markers, and the quickest of them are computed anew."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import figures  # noqa: E402

#: Pages that quote dated measurements instead.
DATED = {"docs/verification.md"}
PAGES = [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if path.is_file()]
RECIPES = figures.names_of_pages()

#: A mean with its interval, as pages write it.
INTERVAL = re.compile(r"[^\n|]*\d[^\n(|]{0,12}\([−+]?\d[\d,.]* to [−+]?\d[\d,.]*\)|[^\n|]*\d ± \d[^\n|]*")

#: What looks like one and is none: a claim in two readings, and what is put into a run.
NONE = {"winning costs 5 (5 to 10)", "B may be worse (20 ± 2 %)"}

#: Runs of at most so many seconds of processor time are made anew here, ten seconds in all.
QUICK = 1.5


def without_figures(text):
    """Return a page without its figures and without code."""
    for one in reversed(figures.markers_of(text)):
        text = text[: one.start] + text[one.end :]
    return figures.CODE.sub("", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_markers_are_well_formed_and_change_nothing_that_is_seen(path):
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    text = path.read_text(encoding="utf-8")
    assert figures.OPENS.sub("", markdown.render(text)).replace(figures.CLOSES, "") == markdown.render(
        figures.bare(text)
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_interval_stands_outside_markers(path):
    if str(path.relative_to(ROOT)) in DATED:
        pytest.skip("figures of this page are dated")
    loose = [one[0].strip() for one in INTERVAL.finditer(without_figures(path.read_text(encoding="utf-8")))]
    assert [one for one in loose if one not in NONE] == [], "write markers around it: see docs/figures.py"


def test_every_page_with_figures_has_a_recipe():
    marked = {str(path) for path in PAGES if figures.markers_of(path.read_text(encoding="utf-8"))}
    assert marked == {str(figures.path_of(name)) for name in RECIPES}
    assert len(marked) >= 19


@pytest.mark.parametrize("name", RECIPES)
def test_figures_of_a_page_and_of_its_recipe_are_the_same_and_its_sentences_stand(name):
    page = figures.page_of(name)
    assert page.name == name
    assert figures.fits(page, figures.path_of(name).read_text(encoding="utf-8")) == []
    assert page.runs


QUICKLY = [name for name in RECIPES if any(one.seconds <= QUICK for one in figures.page_of(name).runs)]


@pytest.mark.parametrize("name", QUICKLY)
def test_quick_figures_are_what_the_page_says(name):
    page, text = figures.page_of(name), figures.path_of(name).read_text(encoding="utf-8")
    texts, broken = page.compute([one for one in page.runs if one.seconds <= QUICK])
    assert texts or page.sentences
    assert figures.written(text, texts) == text
    assert broken == []


def test_the_sample_is_quick():
    quick = [one.seconds for name in RECIPES for one in figures.page_of(name).runs if one.seconds <= QUICK]
    assert len(quick) >= 12
    assert sum(quick) < 15


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It costs <!--figure a-->1 EUR.", "not closed"),
        ("It costs 1<!--/--> EUR.", "closes nothing"),
        ("It <!--figure a-->costs <!--figure b-->1<!--/--> EUR<!--/-->.", "not closed"),
        ("<!--figure a-->1<!--/--> EUR.", "begins with a marker"),
        ("- <!--figure a-->1<!--/--> EUR.", "begins with a marker"),
        ("It costs <!--figure a-->1\n<!--/--> EUR.", "begins with a marker"),
        ("It costs <!--figure a--><!--/--> EUR.", "no text"),
        ("It costs <!--figure a-->1<!--/--> or <!--figure a-->2<!--/-->.", "more than one"),
    ],
)
def test_malformed_markers_are_named_with_their_line(text, wrong):
    with pytest.raises(figures.MarkerError, match=wrong):
        figures.markers_of(f"# A page\n\n{text}\n", "page")


def test_markers_in_code_are_none():
    text = "`<!--figure a-->1<!--/-->` and\n\n```text\n<!--figure b-->2<!--/-->\n```\n"
    assert figures.markers_of(text) == []


def test_figures_are_written_in_their_places_and_line_breaks_stay():
    text = "It <!--figure a-->gains 1 EUR\n(0 to 2)<!--/--> and <!--figure b-->3<!--/-->.\n"
    text += "| x | <!--figure c-->1 | 2<!--/--> |\n"
    page = figures.written(text, {"a": "gains 5 EUR (4 to 6)", "c": "7 | 8"})
    assert figures.bare(page) == "It gains 5 EUR\n(4 to 6) and 3.\n| x | 7 | 8 |\n"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Return the file of a page of which nothing is simulated, and the only one there is."""
    page = figures.Page("small")

    @page.making(0.1)
    def runs():
        return 41

    page.figure(runs, value=lambda count: str(count + 1))
    page.says("More than forty.", runs, when=lambda count: count > 40)
    path = tmp_path / "small.md"
    monkeypatch.setattr(figures, "names_of_pages", lambda: ["small"])
    monkeypatch.setattr(figures, "page_of", lambda name: page)
    monkeypatch.setattr(figures, "path_of", lambda name: path)
    return path


def test_check_names_what_differs_and_writes_nothing(small, capsys):
    text = "More than forty. It is <!--figure value-->40<!--/-->.\n"
    small.write_text(text, encoding="utf-8")
    assert figures.main(["--check"]) == 1
    assert "+More than forty. It is 42." in capsys.readouterr().out
    assert small.read_text(encoding="utf-8") == text
    assert figures.main([]) == 0
    assert "-->42<!--" in small.read_text(encoding="utf-8")
    assert figures.main(["--check"]) == 0


def test_a_figure_without_a_recipe_and_a_recipe_without_a_figure_are_named(small, capsys):
    small.write_text("It is <!--figure other-->40<!--/-->.\n", encoding="utf-8")
    assert figures.main([]) == 1
    said = capsys.readouterr().err
    assert "figure 'other' is in no recipe" in said
    assert "has 'value', which is not on the page" in said
    assert "not on the page any more: More than forty." in said
