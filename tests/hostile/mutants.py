# ruff: noqa: E501 (one change a line, however long)
"""Journeys that went wrong on the way: a shipped file or a case with one to four places changed, from a seed.

``mutant(number)`` is the same text for ever. Most changes are made to the text of a value, a key or a block, found by
the places that the reader of YAML gives them; the rest to lines and bytes.
"""

import random
import re
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
FILES = (*sorted((ROOT / "configs").glob("*.yaml")), *sorted((ROOT / "tests" / "cases").glob("*.yaml")))

#: Those that others of them extend.
EXTENDED = {line.split()[1] for file in FILES for line in file.open(encoding="utf-8") if line.startswith("extends:")}

#: The luck of the first mutant; the others follow.
SEED = 20_270_101

NASTY = (
    "1e400", "-1e400", "1e308", "1e-320", "inf", "-inf", ".inf", "nan", ".nan", "NaN", "-1", "-0", "0", "0.0", "1e18", "9" * 40,
    "1_0_0", "1__0", "0x10", "0b1", "1:30", "1,000", "1.2.3", "+5", "--5", "½", "٣", "12 %%", "%", "101 %", "-5 %", "1e400 %",
    "nan %", "1e-300 %", "95 % per month", "1e9 % per month", "95 % kept per 0 years", "0 per month", "1e300 per second",
    "1e-300 per year", "nan per month", "inf per month", "-3 per month", "5 per fortnight", "per month", "0 days",
    "1e-9 seconds", "0.0004 seconds", "1e300 years", "inf days", "nan days", "-1 day", "never", "1000 years", "1e9 years",
    "20 of 0", "0 of 0", "200 of 1e400", "1e400 of 1e400", "-1 of 5", "of", "3 points", "1e9 points", "500 % of mean",
    "0 % of mean", "+1e9 points", "+5 %", "-200 % relative", "", "~", "null", "''", '""', "'", '"', "`", "@", "&a", "*a", "&a x",
    "!!python/object:os.system x", "!x", "!!float 1", "<<", "? x", "- x", "-", "|", ">", "|2+", "%YAML 1.1", "---", "...",
    "{", "}", "[", "]", "{}", "[]", "{a: 1}", "[1, 2]", "[[[[]]]]", "{a: {b: {c: {d: 1}}}}", "{? [1]: 2}", "2027-02-30",
    "0000-00-00", "9999-12-31", "10000-01-01", "1900-01-01", "2027-01-01T00:00:00Z", "2027-1-1", "true", "yes", "no", "on",
    "rest", "stay", "matched", "person", "rate", "uncertain", "stage", "channel", "month", "jan", "present", "earned",
    "=1+1", "+1+1", "@SUM(A1)", "-2+3", "=HYPERLINK(\"http://x\")", "../../up", "/etc/passwd", "/dev/zero", "C:\\x", "CON",
    "<script>alert(1)</script>", "a:b", "a b", "a.b", "a/b", "x" * 300, "x" * 5_000, "é", "日本", "🙂", "\u202eabc", "\ufeff",
    '"\\e[2K"', '"\\0"', '"\\x85"', '"\\ud800"', '"\\n"', '"a\\nb"', '"\\x9b31m"', "\x00", "\x1b[31m", "\x07", "\x7f", "\x85",
    "{file: /etc/passwd, column: root, unit: days}", "{file: ../up.csv, column: a, unit: days}", "{exponential: 0 days}",
    "{uniform: [3 days, 1 day]}", "{lognormal: {median: 1 day, sigma: 1e9}}", "{weibull: {scale: 1 day, shape: 1e-9}}",
    "{gamma: {mean: 1e300, shape: 1e-300}}", "{erlang: {mean: 1 day, shape: 1e9}}", "{fixed: 0 days}", "{counts: 0 to 1e18}",
    "{counts: 5 to 0}", "{mean_of: x, among: customer, starts: nan}", "{count_of: customer}", "{value: 1, by: {}}",
    "{value: 5 %, spread: 60 points}", "{rate: 1e9 per second, enters: x}", "{chance: rest}", "{per: x}",
)  # fmt: skip


#: Extremes by the kind of the value whose place they take: the first whose mark stands in it.
ALIKE = {
    " per ": ("1e9 per second", "1e6 per month", "1e-300 per year", "1000 per day", "0 per month", "1e300 per month", "1 per 1e9 years"),
    "%": ("0 %", "100 %", "99.9999999 %", "1e-300 %", "0.5 %", "100.0000001 %", "1001 %", "1 of 3", "20 of 1e300", "99 % per month"),
    "month": ("1 second", "0.001 seconds", "1000 years", "1e9 years", "never", "1 month", "0 months", "13.37 days"),
    "day": ("1 second", "0.001 seconds", "1000 years", "1e9 years", "never", "1 month", "0 days", "13.37 days"),
    "20": ("9999-12-01", "2027-01-31", "2028-02-29", "0001-01-01", "9999-12-31", "1600-01-01"),
    "": ("0", "1e300", "1e-300", "4611686018427", "4611686018428", "0.000001", "0.0000001", "1e12", "1000000", "-1", "65536"),
}  # fmt: skip


@cache
def spans(text):
    """Return where every value, key and block of a text stands: (begin, end) of scalars, keys and collections."""
    values, keys, blocks, open_ = [], [], [], []
    expect = []  # of every open collection: None in a list, else whether a key comes next

    def one(begin, end, scalar):
        if expect and expect[-1] is True:
            keys.append((begin, end))
            expect[-1] = False
            return
        if scalar and end > begin:
            values.append((begin, end))
        if expect and expect[-1] is False:
            expect[-1] = True

    for event in YAML(typ="rt", pure=True).parse(text):
        kind = type(event).__name__
        if kind == "ScalarEvent":
            one(event.start_mark.index, event.end_mark.index, True)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            one(event.start_mark.index, event.start_mark.index, False)
            open_.append(event.start_mark.index)
            expect.append(True if kind[0] == "M" else None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            begin, end = open_.pop(), event.end_mark.index
            expect.pop()
            if 0 < begin < end:
                blocks.append((begin, begin + len(text[begin:end].rstrip())))
    return tuple(values), tuple(keys), tuple(blocks)


def _put(text, span, new):
    return text[: span[0]] + new + text[span[1] :]


def nasty_value(text, luck):
    """Put something nasty in the place of a value."""
    return _put(text, luck.choice(spans(text)[0]), luck.choice(NASTY))


def extreme(text, luck):
    """Put an extreme of its own kind in the place of a figure."""
    figures = [span for span in spans(text)[0] if text[span[0]].isdigit()]
    begin, end = luck.choice(figures)
    kind = next(mark for mark in ALIKE if mark in text[begin:end])
    return _put(text, (begin, end), luck.choice(ALIKE[kind]))


def nasty_key(text, luck):
    """Put something nasty in the place of a key."""
    return _put(text, luck.choice(spans(text)[1]), luck.choice(NASTY))


def other_value(text, luck):
    """Put another value of the same file in the place of a value."""
    values = spans(text)[0]
    begin, end = luck.choice(values)
    return _put(text, luck.choice(values), text[begin:end])


def other_key(text, luck):
    """Put another key of the same file in the place of a key."""
    keys = spans(text)[1]
    begin, end = luck.choice(keys)
    return _put(text, luck.choice(keys), text[begin:end])


def swapped(text, luck):
    """Let two values change places."""
    values = spans(text)[0]
    one, two = sorted(luck.sample(values, 2))
    first, second = text[slice(*one)], text[slice(*two)]
    return _put(_put(text, two, first), one, second)


def block_for_value(text, luck):
    """Put a block in the place of a value: a wrong type."""
    values, _, blocks = spans(text)
    begin, end = luck.choice(blocks)
    return _put(
        text, luck.choice(values), " ".join(text[begin:end].split()) if luck.random() < 0.5 else text[begin:end]
    )


def value_for_block(text, luck):
    """Put a value, or something nasty, in the place of a block: a wrong type."""
    values, _, blocks = spans(text)
    begin, end = luck.choice(values)
    return _put(text, luck.choice(blocks), luck.choice((text[begin:end], luck.choice(NASTY))))


def block_for_block(text, luck):
    """Put a block in the place of another."""
    blocks = spans(text)[2]
    begin, end = luck.choice(blocks)
    return _put(text, luck.choice(blocks), text[begin:end])


def no_value(text, luck):
    """Remove a value, a key or a block."""
    return _put(text, luck.choice(luck.choice([kind for kind in spans(text) if kind])), "")


def scaled(text, luck):
    """Multiply a figure by a power of ten, or turn its sign."""
    figures = [span for span in spans(text)[0] if text[span[0]].isdigit()]
    if not figures:
        return nasty_value(text, luck)
    begin, end = luck.choice(figures)
    number, space, rest = text[begin:end].partition(" ")
    return _put(text, (begin, end), _times(number, luck) + space + rest)


def _times(number, luck):
    """Return another number: near, far or below zero."""
    if luck.random() < 0.6 and re.fullmatch(r"\d+(\.\d+)?", number):
        return f"{float(number) * 10 ** luck.uniform(-2, 2):.3g}"
    return luck.choice((f"-{number}", f"{number}e{luck.randint(-12, 12)}", f"{number}{'0' * luck.randint(1, 15)}"))


def nested(text, luck):
    """Wrap a value in many brackets."""
    deep, (begin, end) = luck.choice((2, 30, 61, 200, 3_000)), luck.choice(spans(text)[0])
    left, right = luck.choice((("[", "]"), ("{a: ", "}")))
    return _put(text, (begin, end), left * deep + text[begin:end] + right * deep)


def _lines(change):
    def made(text, luck):
        lines = text.splitlines(keepends=True)
        change(lines, luck)
        return "".join(lines)

    made.__doc__ = change.__doc__
    made.__name__ = change.__name__
    return made


@_lines
def line_gone(lines, luck):
    """Remove some lines."""
    at = luck.randrange(len(lines))
    del lines[at : at + luck.choice((1, 1, 2, 5))]


@_lines
def line_twice(lines, luck):
    """Write a line twice."""
    at = luck.randrange(len(lines))
    lines.insert(at, lines[at])


@_lines
def lines_swapped(lines, luck):
    """Let two lines change places."""
    one, two = luck.randrange(len(lines)), luck.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


@_lines
def indented(lines, luck):
    """Indent a line by more, by less, or by a tab."""
    at = luck.randrange(len(lines))
    lines[at] = luck.choice((" ", "  ", "\t", "    ")) + lines[at] if luck.random() < 0.6 else lines[at].lstrip()


@_lines
def long_line(lines, luck):
    """Make a line very long."""
    at = luck.randrange(len(lines))
    lines[at] = lines[at].rstrip("\n") + luck.choice(("x", " ", "1", ", 1", "# ")) * luck.choice((1_000, 50_000)) + "\n"


def cut(text, luck):
    """End the file too early."""
    return text[: luck.randrange(len(text))]


def glued(text, luck):
    """Glue another file to it."""
    return text + luck.choice(("", "---\n", "...\n", "\n")) + luck.choice(FILES).read_text(encoding="utf-8")


def circle(text, luck):
    """Let the file extend itself, what is not there, or what is no file."""
    return (
        f"extends: {luck.choice(('mutant.yaml', './mutant.yaml', 'nowhere.yaml', '.', '..', '/', '~', '[mutant.yaml]'))}\n"
        + text
    )


def bytes_flipped(text, luck):
    """Flip bits of some bytes."""
    raw = bytearray(text.encode())
    for _ in range(luck.choice((1, 1, 2, 8))):
        raw[luck.randrange(len(raw))] ^= 1 << luck.randrange(8)
    return bytes(raw)


def bytes_put(text, luck):
    """Put some bytes in between."""
    raw, at = text.encode(), luck.randrange(len(text))
    return raw[:at] + luck.choice((b"\0", b"\xff", b"\xc3", b"\x1b[2K", b"\xef\xbb\xbf", b"\r", b"\x85", b"\xe2\x80\xae", luck.randbytes(4))) + raw[at:]  # fmt: skip


#: The changes of which one mutant may have several, and those that end its making.
MILD = (extreme, extreme, extreme, extreme, nasty_value, nasty_value, nasty_value, nasty_key, other_value, other_key, swapped, block_for_value, value_for_block, block_for_block,
        no_value, *(scaled,) * 9, nested, line_gone, line_twice, lines_swapped, indented)  # fmt: skip
WILD = (long_line, cut, glued, circle, bytes_flipped, bytes_put)


def mutant(number):
    """Return a mutant: what was done to which file, and its bytes."""
    luck = random.Random(SEED + number)
    file = FILES[number % len(FILES)] if luck.random() < 0.4 else luck.choice(FILES)
    text, done = file.read_text(encoding="utf-8"), []
    changes = [luck.choice(MILD) for _ in range(luck.choice((1, 1, 1, 1, 2, 3)))] if luck.random() < 0.8 else []
    for change in changes:
        try:
            text = change(text, luck)
        except Exception:  # a text that is no YAML any more has no values to change
            break
        done.append(change.__name__)
    if not done or luck.random() < 0.1:
        change = luck.choice(WILD)
        text = change(text, luck)
        done.append(change.__name__)
    return f"{number} {file.stem}: {', '.join(done)}", text if isinstance(text, bytes) else text.encode(
        "utf-8", "surrogatepass"
    )


def as_is(folder):
    """Write the shipped files that others extend into a folder."""
    for file in FILES:
        if file.name in EXTENDED:
            (folder / file.name).write_bytes(file.read_bytes())
