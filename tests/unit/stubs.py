"""Write what type checkers read of the lazy names of the package and of its charts: `make stubs`.

The names come from the package's own list and from what questions declare; a test holds the files equal to this.
"""

from pathlib import Path

import flywheel_sim as fs
from flywheel_sim.analysis import registry

PACKAGE = Path(fs.__file__).parent
HEAD = "# Written by `make stubs` from what questions declare; do not edit.\n"


def imports(homes):
    """Return the lines that import every name from its module."""
    rooms = {}
    for name, home in homes.items():
        rooms.setdefault(home, []).append(name)
    return "".join(
        f"from flywheel_sim.{home} import {name} as {name}\n" for home in sorted(rooms) for name in sorted(rooms[home])
    )


def listed(names):
    """Return a list of names as code."""
    return "__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n"


def package():
    """Return the stub of the package."""
    homes = {**fs.BASE, **registry.names()}
    modules = "".join(f"from flywheel_sim import {name} as {name}\n" for name in fs.MODULES)
    own = "from flywheel_sim.version import __version__ as __version__\n\n"
    own += "BASE: dict[str, str]\nMODULES: tuple[str, ...]\n"
    return f"{HEAD}{modules}{imports(homes)}{own}\n{listed([*homes, *fs.MODULES])}"


def charts():
    """Return the stub of the charts."""
    homes = {"Chart": "drawing.chart", **registry.charts()}
    return f"{HEAD}{imports(homes)}\n{listed(homes)}"


STUBS = {PACKAGE / "__init__.pyi": package, PACKAGE / "charts.pyi": charts}

if __name__ == "__main__":
    for path, made in STUBS.items():
        path.write_text(made(), encoding="utf-8")
        print(path.name)
