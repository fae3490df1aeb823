"""The commands. Results go to standard output, progress and messages to standard error.

Exit status: 0 done, 2 what was written is wrong, 3 a run met its limits or no design point has figures, 130 stopped by
Ctrl-C or a signal.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from flywheel_sim.analysis.commands import FORMER_FLAGS, commands
from flywheel_sim.cli.data import data_commands
from flywheel_sim.cli.options import AsJson, Config, Data, Horizon, Sets, model_of, say, show
from flywheel_sim.cli.runner import added
from flywheel_sim.errors import FlywheelError, SimulationError
from flywheel_sim.texts import shortened, visible


def main() -> None:
    """Run the command and turn errors into messages and exit codes; SIGTERM and SIGHUP stop it as Ctrl-C does."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # of which Windows has one
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        status = application()(standalone_mode=False)
        if status == 130:
            raise KeyboardInterrupt
        if status:
            sys.exit(status)
    except SimulationError as error:
        _fail(str(error), 3)
    except FlywheelError as error:
        _fail(str(error), 2)
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except MemoryError:
        _fail("memory is full; lower a rate or the horizon, or run on fewer workers at a time", 3)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if type(error).__name__ == "Abort":
            _fail("stopped", 130)
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            message = error.format_message()
            if instead := _instead(error):
                _fail(f"there is no {instead[0]} any more; write {instead[1]}", 2)
            helped = type(error).__name__ == "NoArgsIsHelpError"
            _fail(message if helped else f"{message.rstrip('.')}; see flywheel --help", 2)
        raise


def _instead(error: Any) -> tuple[str, str] | None:
    """Return a flag that the command has no more, with what to write instead; None where it never had it."""
    flag, context = str(getattr(error, "option_name", "")), getattr(error, "ctx", None)
    if context is None:
        return None
    instead = FORMER_FLAGS.get(f"{context.info_name} {flag}", FORMER_FLAGS.get(flag, ""))
    known = {written for one in context.command.params for written in one.opts}
    return (flag, instead) if instead.split(",")[0] in known else None


def _fail(message: str, code: int) -> None:
    print(visible(message), file=sys.stderr)
    if code == 130 and any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # nobody waits for a run that is under way
    sys.exit(code)


def validate(
    config: Config, sets: Sets = None, data: Data = None, horizon: Horizon = None, as_json: AsJson = False
) -> None:
    """Check a journey with all its strategies, and say what is in it."""
    from flywheel_sim.scenario.describe import assumptions
    from flywheel_sim.scenario.model import MOST_KEPT

    model = model_of(config, sets, horizon, data)
    journey = model.journey()
    unexplained = [a.name for a in assumptions(model) if not a.why]
    looked, unsolved = model.strategies[:MOST_KEPT], set(model.matched)  # as many as are kept; others have their notes
    matched = [model.unmatched_journey(name) for name in looked if name in unsolved]
    whole = [journey, *(model.journey(name) for name in looked if name not in unsolved), *matched]
    notes = {(word.file, word.line, word.path): word for one in reversed(whole) for word in one.notes}
    words = [str(word) for word in sorted(notes.values())]
    if as_json:
        show(json.dumps({"name": model.name, "fingerprint": journey.fingerprint, "strategies": list(model.strategies),
                         "stages": [s.name for s in journey.stages], "channels": [c.name for c in journey.channels],
                         "rates": list(model.rates), "rates_without_why": unexplained, "notes": words}))  # fmt: skip
        return
    lines = [
        f"{model.origin}: '{model.name}' can run",
        f"  stages      {', '.join(s.name for s in journey.stages)}",
        f"  channels    {', '.join(c.name for c in journey.channels)}",
        f"  strategies  {', '.join(model.strategies) or 'none: the file as written'}",
        *(f"  note: '{name}' is matched: one of its spends is solved for when it runs" for name in model.matched),
        *(f"  note: {word}" for word in words),
        *([f"  note: no 'why' given for {', '.join(unexplained)}"] if unexplained else []),
    ]
    show(shortened("\n".join(lines)))


def list_(
    what: Annotated[
        str,
        typer.Argument(metavar="[journeys|metrics|JOURNEY]", help="What to list; of a journey its stages and rates."),
    ] = "journeys",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the shipped journeys, the metrics that can be asked for, or what is in a journey."""
    from flywheel_sim.errors import ExperimentError, nearest
    from flywheel_sim.metrics.registry import metrics
    from flywheel_sim.scenario.load import load, shipped
    from flywheel_sim.wording import text_table

    if what not in ("journeys", "metrics") and (what in shipped() or Path(what).suffix):
        show(str(load(what, data or None)))
        return
    if what == "journeys":
        models = {name: load(name) for name in shipped()}
        heads, rows = ["journey", "what it is", "strategies"], [
            (name, model.name, ", ".join(model.strategies)) for name, model in models.items()
        ]  # fmt: skip
    elif what == "metrics":
        heads = ["metric", "what it is", "unit"]
        rows = [(one.name, f"{one.label}: {one.definition}", one.unit.replace("CUR", "currency")) for one in metrics()]
    else:
        raise ExperimentError(f"'{what}' cannot be listed; {nearest(what, ['journeys', 'metrics'])}")
    show(json.dumps([dict(zip(heads, row, strict=True)) for row in rows]) if as_json else text_table(heads, rows))


def _version(wanted: bool) -> None:
    from flywheel_sim.version import __version__

    if wanted:
        show(f"flywheel_sim {__version__}")
        raise typer.Exit


def _always(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before every command."""


def export(
    store: Annotated[Path, typer.Argument(help="The store of a sweep.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, .parquet or .csv.")],
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Of a damaged store write every replication that is sound.")
    ] = False,
) -> None:
    """Write the outcomes of a sweep to a file; equal sweeps give equal bytes."""
    from flywheel_sim.experiment.sweep.outcomes import Sweep

    if salvage:
        _salvaged(store, to)
        return
    finished = Sweep.read(store)
    unfinished = sum(note.startswith("not finished") for note in finished.notes)
    if unfinished:
        say(f"{unfinished:,} of {len(finished.notes):,} design points are not finished; column 'note' says which")
    finished.export(to)
    say(f"{len(finished.notes) * len(finished.metrics):,} rows: {to}")


def _salvaged(store: Path, to: Path) -> None:
    """Write what is sound in a damaged store to a file, and say what is not."""
    from flywheel_sim.experiment.sweep.outcomes import Sweep
    from flywheel_sim.experiment.sweep.table_files import write_table

    table = Sweep.salvage(store)
    write_table(table, to)
    lost, missing = table.attrs["lost"], table.attrs["missing"]
    if lost:
        say(f"{lost:,} rows of the store are damaged and could not be saved")
    if missing is None:
        say("how many replications were asked for could not be saved, so some may be missing")
    elif missing:
        say(f"{missing:,} replications of those asked for are not there: damaged, or never run")
    if not table.attrs["named"]:
        say("the names of the metrics could not be saved; they have numbers, in the order of --of")
    say(f"{len(table):,} rows: {to}")


def application() -> typer.Typer:
    """Return the application with the commands that questions declare, between those that look after files."""
    app = typer.Typer(
        name="flywheel",
        help="Simulate customers moving round the marketing flywheel: what to expect, how sure, and which strategy.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_always)
    app.command("list", short_help="List the shipped journeys, all metrics, or what is in a journey")(list_)
    app.command(short_help="Check a journey with all its strategies")(validate)
    for one in commands():
        added(app, one)
    app.command(short_help="Write the outcomes of a sweep to a file")(export)
    app.add_typer(data_commands(), name="data", short_help="Check a company's own data before they are used")
    return app
