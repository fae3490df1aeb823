# ruff: noqa: E501 (one input a line, however long)
"""Inputs that mean harm, by kind: what to write into a folder, which command to give, and how it may end.

Texts may hold ``{ROOT}``: the folder above all that a case can see (see `forked.Place`). The limits are those the program
states: names are letters, digits, _ and -, a letter first; a journey may name regular files of at most 200 MB at or below
its own folder, the current one and those of --data, where links are followed; a journey file has at most 5 MB.
"""

import gzip
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from forked import CANARY, JOURNEY

REFUSED, EITHER, STOPPED, ANY = frozenset({2}), frozenset({0, 2}), frozenset({3}), frozenset({0, 2, 3})

#: How a run is kept small.
SMALL = ("--replications", "2", "--workers", "1")


#: Megabytes of one kind that take longer than other inputs may: each figure is looked at by itself, in each strategy.
SLOW = ("figures of a table",)


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes
    ----------
    kind, what
        Its kind, and what it is, in words.
    words, files
        The words of the command, and what lies in its folder by name: a text, bytes, or a function of the path.
    codes
        The exit statuses it may end with.
    banned
        Texts that must not appear in what is printed or written.
    made
        What may be made in the folder: the first part of paths.
    linked
        Whether a link of the user's own leads to what it writes.
    usual
        Whether it is among those tried each time.
    seconds
        What it may take.
    """

    kind: str
    what: str
    words: tuple[str, ...]
    files: dict[str, str | bytes | Callable] = field(default_factory=dict)
    codes: frozenset[int] = REFUSED
    banned: tuple[str, ...] = ()
    made: tuple[str, ...] = ("out",)
    linked: bool = False
    usual: bool = False
    seconds: float = 2.0


def edited(*changes, base=JOURNEY):
    """Return the small journey with some places changed; each must be there."""
    for old, new in changes:
        assert old in base, old
        base = base.replace(old, new)
    return base


def quoted(text):
    """Return a text as YAML writes it between double quotes, every odd character as an escape."""
    return '"' + "".join(f"\\U{ord(c):08x}" if not 32 <= ord(c) < 127 or c in '"\\' else c for c in text) + '"'


# -- names --------------------------------------------------------------------------------------------

#: What is no name: a path, a formula, what steers a terminal, what is hidden, what is code, what means something else.
NO_NAMES = {
    "a path up": "../../up", "a formula": "=1+1", "an absolute path": "{ROOT}/abs", "an escape sequence": "\x1b[2Kx",
    "two lines": "a\nb", "a byte of 0": "a\0b", "300 letters and a blank": "x" * 300 + " ", "reversed": "a\u202ecba",
    "a tag": "<script>alert(1)</script>", "a colon": "a:b", "a backslash": "..\\..\\up", "a dot": ".", "two dots": "..",
    "blank": "   ", "nothing": "", "a picture": "🙂", "a bell": "a\x07", "a plus": "+1+1", "an at": "@SUM(A1)", "a dash": "-rf",
    "a quote": "a'b", "a comma": "a,b", "a return": "a\rb", "a control of eight bits": "\x9b31m", "a lone surrogate": "\ud800",
    "a digit": "1st", "no space": "a\u00a0b", "no width": "a\u200bb", "a percent": "%s%n", "a formula of a sheet": "{{7*7}}",
}  # fmt: skip

#: Where names stand: what of the small journey is replaced, with NAME in it.
NAMED = {
    "strategy": [("  loud:  {}", "  NAME: {}")],
    "stage": [("gone: exit", "NAME: exit"), ("gone: rest", "NAME: rest")],
    "event": [("talks:   {", "NAME: {"), ("[talks]", "[NAME]")],
    "channel": [("  friends: {enters", "  NAME: {enters"), ("refer: friends", "refer: NAME")],
    "line": [("{box: 25}", "{NAME: 25}")],
    "rate": [("buys:  {value", "NAME: {value"), ("client: buys", "client: NAME"), ("moves: {buys:", "moves: {NAME:")],
    "lever": [("  care: {spend", "  NAME: {spend")],
    "attribute": [("  plan: {basic", "  NAME: {basic"), ("by: {plan:", "by: {NAME:")],
    "outcome": [("pleased: 40 %", "NAME: 40 %")],
    "resource": [("journey:\n", "resources:\n  NAME: {people: 2}\njourney:\n"),
                 ("asked:   {after: 20 days, ", "asked: {after: 20 days, staff: NAME, takes: 1 hour, ")],
    "set of stages": [("strategies:\n", "while:\n  NAME: {in: [client], every: 2 months, spend: {mail: 1}}\nstrategies:\n")],
    "cost": [("journey:\n", "costs: {NAME: 5 per month}\njourney:\n")],
}  # fmt: skip


def _names():
    paths = ("a path up", "an absolute path", "a formula", "a tag", "two dots", "an escape sequence")
    for place, changes in NAMED.items():
        for what, name in NO_NAMES.items():
            if place not in ("strategy", "stage", "rate") and what not in (
                *paths,
                "two lines",
                "reversed",
                "a byte of 0",
                "blank",
            ):
                continue
            text = edited(*((old, new.replace("NAME", quoted(name))) for old, new in changes))
            drawn = place in ("strategy", "stage", "channel", "rate", "line") and what in paths
            words = (
                ("compare" if place == "strategy" else "run", "c.yaml", *SMALL, "--out", "out")
                if drawn
                else ("validate", "c.yaml")
            )
            yield Case("names", f"{place}: {what}", words, {"c.yaml": text}, usual=what == paths[0] and not drawn)
        text = edited(*((old, new.replace("NAME", "x" * 300)) for old, new in changes))
        verb = "compare" if place == "strategy" else "run"
        yield Case(
            "names",
            f"{place}: 300 letters",
            (verb, "c.yaml", *SMALL, "--out", "out"),
            {"c.yaml": text},
            EITHER,
            seconds=4.0,
        )
    for what in (*paths, "two lines"):
        for at in ("--set", "--strategies", "--over"):
            verb = "validate" if at == "--set" else "run" if at == "--strategies" else "sensitivity"
            value = f"{NO_NAMES[what]}=1" if at == "--set" else NO_NAMES[what]
            more = ("--of", "profit", *SMALL) if verb == "sensitivity" else SMALL if verb == "run" else ()
            yield Case(
                "names", f"{at}: {what}", (verb, "c.yaml", at, value.replace("\0", ""), *more), {"c.yaml": JOURNEY}
            )


# -- free texts ---------------------------------------------------------------------------------------

FREE = {
    "an escape sequence": "a \x1b[2K\x1b[31mb", "a title of the window": "\x1b]0;x\x07", "controls of eight bits": "a\x9b31m\x85b",
    "two lines": "a\nTraceback of nothing: b", "a return": "good\rbad", "a byte of 0": "a\0b", "a form feed": "a\x0cb\x0b",
    "a formula": "=cmd|' /C calc'!A0", "a plus": "+1+1", "an at": "@SUM(A1)", "a minus": "-2+3", "a tab": "\t=1+1",
    "a formula after a return": "\r=1+1", "reversed": "\u202ecba\u202c", "isolated": "\u2066abc\u2069",
    "a tag": "<script>alert(1)</script>", "the end of a drawing": "</svg></title><script>alert(2)</script>",
    "an attribute": "\" onload=\"alert(3)", "a picture that fails": "<img src=x onerror=alert(4)>", "a template": "{{7*7}}{% raw %}",
    "mathematics": "$\\frac{a", "a dollar": "a $1 and $2 b", "a backslash": "\\usepackage{x} \\x", "percent": "%s %n %(x)s {0} {x!r}",
    "a picture": "🙂" * 5, "no letters": "\ufffe\uffff\ufdd0", "a lone surrogate": "a\ud800b", "very long": "x" * 10_000,
    "very long, in words": "long " * 4_000, "marks upon marks": "a" + "\u0301" * 500, "from right to left": "\u05d0\u05d1",
    "an entity": "&lt;script&gt; &#x3c;b&#x3e; &amp;", "the end of data": "]]> --> ?>",
}  # fmt: skip

TEXTS = {
    "name": [("name: Coffee by post", "name: TEXT")],
    "why": [('why: "visitors who order a first box"', "why: TEXT")],
    "level": [("{basic: 60 %, premium: rest}", "{basic: 60 %, TEXT: rest}"), ("by: {plan: {premium:", "by: {plan: {TEXT:"),
              ("currency: EUR", "currency: EUR\nreport_by: [plan]")],
    "phase": [("phase: delight", "phase: TEXT")],
    "currency": [("currency: EUR", "currency: TEXT")],
    "why of a line": [('why: "what is in a box"', "why: TEXT")],
}  # fmt: skip


def _free():
    run = ("run", "c.yaml", *SMALL, "--out", "out")
    for place, changes in TEXTS.items():
        for what, text in FREE.items():
            journey = edited(*((old, new.replace("TEXT", quoted(text))) for old, new in changes))
            drawn = place in ("name", "why", "level")
            words = run if drawn else ("validate", "c.yaml")
            few = not drawn and what in ("an escape sequence", "a lone surrogate")
            yield Case("free texts", f"{place}: {what}", words, {"c.yaml": journey}, EITHER, usual=few)
    for what in ("an escape sequence", "a formula", "a tag", "mathematics", "reversed", "two lines", "very long"):
        journey = edited(
            *(
                (old, new.replace("TEXT", quoted(FREE[what])))
                for place in ("name", "why", "level")
                for old, new in TEXTS[place]
            )
        )
        words = ("compare", "c.yaml", *SMALL, "--out", "out", "--off-by", "0")
        yield Case("free texts", f"compared: {what}", words, {"c.yaml": journey}, EITHER, seconds=4.0)
        yield Case("free texts", f"listed: {what}", ("list", "./c.yaml"), {"c.yaml": journey}, EITHER)
        yield Case("free texts", f"as JSON: {what}", ("run", "c.yaml", *SMALL, "--json"), {"c.yaml": journey}, EITHER)


# -- files --------------------------------------------------------------------------------------------

SECRET = f"{CANARY}"
_CSV = f"days,{SECRET}\n{SECRET},{SECRET}\n"


def _link(to):
    return lambda path, root: os.symlink(to.replace("{ROOT}", str(root)), path)


def _fifo(path, root):
    os.mkfifo(path)


def _folder(path, root):
    os.mkdir(path)


def _socket(path, root):
    server, here = socket.socket(socket.AF_UNIX), os.getcwd()
    os.chdir(os.path.dirname(path))  # the path of a socket is short
    server.bind(os.path.basename(path))
    os.chdir(here)
    server.close()


def _sparse(size, head=b""):
    def make(path, root):
        with open(path, "wb") as file:
            file.write(head)
            file.truncate(size)

    return make


#: Files that others are not meant to name, or that are none: what lies there, and the name that is given.
FILES = {
    "outside": ("../../secret.txt", None), "outside, absolute": ("{ROOT}/outer/secret.txt", None),
    "a link out": ("link.csv", _link("{ROOT}/outer/secret.txt")), "a link to a folder out": ("up/secret.txt", ("up", _link("{ROOT}/outer"))),
    "a link to itself": ("link.csv", _link("link.csv")), "a link to nothing": ("link.csv", _link("nothing")),
    "a pipe": ("pipe.csv", _fifo), "a link to a pipe": ("link.csv", _link("/dev/stdin")), "zeros without end": ("/dev/zero", None),
    "standard input": ("/dev/stdin", None), "luck without end": ("/dev/urandom", None), "nothing at all": ("/dev/null", None),
    "a terminal": ("/dev/tty", None), "the settings of the process": ("/proc/self/environ", None), "its memory": ("/proc/self/mem", None),
    "passwords": ("/etc/passwd", None), "passwords by a way round": ("../../../../../../../etc/passwd", None), "a folder": ("folder.csv", _folder),
    "the folder itself": (".", None), "a socket": ("socket.csv", _socket), "missing": ("missing.csv", None), "empty": ("empty.csv", b""),
    "201 MB": ("large.csv", _sparse(201 * 10**6, b"days,ads\n")), "a byte of 0": ("nul.csv", b"days\n1\0\n2\n"),
    "not UTF-8": ("latin.csv", f"days,{SECRET}\n{SECRET} \xe9,1\n".encode("latin-1")), "UTF-16": ("wide.csv", _CSV.encode("utf-16")),
    "two columns of one name": ("twice.csv", f"days,days\n1,{SECRET}\n".encode()), "a quote that nothing closes": ("quote.csv", f'days\n"{SECRET}\n1\n'.encode()),
    "a row too short": ("short.csv", f"{SECRET},days\n{SECRET}\n".encode()), "a million columns": ("wide2.csv", b"days" + b",x" * 10**6 + b"\n1" + b",1" * 10**6 + b"\n"),
    "secrets in cells": ("secret.csv", _CSV.encode()), "secrets in keys": ("secret.env", f"PASSWORD={SECRET}\nTOKEN: {SECRET}\n{SECRET}: 1\n".encode()),
    "secrets in a journey of another kind": ("app.yaml", f"database:\n  password: {SECRET}\n{SECRET}: [{SECRET}, 1]\n".encode()),
    "a secret in a bad value": ("app.yaml", f"horizon: {SECRET}\nname: {{{SECRET}: {SECRET}}}\n".encode()),
    "a million rows of one letter": ("long.csv", b"days\n" + b"x\n" * 10**6), "one endless row": ("row.csv", b"days\n" + b"1" * 10**7 + b"\n"),
    "a name of a system": ("CON", None), "an odd name": ("a\nb\x1b[2K.csv", None), "a name with 0": ("a\0b", None), "a long name": ("x" * 5_000, None),
    "a home": ("~/.profile", None), "an address": ("https://example.org/x.csv", None), "a program": ("|cat x", None), "no name": ("", None),
}  # fmt: skip

USES = {
    "sample": [("{exponential: 3 days}", "{empirical: {file: NAME, column: days, unit: days}}")],
    "plan": [("{rate: 20 per month, cost_per_arrival: 5,", "{spend: {file: NAME, column: ads, unit: per month}, cost_per_arrival: 5,")],
    "batch": [("{rate: 20 per month, cost_per_arrival: 5,", "{batch: {file: NAME, column: ads},")],
    "base": [("name: Coffee", "extends: NAME\nname: Coffee")],
}  # fmt: skip


#: What may be read after all: values that are laid over, and columns that nobody asked for.
SOUND = {"base": ("a secret in a bad value",), "sample": ("a million columns",)}


def _named_files():
    for use, changes in USES.items():
        for what, (name, made) in FILES.items():
            if use == "batch" and what not in ("outside", "a pipe", "zeros without end", "secrets in cells", "201 MB"):
                continue
            at, make = made if isinstance(made, tuple) else (name, made)
            journey = edited(*((old, new.replace("NAME", quoted(name))) for old, new in changes))
            files = {"c.yaml": journey, **({at: make} if make is not None else {})}
            few = what in ("outside", "a link out", "passwords", "a folder", "secrets in cells") and use in (
                "sample",
                "base",
            )
            codes = EITHER if what in SOUND.get(use, ()) else REFUSED
            yield Case("files", f"{use}: {what}", ("validate", "c.yaml"), files, codes, (CANARY, "root:"), usual=few)
    inside = edited(*((old, new.replace("NAME", "sub/waits.csv")) for old, new in USES["sample"]))
    yield Case(
        "files",
        "allowed: below the folder",
        ("validate", "c.yaml"),
        {"c.yaml": inside, "sub/waits.csv": b"days\n1\n2\n"},
        frozenset({0}),
        usual=True,
    )
    yield Case(
        "files",
        "allowed: a byte order mark",
        ("validate", "c.yaml"),
        {"c.yaml": inside, "sub/waits.csv": b"\xef\xbb\xbfdays\n1\n2\n"},
        frozenset({0}),
    )
    given = edited(*((old, new.replace("NAME", '"{ROOT}/data/waits.csv"')) for old, new in USES["sample"]))
    files = {"c.yaml": given, "{ROOT}/data/waits.csv": b"days\n1\n2\n"}
    yield Case(
        "files",
        "allowed: a folder that is named",
        ("validate", "c.yaml", "--data", "{ROOT}/data"),
        files,
        frozenset({0}),
    )
    linked = {
        "c.yaml": inside,
        "{ROOT}/data/waits.csv": b"days\n1\n2\n",
        "sub/waits.csv": _link("{ROOT}/data/waits.csv"),
    }
    yield Case(
        "files",
        "allowed: a link into a folder that is named",
        ("validate", "c.yaml", "--data", "{ROOT}/data"),
        linked,
        frozenset({0}),
    )
    yield Case(
        "files", "a folder that is named does not open others", ("validate", "c.yaml", "--data", "{ROOT}/home"), files
    )
    for what, folder in {"missing": "nowhere", "a file": "c.yaml", "empty": "", "a device": "/dev/null"}.items():
        yield Case(
            "files",
            f"--data: {what}",
            ("validate", "c.yaml", "--data", folder),
            {"c.yaml": JOURNEY},
            EITHER if not folder else REFUSED,
        )


def _configs():
    text = JOURNEY.encode()
    odd = {
        "a pipe": ("c.yaml", _fifo), "zeros without end": ("/dev/zero", None), "luck without end": ("/dev/urandom", None),
        "nothing at all": ("/dev/null", None), "a folder": ("c.yaml", _folder), "a socket": ("c.yaml", _socket),
        "its memory": ("/proc/self/mem", None), "standard input": ("/dev/stdin", None), "a link to itself": ("c.yaml", _link("c.yaml")),
        "6 MB": ("c.yaml", text + b"# " + b"x" * 6_000_000), "6 MB of nothing": ("c.yaml", _sparse(6 * 10**6)), "10 GB": ("c.yaml", _sparse(10 * 2**30)),
        "empty": ("c.yaml", b""), "blank": ("c.yaml", b"\n \n"), "a comment": ("c.yaml", b"# nothing\n"), "a program": ("c.yaml", bytes(range(256)) * 40),
        "packed": ("c.yaml", gzip.compress(text)), "UTF-16": ("c.yaml", JOURNEY.encode("utf-16")), "UTF-32": ("c.yaml", JOURNEY.encode("utf-32")),
        "Latin 1": ("c.yaml", text.replace(b"Coffee", b"Caf\xe9")), "a byte of 0": ("c.yaml", text.replace(b"Coffee", b"Cof\0fee")),
        "returns alone": ("c.yaml", text.replace(b"\n", b"\r")), "an odd path": ("a\nb\x1b[2K\u202e.yaml", text.replace(b"exit", b"exxit")),
        "a long path": ("x" * 250 + ".yaml", text.replace(b"exit", b"exxit")), "too long a path": ("x" * 300 + ".yaml", None),
        "a list": ("c.yaml", b"- a\n- b\n"), "a word": ("c.yaml", b"hello\n"), "passwords": ("/etc/passwd", None),
    }  # fmt: skip
    for what, (name, made) in odd.items():
        files = {} if made is None else {name: made}
        codes = EITHER if what == "returns alone" else REFUSED
        yield Case(
            "files",
            f"config: {what}",
            ("validate", name),
            files,
            codes,
            ("root:",),
            usual=what in ("a folder", "packed", "blank"),
        )
    yield Case("files", "config: a byte order mark", ("validate", "c.yaml"), {"c.yaml": b"\xef\xbb\xbf" + text}, EITHER)
    yield Case(
        "files",
        "config: returns and lines",
        ("validate", "c.yaml"),
        {"c.yaml": text.replace(b"\n", b"\r\n")},
        frozenset({0}),
    )
    others = {f"{at}.yaml": f"extends: {at + 1}.yaml\n" for at in range(200)} | {"200.yaml": JOURNEY}
    yield Case("files", "base: two hundred files that extend each other", ("validate", "0.yaml"), others, EITHER)


# -- sizes --------------------------------------------------------------------------------------------


def _sizes():
    """Yield journeys of a megabyte, and of what has no end."""

    def until(size, line):
        lines, length = [], 0
        while length < size:
            lines.append(line(len(lines)))
            length += len(lines[-1])
        return "".join(lines)

    large = {
        "comments": JOURNEY + until(10**6, lambda at: f"# comment number {at}\n"),
        "blank lines": JOURNEY + "\n" * 10**6,
        "one long reason": edited(("renewals in the billing records", "x" * 10**6)),
        "reasons": edited(("rates:\n", "rates:\n" + until(10**6, lambda at: f'  r{at}: {{value: 5 %, why: "{"because " * 100}"}}\n'))),
        "rates": edited(("rates:\n", "rates:\n" + until(10**6, lambda at: f"  r{at}: 5 %\n"))),
        "strategies": JOURNEY + until(10**6, lambda at: f"  s{at}: {{without: [talks]}}\n"),
        "stages": edited(("  gone: exit", "  gone: exit\n" + until(10**6, lambda at: f"  g{at}: exit\n"))),
        "stages one after another": edited(("  gone: exit", until(10**6, lambda at: f"  g{at}: {{role: aside, after: 1 day, to: g{at + 1}}}\n") + "  gone: exit")),
        "events": edited(("      talks: ", until(10**6, lambda at: f"      e{at}: {{after: {at + 1} days, spend: {{x: 1}}}}\n") + "      talks: ")),
        "channels": edited(("  friends: {", until(10**6, lambda at: f"  c{at}: {{rate: 1 per year, enters: visitor}}\n") + "  friends: {")),
        "levels": edited(("{basic: 60 %, premium: rest}", "[" + until(10**6, lambda at: f"level{at}, ") + "premium]")),
        "a list": edited(("[talks]", "[" + "talks, " * 140_000 + "talks]")),
        "figures of a table": edited(("{plan: {premium: 95 %}}", "{calendar: {" + until(10**6, lambda at: f"{at} days: 90 %, ") + "999999 days: 95 %}}")),
        "broken lines": JOURNEY + until(10**6, lambda at: f"x{at}: y\n"),
        "brackets": JOURNEY + "[" * 10**6,
        "mappings in one line": JOURNEY + "{a: " * 250_000,
        "quotes": JOURNEY + "'" * 10**6,
        "blanks": JOURNEY + " " * 10**6 + "x",
        "keys without an end": JOURNEY + "? " * 500_000,
        "lists in lists": JOURNEY + "- " * 500_000,
        "colons": JOURNEY + "a: " * 333_000,
        "one key": JOURNEY + "x" * 10**6 + ": 1\n",
        "one key over and over": JOURNEY + "name: x\n" * 120_000,
        "anchors": JOURNEY + until(10**6, lambda at: f"a{at}: &b{at} x\n"),
        "tags": JOURNEY + until(10**6, lambda at: f"a{at}: !t{at} x\n"),
        "documents": JOURNEY + "---\n" * 250_000,
        "directives": "%YAML 1.1\n" * 100_000 + "---\n" + JOURNEY,
        "figures": edited(("{value: 30 %,", "{value: " + "1" * 10**6 + " %,")),
        "a date": edited(("start: 2027-01-01", "start: " + "2" * 10**6)),
        "a name": edited(("name: Coffee by post", "name: " + "x" * 10**6)),
        "a name in words": edited(("name: Coffee by post", "name: " + "long " * 200_000)),
    }  # fmt: skip
    for what, text in large.items():
        yield Case(
            "sizes",
            f"1 MB: {what}",
            ("validate", "c.yaml"),
            {"c.yaml": text},
            EITHER,
            usual=what in ("blank lines", "brackets", "a name"),
            seconds=4.0 if what in SLOW else 2.0,
        )
    many = {
        "61 levels": JOURNEY + "x: " + "[" * 61 + "]" * 61,
        "10,000 levels": JOURNEY + "x: " + "{a: " * 10_000 + "1" + "}" * 10_000,
        "10,000 indented levels": JOURNEY + "x:\n" + "".join(f"{' ' * (at + 1)}a:\n" for at in range(1_000)),
        "10,000 problems": edited(("rates:\n", "rates:\n" + "".join(f"  r{at}: {{valu: 5}}\n" for at in range(10_000)))),
        "5,000 strategies": edited(("  loud:  {}", "".join(f"  s{at}: {{rates: {{buys: {at % 60 + 20} %}}}}\n" for at in range(5_000)))),
        "5,000 strategies, each extending another": edited(("  loud:  {}", "  s0: {}\n" + "".join(f"  s{at}: {{extends: s{at - 1}}}\n" for at in range(1, 5_000)))),
        "20,000 levels, drawn": edited(("{basic: 60 %, premium: rest}", "{" + "".join(f"l{at}: 0.001 %, " for at in range(20_000)) + "premium: rest}")),
        "billions of laughs": "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(12)) + JOURNEY,
        "merged laughs": "a: &a {x: 1}\nb: &b {<<: *a, y: *a}\nc: {<<: [*a, *b, *b]}\n" + JOURNEY,
        "a set of a million": edited(("horizon: 6 months", "horizon: 6 months\nreport_by: [" + "plan, " * 100_000 + "plan]")),
        "cells": edited(("  plan: {basic: 60 %, premium: rest}", "  plan: {basic: 60 %, premium: rest}\n" + "".join(
            f"  a{n}: [{', '.join(f'l{at}' for at in range(60))}]\n" for n in range(6))),
            ("stay: {chance: stays,", "stay: {chance: {value: 50 %, times: {" + ", ".join(f"a{n}: {{l1: 1.1}}" for n in range(6)) + "}},")),
        "days of a thousand years": edited(("horizon: 6 months", "horizon: 1000 years\nperiod: day")),
        "attributes reported by": edited(("horizon: 6 months", "horizon: 1000 years\nreport_by: [big]"), ("attributes:\n", "attributes:\n  big: [" + ", ".join(f"l{at}" for at in range(5_000)) + "]\n")),
    }  # fmt: skip
    for what, text in many.items():
        yield Case(
            "sizes",
            what,
            ("validate", "c.yaml"),
            {"c.yaml": text},
            EITHER,
            usual=what in ("61 levels", "billions of laughs", "10,000 levels"),
        )
    yield Case("sizes", "run: a thousand years by month", ("run", "c.yaml", *SMALL, "--max-people", "20000", "--max-events", "200000"),
               {"c.yaml": edited(("horizon: 6 months", "horizon: 1000 years"), ("start: 2027-01-01\n", ""))}, ANY)  # fmt: skip
    yield Case("sizes", "run: a thousand levels over a thousand years", ("run", "c.yaml", *SMALL, "--max-people", "20000", "--max-memory", "1"),
               {"c.yaml": edited(("start: 2027-01-01\n", ""), ("horizon: 6 months", "horizon: 1000 years\nreport_by: [big]"), ("attributes:\n", "attributes:\n  big: [" + ", ".join(f"l{at}" for at in range(1_000)) + "]\n"))}, ANY)  # fmt: skip


# -- figures ------------------------------------------------------------------------------------------


def _figures():
    run = ("run", "c.yaml", *SMALL, "--max-people", "20000", "--max-events", "200000")
    odd = {
        "20 of 1e400": [("value: 30 %", "value: 200 of 1e400")], "0 of 0": [("value: 30 %", "value: 0 of 0")], "1e400 of 1e400": [("value: 30 %", "value: 1e400 of 1e400")],
        "discount of 1,001 %": [("currency: EUR", "currency: EUR\ndiscount: 1001 % per year")],
        "discount of -100 %": [("currency: EUR", "currency: EUR\ndiscount: -100 % per year")], "discount of 1e300 %": [("currency: EUR", "currency: EUR\ndiscount: 1e300 % per year")],
        "the end of time": [("2027-01-01", "9999-12-01"), ("horizon: 6 months", "horizon: 24 months")], "the last day": [("2027-01-01", "9999-12-31")],
        "the first day": [("2027-01-01", "0001-01-01")], "no day": [("2027-01-01", "2027-02-30")], "day 0": [("2027-01-01", "0000-00-00")],
        "a lone surrogate": [("name: Coffee by post", 'name: "\\ud800"')], "a lone surrogate in a unit": [("value: 30 %", 'value: "30 \\ud800"')],
        "a horizon of 1e9 years": [("horizon: 6 months", "horizon: 1e9 years")], "a horizon of 1e400 years": [("horizon: 6 months", "horizon: 1e400 years")],
        "a horizon of nothing": [("horizon: 6 months", "horizon: 0 months")], "a horizon below nothing": [("horizon: 6 months", "horizon: -6 months")],
        "a horizon without end": [("horizon: 6 months", "horizon: never")], "a horizon of a millisecond": [("horizon: 6 months", "horizon: 0.001 seconds")],
        "a price of 1e300": [("{box: 25}", "{box: 1e300}")], "a price of 1e400": [("{box: 25}", "{box: 1e400}")], "a price that is none": [("{box: 25}", "{box: nan}")],
        "a price of 1e12": [("{box: 25}", "{box: 1e12}")], "a price below a millionth": [("{box: 25}", "{box: 0.0000001}")], "a price below nothing": [("{goods: 14}", "{goods: -14}")],
        "a batch of 1e18": [("rate: 20 per month, cost_per_arrival: 5", "batch: 1e18")], "a batch of 1e400": [("rate: 20 per month, cost_per_arrival: 5", "batch: 1e400")],
        "a batch of a half": [("rate: 20 per month, cost_per_arrival: 5", "batch: 0.5")], "a batch below nothing": [("rate: 20 per month, cost_per_arrival: 5", "batch: -5")],
        "10^9 present": [("rate: 20 per month, cost_per_arrival: 5", "present: 1000000000")], "a wait of nothing": [("after: 20 days", "after: 0 days")],
        "a wait below nothing": [("after: 20 days", "after: -1 day")], "every moment": [("every: 1 month", "every: 0 days")], "every millisecond": [("every: 1 month, spend: {goods: 14}, to: {stay: {chance: stays,", "every: 0.001 seconds, spend: {goods: 14}, to: {stay: {chance: 99.9999999 %,")],
        "round and round at once": [("asked:   {after: 20 days, outcomes: {pleased: 40 %, silent: rest}}", "asked:   {after: 0 days, to: client}")],
        "round and round at once, drawn": [("asked:   {after: 20 days, outcomes: {pleased: 40 %, silent: rest}}", "asked:   {after: {uniform: [0 days, 0 days]}, to: client}")],
        "round and round by a millisecond": [("asked:   {after: 20 days, outcomes: {pleased: 40 %, silent: rest}}", "asked:   {after: 0.001 seconds, to: client}")],
        "10^9 events": [("every: 0.1 per month, refer: friends", "every: 1e9 per month, spend: {x: 1}")], "10^300 events": [("every: 0.1 per month, refer: friends", "every: 1e300 per second, spend: {x: 1}")],
        "10^9 arrivals": [("rate: 20 per month", "rate: 1e9 per month")], "10^300 arrivals": [("rate: 20 per month", "rate: 1e300 per second")],
        "referrals that feed themselves": [("every: 0.1 per month, refer", "every: 100 per day, refer")],
        "referrals that feed themselves at once": [("visitor: {role: prospect, phase: attract, after: {exponential: 3 days}, to: {client: buys, gone: rest}}", "visitor: {role: prospect, phase: attract, to: {client: buys, gone: rest}}"), ("on_entry: {earn: {box: 25}}", "on_entry: {earn: {box: 25}, refer: friends}")],
        "all bring two at once": [("visitor: {role: prospect, phase: attract, after: {exponential: 3 days}, to: {client: buys, gone: rest}}", "visitor: {role: prospect, phase: attract, on_entry: {refer: [friends, friends]}, after: 1 day, to: {client: buys, gone: rest}}")],
        "a service of no time": [("journey:\n", "resources:\n  team: {people: 1}\njourney:\n"), ("asked:   {after: 20 days, ", "asked: {after: 20 days, staff: team, takes: 0 days, ")],
        "a thousand million to serve": [("journey:\n", "resources:\n  team: {people: 1000000000}\njourney:\n"), ("asked:   {after: 20 days, ", "asked: {after: 20 days, staff: team, takes: 1 hour, ")],
        "nobody to serve": [("journey:\n", "resources:\n  team: {people: 0}\njourney:\n"), ("asked:   {after: 20 days, ", "asked: {after: 20 days, staff: team, takes: 1 hour, ")],
        "a market of 10^18": [("currency: EUR", "currency: EUR\nmarket: 1000000000000000000")], "a market of nobody": [("currency: EUR", "currency: EUR\nmarket: 0")],
        "a market and referrals that feed themselves": [("currency: EUR", "currency: EUR\nmarket: 1000000000"), ("every: 0.1 per month, refer", "every: 100 per day, refer")],
        "a queue and referrals that feed themselves": [("every: 0.1 per month, refer", "every: 100 per day, refer"), ("journey:\n", "resources:\n  team: {people: 1}\njourney:\n"), ("asked:   {after: 20 days, ", "asked: {after: 0.001 seconds, staff: team, takes: 1 hour, ")],
        "a reputation and referrals that feed themselves": [("every: 0.1 per month, refer", "every: {rate: 1}, refer")],
        "a count that feeds itself": [("attributes:\n", "attributes:\n  many: {count_of: customer}\n"), ("every: 0.1 per month, refer", "every: {value: 1 per month, times: {many: {0: 1, 10: 10, 100: 1000, 1000: 100000}}}, refer")],
        "a mean that feeds itself": [("attributes:\n", "attributes:\n  stars: {mean_of: plan, weights: {basic: 1, premium: 2}, among: customer, starts: 1}\n"), ("every: 0.1 per month, refer", "every: {value: 100 per day, times: {stars: {1.2: 100}}}, refer")],
        "a rate of itself": [("value: 30 %", "value: buys")], "rates of each other": [("value: 30 %", "value: stays"), ("{value: 90 % per month,", "{value: buys,")],
        "a counter without end": [("attributes:\n", "attributes:\n  n: {counts: 0 to 1e18}\n"), ("refer: friends}", "refer: friends, add: {n: 999999999999999999}}")],
        "a spread that nobody has": [("{value: 30 %,", "{value: 30 %, spread: {alpha: 1e-300, beta: 1e300},")], "a shape of 1e9": [("{exponential: 3 days}", "{erlang: {mean: 3 days, shape: 1000000000}}")],
        "a shape of 1e-9": [("{exponential: 3 days}", "{weibull: {scale: 3 days, shape: 1e-9}}")], "a sigma of 1e9": [("{exponential: 3 days}", "{lognormal: {median: 3 days, sigma: 1e9}}")],
        "a gamma of nothing": [("{exponential: 3 days}", "{gamma: {mean: 3 days, shape: 1e-300}}")], "ends the wrong way": [("{exponential: 3 days}", "{uniform: [3 days, 1 day]}")],
        "a lever that is no figure": [("limit: 40 %", "1.2.3: 30 %"), ("[talks]", "[talks, care]")], "a lever at 1e400": [("limit: 40 %", "1e400: 30 %"), ("[talks]", "[talks, care]")], "a lever without end": [("spend: 100 per month,", "spend: 1e300 per month,")],
        "a table of no figure": [("{plan: {premium: 95 %}}", "{calendar: {x: 95 %}}")], "a table before the start": [("{plan: {premium: 95 %}}", "{calendar: {-1 days: 95 %}}")],
        "a table at 1e400": [("{plan: {premium: 95 %}}", "{calendar: {1e400 years: 95 %}}")], "digits of another script": [("value: 30 %", "value: ٣٠ %")], "a figure of 5,000 digits": [("value: 30 %", "value: " + "3" * 5_000 + " %")],
        "a seed of 1e30": [("currency: EUR", "currency: EUR\nseed: " + "9" * 30)], "a seed below nothing": [("currency: EUR", "currency: EUR\nseed: -1")], "follow for ever": [("follow: 2 months", "follow: lifetime")],
        "follow for 1e9 years": [("follow: 2 months", "follow: 1e9 years")], "all events at once": [("after: 20 days", "on_date: [" + ", ".join(["1 day"] * 20_000) + "]")],
        "a warm-up of all": [("follow: 2 months", "follow: 2 months\nwarm_up: 6 months")], "a cost of 1e15": [("journey:\n", "costs: {rent: 1e15 per month}\njourney:\n")],
    }  # fmt: skip
    stopped = ("referrals that feed themselves", "referrals that feed themselves at once", "10^9 arrivals", "10^300 arrivals", "10^9 events", "10^300 events", "all bring two at once",
               "a market and referrals that feed themselves", "a queue and referrals that feed themselves", "a count that feeds itself", "a mean that feeds itself", "every millisecond",
               "round and round by a millisecond")  # fmt: skip
    for what, changes in odd.items():
        text = edited(*changes)
        coupled = any(word in what for word in ("market", "queue", "count that", "mean that", "serve", "service"))
        explodes = what in stopped
        codes = frozenset({2, 3}) if explodes else ANY
        words = (*run, "--max-memory", "1") if coupled else run
        yield Case(
            "figures",
            what,
            words,
            {"c.yaml": text},
            codes,
            usual=what
            in (
                "20 of 1e400",
                "the end of time",
                "10^9 events",
                "referrals that feed themselves",
                "a count that feeds itself",
            ),
        )
        if explodes:
            again = (
                ("run", "c.yaml", *SMALL, "--max-events", "200000")
                if "arrivals" not in what
                else (*run, "--engine", "reference", "--max-people", "2000", "--max-events", "2000")
            )
            yield Case(
                "figures",
                f"{what}, by a limit of events alone" if "arrivals" not in what else f"{what}, by the reference",
                again,
                {"c.yaml": text},
                codes,
                seconds=2.0,
            )


# -- the command line ---------------------------------------------------------------------------------


def _options():
    file = {"c.yaml": JOURNEY}
    odd = {
        "--set of 100 kB": ("validate", "c.yaml", "--set", "buys=" + "9" * 100_000), "--set with a name of 100 kB": ("validate", "c.yaml", "--set", "x" * 100_000 + "=1"),
        "--set without a value": ("validate", "c.yaml", "--set", "buys="), "--set without a name": ("validate", "c.yaml", "--set", "=5 %"), "--set of a word": ("validate", "c.yaml", "--set", "buys"),
        "--set of a mapping": ("validate", "c.yaml", "--set", "buys={value: 5 %}"), "--set of brackets": ("validate", "c.yaml", "--set", "buys=" + "[" * 5_000),
        "--set of a formula": ("validate", "c.yaml", "--set", "buys==1+1"), "--set with an escape": ("validate", "c.yaml", "--set", "buys=\x1b[2K"), "--set of two lines": ("validate", "c.yaml", "--set", "buys=1\n2"),
        "--set of a deep path": ("validate", "c.yaml", "--set", "a." * 5_000 + "b=1"), "--set of bytes": ("validate", "c.yaml", "--set", "buys=\udcff"), "--set of a file out": ("validate", "c.yaml", "--set", "extends=../../secret.txt"),
        "--set of a sample": ("validate", "c.yaml", "--set", "journey.visitor.after={empirical: {file: ../../secret.txt, column: days}}"), "--set of nothing at all": ("validate", "c.yaml", "--set", ""),
        "--set of a whole journey": ("validate", "c.yaml", "--set", "journey=~"), "--set of a dot": ("validate", "c.yaml", "--set", ".=1"), "--set 10^400": ("validate", "c.yaml", "--set", "buys=1e400 %"),
        "--horizon of nothing": ("run", "c.yaml", *SMALL, "--horizon", ""), "--horizon of 1e9 years": ("run", "c.yaml", *SMALL, "--horizon", "1e9 years"), "--horizon with an escape": ("run", "c.yaml", *SMALL, "--horizon", "6 \x1b[2Kmonths"),
        "--horizon below nothing": ("run", "c.yaml", *SMALL, "--horizon=-5 months"), "--seed below nothing": ("run", "c.yaml", *SMALL, "--seed", "-1"), "--seed of 1e30": ("run", "c.yaml", *SMALL, "--seed", "9" * 30), "--seed of 5,000 digits": ("run", "c.yaml", *SMALL, "--seed", "9" * 5_000),
        "--seed of a half": ("run", "c.yaml", *SMALL, "--seed", "0.5"), "--replications of none": ("run", "c.yaml", "--replications", "0"), "--replications of a word": ("run", "c.yaml", "--replications", "many"),
        "--replications of 1e30": ("run", "c.yaml", "--replications", "9" * 30), "--replications of 10^9 in 1 GiB": ("run", "c.yaml", "--replications", "1000000000", "--max-memory", "1"), "--workers below nothing": ("run", "c.yaml", "--replications", "2", "--workers", "-1"),
        "--engine of another kind": ("run", "c.yaml", *SMALL, "--engine", "../x"), "--max-people of none": ("run", "c.yaml", *SMALL, "--max-people", "0"), "--max-memory below nothing": ("run", "c.yaml", *SMALL, "--max-memory", "-1"),
        "--max-memory that is none": ("run", "c.yaml", *SMALL, "--max-memory", "nan"), "--max-memory without end": ("run", "c.yaml", *SMALL, "--max-memory", "inf"), "--max-memory of nothing": ("run", "c.yaml", *SMALL, "--max-memory", "0"),
        "--precision of nothing": ("run", "c.yaml", "--precision", "profit=0 %"), "--precision of a word": ("run", "c.yaml", "--precision", "profit"), "--precision of none": ("run", "c.yaml", "--precision", "profit=nan", "--at-most", "20"),
        "--precision with an escape": ("run", "c.yaml", "--precision", "\x1b[2K=1 %"), "--strategies of nobody": ("run", "c.yaml", *SMALL, "--strategies", "nobody"), "--strategies of commas": ("run", "c.yaml", *SMALL, "--strategies", ",,,"),
        "--strategies with an escape": ("run", "c.yaml", *SMALL, "--strategies", "\x1b[2K"), "--strategies of bytes": ("run", "c.yaml", *SMALL, "--strategies", "\udcff\udcfe"), "--off-by that is none": ("compare", "c.yaml", *SMALL, "--off-by", "nan"),
        "--off-by of all": ("compare", "c.yaml", *SMALL, "--off-by", "1e300"), "--values of 10^9": ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "buys=0 %:100 %:1000000000"), "--values without end": ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "buys=0 %:1e400 %:5"),
        "--values of nothing": ("sweep", "c.yaml", *SMALL, "--values", ""), "--values of a formula": ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "=1+1=5"), "--values of 100 kB": ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "buys=" + "1," * 50_000),
        "--values with an escape": ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "buys=\x1b[2K"), "a word too many": ("validate", "c.yaml", "another"), "an option that is none": ("run", "c.yaml", "--frobnicate"),
        "an option with an escape": ("run", "c.yaml", "--\x1b[2K"), "a command that is none": ("../../bin/sh",), "a command with an escape": ("\x1b[2K\u202e",), "an option of 100 kB": ("run", "c.yaml", "--" + "x" * 100_000), "--of of a path": ("sensitivity", "c.yaml", *SMALL, "--of", "../../up", "--over", "buys"),
        "--of with an escape": ("sensitivity", "c.yaml", *SMALL, "--of", "\x1b[2K", "--over", "buys"), "list of a path": ("list", "/etc/passwd"), "list of an escape": ("list", "\x1b[2K"), "list of a file": ("list", "../../secret.txt"),
        "a path with an escape": ("validate", "\x1b[2K.yaml"), "a path with a new line": ("validate", "a\nb.yaml"), "a path of bytes": ("validate", "\udcff.yaml"), "a path with a dash": ("validate", "--", "-c.yaml"), "a path of 10,000 letters": ("validate", "x/" * 5_000 + "c.yaml"),
        "a shipped name by a path": ("validate", "../configs/subscription"), "a name with a slash": ("validate", "/"), "nothing for a path": ("validate", ""), "a blank path": ("validate", " "), "dots": ("validate", "..."), "export of nothing": ("export", "no.db", "out.csv"),
        "export of a journey": ("export", "c.yaml", "out.csv"), "export of a device": ("export", "/dev/zero", "out.csv"), "export of a folder": ("export", ".", "out.csv"), "export to another kind": ("export", "c.yaml", "out.exe"),
    }  # fmt: skip
    answers = {
        "--max-memory without end",
        "--horizon of 1e9 years",
        "--set of nothing at all",
        "list of an escape",
        "--set of a mapping",
        "--precision of none",
        "--precision of nothing",
        "--strategies of commas",
        "--values of 100 kB",
        "--off-by of all",
        "--values without end",
    }
    for what, words in odd.items():
        yield Case(
            "command line",
            what,
            words,
            file,
            EITHER if what in answers else REFUSED,
            (CANARY, "root:"),
            usual=len(what) % 9 == 0 and "100 kB" not in what,
        )
    store = {
        "a pipe": ("s.db", _fifo), "a device": ("/dev/null", None), "zeros": ("/dev/zero", None), "a folder": ("s.db", _folder), "a text": ("s.db", f"{CANARY}\n".encode()), "below a file": ("c.yaml/s.db", None),
        "the journey itself": ("c.yaml", None), "a link to itself": ("s.db", _link("s.db")), "a link to a file out": ("s.db", _link("{ROOT}/outer/secret.txt")), "a file out": ("{ROOT}/outer/secret.txt", None), "of the system": ("/proc/s.db", None),
        "a socket": ("s.db", _socket), "nothing": ("", None), "with an escape": ("\x1b[2K/s.db", None), "a long name": ("x" * 300, None), "a byte order mark and zeros": ("s.db", b"SQLite format 3\0" + bytes(5_000)),
    }  # fmt: skip
    sweep = ("sweep", "c.yaml", *SMALL, "--strategies", "loud", "--values", "buys=20 %,30 %", "--store")
    for what, (name, made) in store.items():
        for more in ((), ("--resume",)):
            files = file | ({name: made} if made is not None else {})
            title = f"--store: {what}{', to go on with' if more else ''}"
            yield Case(
                "command line",
                title,
                (*sweep, name, *more),
                files,
                EITHER if what in ("nothing", "with an escape") else REFUSED,
                (CANARY,),
                made=("\x1b[2K",),
                usual=what in ("a folder", "a device") and not more,
            )
    out = {
        "a file": ("c.yaml", None), "below a file": ("c.yaml/out", None), "a device": ("/dev/null", None), "of the system": ("/proc/x", None), "below a device": ("/dev/null/x", None), "a link to itself": ("o", _link("o")),
        "a pipe": ("o", _fifo), "a socket": ("o", _socket), "a long name": ("x" * 300, None), "a link to nothing": ("o", _link("nowhere/at/all")), "of the system, deeper": ("/sys/kernel/x", None), "a byte that is none": ("o\udcff", None), "with an escape": ("o\x1b[2K", None),
        "two lines": ("o\np", None), "nothing": ("", None), "a home": ("~/o", None), "a dash": ("-o", None), "report.html is a folder": ("o", lambda path, root: os.makedirs(os.path.join(path, "report.html"))),
        "csv is a file": ("o", lambda path, root: (os.mkdir(path), open(os.path.join(path, "csv"), "w").close())), "report.html is a link out": ("o", lambda path, root: (os.mkdir(path), os.symlink(f"{root}/outer/secret.txt", os.path.join(path, "report.html")))),
        "results.csv is a link out": ("o", lambda path, root: (os.mkdir(path), os.symlink(f"{root}/outer/secret.txt", os.path.join(path, "results.csv")))), "csv is a link out": ("o", lambda path, root: (os.mkdir(path), os.symlink(f"{root}/outer/inner", os.path.join(path, "csv")))),
        "results.csv is a device": ("o", lambda path, root: (os.mkdir(path), os.symlink("/dev/full", os.path.join(path, "results.csv")))), "results.csv is a pipe": ("o", lambda path, root: (os.mkdir(path), os.mkfifo(os.path.join(path, "results.csv")))),
    }  # fmt: skip
    fine = (
        "a byte that is none",
        "with an escape",
        "two lines",
        "nothing",
        "a home",
        "a dash",
        "a link to nothing",
        "csv is a file",
        "report.html is a link out",
        "results.csv is a link out",
        "csv is a link out",
        "results.csv is a device",
        "results.csv is a pipe",
        "report.html is a folder",
    )
    for what, (name, made) in out.items():
        files = file | ({name: made} if made is not None else {})
        word = f"--out={name}"
        yield Case(
            "command line",
            f"--out: {what}",
            ("run", "c.yaml", *SMALL, word),
            files,
            EITHER if what in fine else REFUSED,
            made=(name.split("/")[0], "nowhere", "report.html", "results.csv", "csv"),
            linked="link out" in what or what == "a home",
            usual=what in ("a file", "a device"),
        )


def cases():
    """Return all, each with a title of its own."""
    every = [*_names(), *_free(), *_named_files(), *_configs(), *_sizes(), *_figures(), *_options()]
    titles = [(one.kind, one.what) for one in every]
    assert len(set(titles)) == len(titles), [title for title in titles if titles.count(title) > 1][:5]
    return every


def laid_out(case, place):
    """Write the files of a case into a place, and return its words."""

    def here(text):
        return text.replace("{ROOT}", str(place.root))

    for name, what in case.files.items():
        path = os.path.join(place.work, here(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if callable(what):
            what(path, place.root)
            continue
        raw = what if isinstance(what, bytes) else here(what).encode("utf-8", "surrogatepass")
        with open(path, "wb") as file:
            file.write(raw)
    return [here(word) for word in case.words]


if __name__ == "__main__":
    import collections

    print(json.dumps(collections.Counter(one.kind for one in cases()), indent=1), sum(one.usual for one in cases()))
