"""Which column serves as what: as the user says, else as a known export has it, else as plain files call it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flywheel_sim.data.source.exports import ROLES, SEVERAL, Export
from flywheel_sim.data.source.opened import Opened, refused
from flywheel_sim.data.source.tools import EXPORTS
from flywheel_sim.errors import DataError, ExperimentError
from flywheel_sim.texts import titled

#: Currencies that headings end with.
_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW MAD MXN MYR NGN "
    "NOK NZD PEN PHP PKR PLN RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
CURRENCIES = frozenset(_CODES.split())
#: Codes of currencies that are words too: headings mean the currency where they are in capitals.
_WORDS_TOO = frozenset(("COP", "MAD", "PEN", "TRY"))
#: Signs of currencies; a dollar may be of many countries and is taken for that of the United States.
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "zł": "PLN", "r$": "BRL",
         "us$": "USD", "a$": "AUD", "c$": "CAD", "kč": "CZK", "fr": "CHF", "fr.": "CHF"}  # fmt: skip

_CENTS = frozenset(("cent", "cents", "pence", "pennies", "minor"))
_UTC = frozenset(("utc", "gmt"))
_BESIDE = frozenset(("in", "pct", "percent", "eu", "us"))


def plain(text: str) -> str:
    """Return a text in small letters and digits without accents, one blank for anything else.

    Examples
    --------
    >>> plain("Rückerstattet"), plain("Created (UTC)"), plain("Pay-Pal ")
    ('ruckerstattet', 'created utc', 'pay pal')
    """
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join(re.findall(r"[^\W_]+", bare))


def squeezed(text: str) -> str:
    """Return a text as `plain`, without blanks: Order Date and OrderDate are one."""
    return plain(text).replace(" ", "")


def without_units(name: str) -> str:
    """Return a heading without what it says of its unit: Amount in EUR is Amount."""
    words = plain(name).split()
    while len(words) > 1 and (words[-1].upper() in CURRENCIES or words[-1] in _CENTS | _UTC | _BESIDE):
        words.pop()
    return "".join(words)


@dataclass(frozen=True)
class Heading:
    """What a heading says beside the name: UTC, a currency, cents, a share."""

    name: str

    @property
    def utc(self) -> bool:
        """Tell whether times are said to be UTC."""
        return bool(_UTC & set(plain(self.name).split()))

    @property
    def cents(self) -> bool:
        """Tell whether amounts are said to be cents."""
        return bool(_CENTS & set(plain(self.name).split()))

    @property
    def currency(self) -> str:
        """Return the currency that is said, "" where none is."""
        said = [word.upper() for word in plain(self.name).split() if word.upper() in CURRENCIES]
        said = [code for code in said if code not in _WORDS_TOO or code in self.name]
        signs = [code for sign, code in SIGNS.items() if len(sign) == 1 and sign in self.name]
        return next(iter(said + signs), "")

    @property
    def share(self) -> bool:
        """Tell whether figures are said to be in %."""
        return "%" in self.name or bool({"pct", "percent", "share"} & set(plain(self.name).split()))


@dataclass(frozen=True)
class Roles:
    """The places of the columns by role, of a role that several columns share all of them, and the export it is."""

    places: Mapping[str, tuple[int, ...]]
    export: Export | None


def roles_of(opened: Opened, kind: str, stated: Mapping[str, str | Sequence[str]] | None) -> Roles:
    """Return which column serves as what.

    Parameters
    ----------
    opened
        The table.
    kind
        What it is to hold.
    stated
        Role to heading, as the user says; of a role that takes several columns a list of them.

    Raises
    ------
    DataError
        If a heading is not there, there twice, or a role that has to be filled is not.
    ExperimentError
        If a role is not known.
    """
    known, stated = ROLES[kind], stated or {}
    for role in stated:
        if role not in known:
            listed = ", ".join(known)
            raise ExperimentError(f"columns has a role '{role}', which {kind} do not have; they have {listed}")
        if not isinstance(stated[role], str) and role not in SEVERAL:
            raise ExperimentError(f"columns gives several headings for '{role}', which takes one; write "
                                  f"columns={{'{role}': 'HEADING'}}")  # fmt: skip
    if not stated:
        opened.need_headings(kind, [role for role, one in known.items() if one.needed] or list(known)[:2])
    places = {role: _stated(opened, role, said) for role, said in stated.items()}
    export = export_of(opened.names, kind)
    if export and export.remedy and export.unless in places:
        export = None  # mended
    if export and export.refused and export.unless not in places:
        made = f"{export.remedy}; " if export.remedy else ""
        remedy = f"{made}a column that tells is stated by columns={{'{export.unless}': 'HEADING'}}"
        raise refused(opened.file, f"this is an export of {export.name}: {export.refused}", remedy)
    headings = _headings(opened.names)
    taken = {place for several in places.values() for place in several}
    for role in known:
        called = export.roles.get(role, "").split("|") if export else known[role].headings
        if role in places or not any(called):
            continue
        found = next((at for one in called for at in headings.get(squeezed(one), ()) if at not in taken), None)
        if found is not None:
            _refuse_doubles(opened, opened.names[found], headings)
            places[role] = (found,)
            taken.add(found)
    missing = [role for role, one in known.items() if one.needed and role not in places]
    if missing:
        raise missing_role(opened, kind, missing[0])
    return Roles(places, export)


def export_of(names: Sequence[str], kind: str) -> Export | None:
    """Return the export that headings are of, if it is a known one."""
    there = {squeezed(name) for name in names}
    for export in EXPORTS:
        needs = [set(map(squeezed, one.split("|"))) for one in export.needs]
        made = set(map(squeezed, ROLES[export.kind][export.unless].headings)) if export.remedy else set()
        if export.kind == kind and all(there & one for one in needs) and not there & made.difference(*needs):
            return export
    return None


def _headings(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of headings, written plainly, and behind those the same without their units."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        found.setdefault(squeezed(name), []).append(at)
    for at, name in enumerate(names):
        if (bare := without_units(name)) not in found:
            found[bare] = [at]
    found.pop("", None)
    return found


def _refuse_doubles(opened: Opened, name: str, headings: Mapping[str, list[int]]) -> None:
    if Counter(opened.names)[name] > 1:
        raise refused(opened.file, f"it has several columns '{titled(name)}'", "rename all but one of them")


def _stated(opened: Opened, role: str, said: str | Sequence[str]) -> tuple[int, ...]:
    """Return the places of the columns that the user states."""
    places = []
    for name in [said] if isinstance(said, str) else said:
        found = [at for at, one in enumerate(opened.names) if one == name]
        found = found or [at for at, one in enumerate(opened.names) if squeezed(one) == squeezed(name) != ""]
        if not found:
            raise refused(opened.file, f"it has no column '{name}' to serve as {role}",
                          f"its columns are {opened.listed}")  # fmt: skip
        if len(found) > 1:
            raise refused(opened.file, f"it has several columns '{titled(name)}'", "rename all but one of them")
        places.append(found[0])
    return tuple(places)


def missing_role(opened: Opened, kind: str, role: str, others: str = "") -> DataError:
    """Return the error that says that no column is known as what a role needs, nor as what would do instead."""
    about = ROLES[kind][role].about
    return refused(opened.file, f"no column is known as the {role} ({about}){others}; its columns are {opened.listed}",
                   f"say which it is: columns={{'{role}': 'HEADING'}}")  # fmt: skip
