"""Write the simulated figures that the pages quote, from runs made now: ``make figures``.

For contributors
----------------
Every simulated figure in README.md and under docs/ stands between markers that a reader of the page never sees::

    It costs <!--figure cost-->57,000<!--/--> EUR more.
    | profit, EUR | <!--figure profit-->80,600 (77,700 to 83,500) | 138,000 (134,900 to 141,100)<!--/--> |

What stands between them is written by this program, so never change it by hand. The name is one of the page's recipe,
``docs/recipes/<page>.py``, which says how the runs are made and how the figure is taken from them. To quote a new
figure, write its markers, add its name to the recipe, and run ``python docs/figures.py --page cases/reseller``. A
recipe also holds sentences to the runs: where a conclusion in words no longer holds, this program says so and you mend
the words. A marker stands within a line, after some other text of it (a line that begins with a comment is no longer
Markdown), and may go over cells of one row of a table. Figures in code and in pictures have no markers.

``--check`` writes nothing and exits with 1 where a page says something else than the runs. ``--quick`` leaves out runs
of more than two minutes of processor time. ``tests/unit/test_figures.py`` checks all markers, and the quickest runs.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [path for path in (str(DOCS),) if path not in sys.path]

from recipes import Page  # noqa: E402

OPENS = re.compile(r"<!--figure (?P<name>[^\s>]*?)-->")
CLOSES = "<!--/-->"

#: Code, in which a marker would be seen.
CODE = re.compile(
    r"^(?P<fence>```|~~~).*?^(?P=fence)|(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)", re.M | re.S
)

#: What may stand before the text of a line without being any.
NO_TEXT = re.compile(r"[\s>]*(?:[-*+]\s|\d+[.)]\s)?\s*\Z")


class MarkerError(ValueError):
    """Markers of a page that cannot be read, or that do not fit its recipe."""


@dataclass(frozen=True)
class Marker:
    """A figure in a page: its name, its text, and where that begins and ends."""

    name: str
    text: str
    start: int
    end: int


def markers_of(text: str, about: str = "page") -> list[Marker]:
    """Return the markers of a page's text, in order.

    Raises
    ------
    MarkerError
        If one is not closed, stands within another or twice, or opens a line.
    """
    seen = CODE.sub(lambda code: re.sub(r"[^\n]", ".", code[0]), text)
    markers: list[Marker] = []
    at = 0

    def line(place: int) -> str:
        return f"{about}:{text.count(chr(10), 0, place) + 1}"

    while True:
        opening = OPENS.search(seen, at)
        stray = seen.find(CLOSES, at, opening.start() if opening else len(seen))
        if stray >= 0:
            raise MarkerError(f"{line(stray)}: {CLOSES} closes nothing")
        if opening is None:
            break
        close = seen.find(CLOSES, opening.end())
        within = OPENS.search(seen, opening.end())
        if close < 0 or (within and within.start() < close):
            raise MarkerError(f"{line(opening.start())}: figure '{opening['name']}' is not closed")
        inner = text[opening.end() : close]
        if not inner.strip() or "\n\n" in inner:
            raise MarkerError(
                f"{line(opening.start())}: figure '{opening['name']}' has no text, or more than a paragraph"
            )
        for place in (opening.start(), close):
            if NO_TEXT.match(text[text.rfind("\n", 0, place) + 1 : place]):
                raise MarkerError(f"{line(place)}: the line begins with a marker of '{opening['name']}'")
        markers.append(Marker(opening["name"], inner, opening.end(), close))
        at = close + len(CLOSES)
    names = [one.name for one in markers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise MarkerError(f"{about}: more than one figure is called {', '.join(sorted(twice))}")
    return markers


def bare(text: str) -> str:
    """Return a page without its markers; those in code are none."""
    for one in reversed(markers_of(text)):
        opening = text.rindex("<!--", 0, one.start)
        text = text[:opening] + one.text + text[one.end + len(CLOSES) :]
    return text


def names_of_pages() -> list[str]:
    """Return the pages that have a recipe, in alphabetical order."""
    root = DOCS / "recipes"
    return sorted(
        path.relative_to(root).with_suffix("").as_posix().replace("readme", "README")
        for path in root.rglob("*.py")
        if path.stem not in ("__init__", "wording", "estimates")
    )


def path_of(name: str) -> Path:
    """Return the file of a page."""
    return DOCS.parent / "README.md" if name == "README" else DOCS / f"{name}.md"


def page_of(name: str) -> Page:
    """Return the recipe of a page."""
    return import_module(f"recipes.{name.lower().replace('/', '.')}").page


def fits(page: Page, text: str) -> list[str]:
    """Return what does not fit between a page and its recipe, in words."""
    marked, known = {one.name for one in markers_of(text, page.name)}, set(page.figures)
    seen = " ".join(bare(text).split())
    return [
        *(f"{page.name}: figure '{name}' is in no recipe" for name in sorted(marked - known)),
        *(f"{page.name}: the recipe has '{name}', which is not on the page" for name in sorted(known - marked)),
        *(f"{page.name}: not on the page any more: {words}" for words in page.sentences if words not in seen),
    ]


def written(text: str, figures: dict[str, str]) -> str:
    """Return a page's text with figures in their places; line breaks within a figure stay where its words do."""
    for one in reversed(markers_of(text)):
        new = figures.get(one.name, one.text)
        words, blanks = new.split(), re.findall(r"\s+", one.text.strip())
        if len(words) == len(blanks) + 1:
            new = "".join(part for pair in zip(words, [*blanks, ""], strict=True) for part in pair)
        text = text[: one.start] + new + text[one.end :]
    return text


def difference(name: str, old: str, new: str) -> Iterator[str]:
    """Return the lines that differ, markers left out."""
    lines = (bare(text).splitlines() for text in (old, new))
    yield from difflib.unified_diff(*lines, name, "as computed", n=0, lineterm="")


def main(words: list[str] | None = None) -> int:
    """Write pages, or check them; return the exit status."""
    known = names_of_pages()
    parser = argparse.ArgumentParser(description="Write the simulated figures that the pages quote.")
    parser.add_argument(
        "--page", action="append", choices=known, metavar="PAGE", help="such as cases/reseller; all unless given"
    )
    parser.add_argument("--runs", action="append", help="only figures of the runs of this name in the recipe")
    parser.add_argument(
        "--quick", action="store_true", help="leave out runs of more than two minutes of processor time"
    )
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 where a page differs")
    asked = parser.parse_args(words)
    pages = asked.page or known
    wrong: list[str] = []
    for place, name in enumerate(pages, 1):
        page, begun = page_of(name), time.process_time()
        chosen = [one for one in page.runs if not (asked.quick and one.slow) and one.name in (asked.runs or [one.name])]

        def progress(count: int, run: str, name: str = name, whole: int = len(chosen), left: int = place) -> None:
            said = f"{name}: {run} (runs {count} of {whole}; {len(pages) - left} pages left)"
            print(said, file=sys.stderr, flush=True)

        try:
            if unfit := fits(page, path_of(name).read_text(encoding="utf-8")):
                wrong += unfit
                continue
            figures, broken = page.compute(chosen, progress)
            changed = rewritten(name, figures, asked.check)
        except MarkerError as error:
            wrong.append(str(error))
            continue
        wrong += [f"{name}: differs from what is computed"] if asked.check and changed else []
        wrong += [f"{name}: no longer true: {words}" for words in broken]
        print(f"{name}: {len(figures)} figures, {time.process_time() - begun:.0f} s", file=sys.stderr, flush=True)
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


def rewritten(name: str, figures: dict[str, str], check: bool) -> bool:
    """Write figures into a page as it stands now, unless it is only checked; tell whether it differs."""
    path = path_of(name)
    text = path.read_text(encoding="utf-8")
    new = written(text, figures)
    if new == text:
        return False
    print("\n".join(difference(name, text, new)), flush=True)
    if not check:
        path.write_text(new, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
