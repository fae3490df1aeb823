"""Inputs that mean harm: refused in words or answered, in time, in bounds, and nothing done beside what was asked."""

import base64
import collections
import csv
import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from corpus import cases, laid_out
from forked import CANARY, HANGS, MOST_SECONDS, faults, steering

#: A cell that a program of sheets takes for a formula, unless it is a plain figure.
FORMULA, FIGURE = (
    re.compile(r"[=+\-@\t\r]"),
    re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf|-", re.IGNORECASE),
)

CASES = cases()


class Tags(HTMLParser):
    """Finds, as a browser would, what a journey's text has put into a page: a program, or a picture that calls one."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "script" or any(name.startswith("on") for name, _ in attrs) or ("src", "x") in attrs:
            self.found.append(self.get_starttag_text()[:80])


def written(folder):
    """Yield what is wrong with the files that a command has written into a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".csv":
            for row in csv.reader(io.StringIO(text, newline="")):
                for cell in row:
                    if FORMULA.match(cell) and not FIGURE.fullmatch(cell):
                        yield "formula", f"{path.name}: {cell[:60]!r}"
                        break
        parts = {path.name: text}
        for at, encoded in enumerate(re.findall(r"base64,([A-Za-z0-9+/=]{40,})", text)):
            parts[f"{path.name}, part {at}"] = inner = base64.b64decode(encoded).decode("utf-8", "replace")
            if inner.lstrip().startswith(("<svg", "<?xml")):
                try:
                    ET.fromstring(inner)
                except ET.ParseError as error:
                    yield "drawing", f"{path.name}, part {at}: {error}"
        for name, part in parts.items():
            if raw := steering(part.replace("\r\n", "\n")):
                yield "control characters", f"{name}: {raw}"
            if part.lstrip()[:1] == "<":
                page = Tags()
                page.feed(part)
                if page.found:
                    yield "tag", f"{name}: {page.found[0]}"


def tried(server, case):
    """Try a case, and return its outcome and what is wrong with it."""
    place = server.place()
    words = laid_out(case, place)
    around, inside = place.around(), place.inside()
    outcome = server.run(words, place, hangs=max(HANGS, 3 * case.seconds))
    found = faults(outcome, case.codes, words[0] != "validate")
    if outcome.seconds <= case.seconds and case.seconds > MOST_SECONDS:
        found = [(kind, text) for kind, text in found if kind != "slow"]
    changed = [path for path, what in place.around().items() if around.get(path) != what] + [
        p for p in around if p not in place.around()
    ]
    if changed and not case.linked:
        found.append(("outside", f"made, changed or removed: {changed[:3]}"))
    now = place.inside()
    lost = [path for path in inside if now.get(path) != inside[path] and path.split("/")[0] not in case.made]
    new = [path for path in now if path not in inside and path.split("/")[0] not in case.made]
    if lost or new:
        found.append(("inside", f"changed {lost[:3]}, made {new[:3]}"))
    for one in case.banned:
        if one.encode() in outcome.said and (one != CANARY or not any(CANARY in word for word in words)):
            found.append(("echo", f"{one!r} in {outcome.text[max(0, outcome.text.find(one) - 60) :][:160]!r}"))
    if outcome.code == 0:
        if case.kind == "figures" and (match := re.search(rb"\b(nan|NaN)\b", outcome.out)):
            found.append(("figure", f"{outcome.out[max(0, match.start() - 60) : match.end()]!r}"))
        if "--out" in words and not (place.work / "out" / "report.html").is_file():
            found.append(("report", "no report was written"))
    if case.codes == {2} and outcome.code == 2 and "out" in now and "out" not in inside:
        found.append(("inside", "a folder is left of what was refused"))
    found += list(dict.fromkeys(written(place.work / "out"))) if "out" in now else []
    server.done_with(place)
    return outcome, found


def judged(server, chosen):
    """Try cases, print the line of the table, and return what is wrong with which."""
    wrong, kinds, codes, of = [], collections.Counter(), collections.Counter(), collections.Counter()
    slowest, largest = (0.0, ""), (0.0, "")
    for case in chosen:
        outcome, found = tried(server, case)
        kinds[case.kind] += 1
        codes[outcome.code] += 1
        of.update({kind for kind, _ in found})
        slowest, largest = max(slowest, (outcome.seconds, case.what)), max(largest, (outcome.mb, case.what))
        wrong += [f"{case.kind}: {case.what}: {kind}: {text}" for kind, text in found]
    inputs = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    ends = ", ".join(f"{code} {n} times" for code, n in sorted(codes.items()))
    print(
        f"\n{sum(kinds.values()):,} hostile inputs ({inputs}): exit {ends}; wrong: {dict(of) or 'none'}; slowest "
        f"{slowest[0]:.2f} s ({slowest[1]}), largest {largest[0]:.0f} MB beyond {server.base:.0f} MB ({largest[1]})"
    )
    return wrong


def test_a_sample_of_each_kind(server):
    wrong = judged(server, [case for case in CASES if case.usual])
    assert wrong == [], "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(dict.fromkeys(case.kind for case in CASES)))
def test_all_of_a_kind(server, kind):
    wrong = judged(server, [case for case in CASES if case.kind == kind])
    assert wrong == [], "\n".join(wrong)
