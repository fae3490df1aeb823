"""A report whose every free text is hostile, in a real browser: nothing runs, nothing is fetched, all charts show."""

import csv
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import openpyxl
import pandas as pd
import pytest

from flywheel_sim.spreadsheets import csv_of

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000")  # fmt: skip

#: What a text may try; CANARY is the address of a server that notes whoever asks it for anything.
HOSTILE = (
    "<script>document.title = 'RUN'; fetch('CANARY/script')</script>",
    "</script><script src='CANARY/script.js'></script>",
    "<img src='CANARY/picture.png' onerror=\"document.title = 'RUN'\">",
    "\" onmouseover=\"document.title = 'RUN'\" style=\"position: fixed; inset: 0; background: url(CANARY/css)",
    "</style><style>body { display: none; background: url(CANARY/css) }</style>",
    "}} body { display: none } * { background: url('CANARY/css') } @import 'CANARY/import.css';",
    "</title></head><body onload=\"document.title = 'RUN'\"><h1>Another page</h1>",
    "<svg onload=\"document.title = 'RUN'\"><image href='CANARY/svg.png'/></svg><iframe src='CANARY/frame'></iframe>",
    "<a href=\"javascript:document.title = 'RUN'\">a link</a><base href='CANARY/'><form action='CANARY/form'>",
    "<meta http-equiv='refresh' content='0; url=CANARY/refresh'><link rel='stylesheet' href='CANARY/link.css'>",
    "--> ]]> <!-- <![CDATA[ &lt;script&gt; &#60;script&#62; {{ 7 * 7 }} {% raw %} ${7*7}",
    "javascript:document.title='RUN'", "CANARY/plain", "https://127.0.0.1:9/secure", "data:text/html,<script>1",
    '=HYPERLINK("CANARY/excel", "a link")', "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "＝1+1", "=cmd|' /C calc'!A0",
    "$\\frac{1}{0}$ $$\\href{javascript:document.title='RUN'}{x}$$ _{^", "long" * 1250,
    "\u202eback to front\u202d \u2066\u2067\u2069 \u200f", "\x00 \x01 \x0b \x1b[31m \x7f \x85 \ufffe",
    "quotes \" ' ` \\ \\\\", "two\nlines\r\nthree\u2028four",
)  # fmt: skip


def browser():
    """Return the browser there is, or skip; a machine that must have one says FLYWHEEL_BROWSER=required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get("FLYWHEEL_BROWSER") == "required":
        pytest.fail("no Chromium, and FLYWHEEL_BROWSER=required says that there must be one")
    return found or pytest.skip("no Chromium: the report is not opened in a browser")


class Noting(SimpleHTTPRequestHandler):
    """A server of a folder that notes what it is asked for."""

    def log_message(self, *_):
        self.server.asked.append(self.path)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Noting, directory=folder)) as server:
        server.folder, server.asked, server.address = folder, [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def hostile(server):
    """Return the texts, with the address of the server in them."""
    return [text.replace("CANARY", server.address) for text in HOSTILE]


@pytest.fixture
def shown(server, tmp_path):
    """Return a function that opens an address and returns the page as it then is, and what the server was asked for."""
    found = browser()

    def opened(address):
        server.asked.clear()
        line = [found, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, [path for path in server.asked if path != "/favicon.ico"]

    return opened


#: A page that looks into another, and says what it finds.
LOOKING = """<!DOCTYPE html><iframe id="looked" src="PAGE" width="1200" height="900"></iframe><script>
addEventListener("load", () => {
  const page = looked.contentDocument, all = [...page.querySelectorAll("*")];
  document.body.textContent = JSON.stringify({
    title: page.title, headings: page.querySelectorAll("h1").length,
    pictures: [...page.images].map(one => one.naturalWidth),
    width: getComputedStyle(page.querySelector("main") ?? page.body).maxWidth,
    tags: [...new Set(all.map(one => one.localName))],
    handlers: all.flatMap(one => [...one.attributes]).filter(one => /^(on|style)/.test(one.name)).length,
    links: [...page.links].map(one => one.protocol),
    sources: [...page.images].map(one => new URL(one.src).protocol)});
});</script>"""


@pytest.fixture(scope="module")
def report(server, hostile):
    """Write the report of a comparison whose every free text is hostile, by the command; return its folder."""
    whys = {f"rate_{at}": {"value": "2", "why": text} for at, text in enumerate(hostile)}
    journey = {
        "name": " ".join(text for text in hostile if len(text) < 1000), "horizon": "3 months", "follow": "1 month",
        "currency": "EUR", "report_by": ["plan"],
        "rates": {"retention": {"value": "85 % per month", "why": hostile[0]}, **whys},
        "attributes": {"plan": {"basic": "40 %", "premium": "rest"}},
        "lines": {"help": {"kind": "service", "why": hostile[2]}},
        "channels": {"ads": {"batch": 40, "cost_per_batch": 50, "enters": "member"}},
        "journey": {
            "member": {"role": "customer", "earn": {"subscription": "12 per month"}, "spend": {"help": "1 per month"},
                       "events": {"renewal": {"every": "1 month", "to": {"stay": "retention", "gone": "rest"}},
                                  "extra": {"after": "9 days", "earn": {
                                      "extra": {"empirical": {"file": "paid.csv", "column": hostile[0]}}}}}},
            "gone": "exit",
        },
        "strategies": {"plain": {}, "more": {"rates": {"retention": "90 % per month"}}},
    }  # fmt: skip
    with (server.folder / "paid.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[hostile[0]], [3], [5]])
    path, folder = server.folder / "journey.yaml", server.folder / "out"
    path.write_text(json.dumps(journey), encoding="utf-8")
    words = [
        "compare",
        str(path),
        "--over",
        "retention",
        "--replications",
        "12",
        "--workers",
        "1",
        "--out",
        str(folder),
    ]
    code = "from flywheel_sim.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    texts = csv_of(pd.DataFrame({text: [text, 1] for text in hostile}))
    (folder / "texts.csv").write_text(texts, encoding="utf-8", newline="")
    return folder


def test_a_page_that_is_not_safe_would_be_noticed(shown, server):
    (server.folder / "unsafe.html").write_text(
        f"<h1>A page</h1>{HOSTILE[0]}{HOSTILE[2]}".replace("CANARY", server.address)
    )
    page, asked = shown((server.folder / "unsafe.html").as_uri())
    assert "<title>RUN</title>" in page
    assert {"/script", "/picture.png"} <= set(asked)


def test_nothing_in_a_report_runs_or_is_fetched(shown, report):
    page, asked = shown((report / "report.html").as_uri())
    assert asked == []
    assert page.count("<title>") == page.count("<h1>") == 1
    assert re.search("<title>(.*?)</title>", page, re.DOTALL)[1].startswith("&lt;script&gt;document.title = 'RUN'")


def test_all_of_a_report_shows(shown, server, report):
    (server.folder / "looking.html").write_text(LOOKING.replace("PAGE", "out/report.html"))
    page, asked = shown(f"{server.address}/looking.html")
    assert asked == ["/looking.html", "/out/report.html"]
    found = json.loads(re.search("<body>(.*)</body>", page, re.DOTALL)[1].replace("&lt;", "<").replace("&gt;", ">")
                       .replace("&nbsp;", "\u00a0").replace("&amp;", "&"))  # fmt: skip
    assert len(found["pictures"]) == len(list((report / "csv").glob("*.csv"))) > 10
    assert min(found["pictures"]) > 100
    assert set(found["sources"]) == set(found["links"]) == {"data:"}
    assert found["width"] == "1020px"  # the style of the page itself holds
    assert found["headings"] == 1
    assert found["handlers"] == 0
    assert not {"script", "iframe", "form", "base", "link", "object", "svg"} & set(found["tags"])


def test_no_cell_of_any_table_is_a_formula(report, hostile):
    paths = list(report.rglob("*.csv"))
    assert len(paths) > 12
    for path in paths:
        sheet = openpyxl.Workbook().active
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                sheet.append([re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", cell) for cell in row])
        assert sheet.max_row > 1
        assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    sheet = openpyxl.Workbook().active
    sheet.append([text for text in hostile if text.startswith("=")])
    assert {cell.data_type for cell in sheet[1]} == {"f"}  # as they would be
