"""The command, noting in a file every batch it begins, and taking its time over the last step of an export.

What a killed sweep had under way cannot be read from its store; it can from the file. Importing takes seconds, so one
host imports once and then is the command as often as it is told to, each time in a process and a group of its own.
"""

import json
import os
import sys
import time
from importlib import import_module

from flywheel_sim.cli import main
from flywheel_sim.experiment.sweep import sweep

_run_batch, _fsync = sweep.run_batch, os.fsync


def begun(task, **how):
    """Note a batch and run it."""
    log = os.open(os.environ["BEGUN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, f"{task.point}/{task.first}\n".encode())
    os.close(log)
    return _run_batch(task, **how)


def linger(handle):
    """Have the bytes written, and wait before the file gets its name."""
    _fsync(handle)
    time.sleep(60)


def run_command(arguments, begun_file, output_file, lingers):
    """Run the command in a process and a group of its own; return its number."""
    number = os.fork()
    if number:
        return number
    os.setsid()
    output = os.open(output_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["BEGUN"] = begun_file
    if lingers:
        os.fsync = linger
    sys.argv[1:] = arguments
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    for name in ("flywheel_sim.engine.kernel.waves", "pandas", "pyarrow.parquet", "scipy.stats"):
        import_module(name)  # once, for every command to come

    sweep.run_batch = begun
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(
            run_command(*asked) if isinstance(asked, list) else os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]),
            flush=True,
        )
