"""What became of an order, in the words of shops and payment services of several languages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flywheel_sim.data.account import Tally
from flywheel_sim.data.people import say_spellings, unknown_words
from flywheel_sim.data.source.cells import BoolArray, Column, IntArray
from flywheel_sim.data.source.columns import plain, squeezed
from flywheel_sim.data.source.opened import refused
from flywheel_sim.texts import titled

PAID, REFUNDED, CANCELLED, FAILED, PENDING, UNKNOWN = range(6)

_WORDS = {
    PAID: "paid|paid out|partially paid|partially refunded|partial refund|partially returned|succeeded|success|"
          "successful|complete|completed|captured|settled|charged|fulfilled|partially fulfilled|unfulfilled|shipped|"
          "partially shipped|delivered|closed|processed|processing|approved|ok|done|sold|dispatched|in transit|"
          "picked up|received|confirmed|finished|invoice paid|bezahlt|teilweise erstattet|abgeschlossen|erledigt|"
          "versendet|versandt|geliefert|zugestellt|fertiggestellt|in bearbeitung|paye|payee|termine|terminee|livre|"
          "livree|expedie|expediee|partiellement rembourse|pagado|completado|enviado|entregado|pagato|completato|"
          "spedito|consegnato|betaald|voltooid|verzonden|afgerond|pago|concluido|entregue",
    REFUNDED: "refunded|refund|fully refunded|full refund|returned|return|charged back|chargeback|dispute lost|lost|"
              "reversed|disputed|erstattet|ruckerstattet|zuruckerstattet|zuruckgezahlt|retourniert|ruckbuchung|"
              "rembourse|remboursee|reembolsado|devuelto|rimborsato|terugbetaald|devolvido",
    CANCELLED: "cancelled|canceled|cancel|cancelled by customer|cancelled by seller|void|voided|aborted|deleted|trash|"
               "expired|abandoned|unavailable|rejected|storniert|annulliert|abgebrochen|geloscht|annule|annulee|"
               "cancelado|anulado|annullato|geannuleerd",
    FAILED: "failed|failure|fail|declined|denied|error|blocked|uncollectible|unpaid|not paid|nonpayment|bounced|"
            "fehlgeschlagen|abgelehnt|nicht bezahlt|unbezahlt|echoue|echouee|refuse|fallido|rechazado|fallito|"
            "rifiutato|mislukt|geweigerd|falhou|recusado",
    PENDING: "pending|pending payment|open|on hold|authorized|authorised|incomplete|draft|checkout draft|created|new|"
             "invoiced|placed|waiting|awaiting payment|payment pending|requires capture|requires action|"
             "requires payment method|requires confirmation|uncaptured|partially authorized|overdue|past due|due|offen|"
             "ausstehend|wartend|in wartestellung|zahlung ausstehend|en attente|pendiente|in attesa|in sospeso|"
             "openstaand|in behandeling|in afwachting|pendente",
}  # fmt: skip
STATUSES = {word: status for status, words in _WORDS.items() for word in words.split("|")}

_YES = "true|t|1|yes|y|x|ja|j|oui|si|s|sim|wahr|vrai|vero|verdadero|cancelled|canceled|storniert|test"
_NO = "false|f|0|no|n|nein|non|nao|nee|falsch|faux|falso|live|active|aktiv"
YES, NO = frozenset(_YES.split("|")), frozenset(_NO.split("|"))


#: Headings that say how an order stands, or beside those of an address in which part of a country somebody lives.
_PLACES = frozenset(("state", "estado", "stato"))
_ADDRESS = frozenset(("city", "zip", "zipcode", "postalcode", "postcode", "region", "ciudad", "cidade", "citta"))


def names_places(column: Column, headings: Sequence[str], tally: Tally) -> bool:
    """Tell whether a state is that of an address: other parts of one stand beside it, and no status is among it."""
    if plain(column.name) not in _PLACES or not _ADDRESS & set(map(squeezed, headings)):
        return False
    _, keys, _ = column.joined_words(plain)
    places = not any(key in STATUSES and len(key) > 2 for key in keys)  # OK is Oklahoma too
    if places:
        tally.say(f"'{titled(column.name)}' is taken as part of an address, and not as what became of an order.")
    return places


def read_statuses(
    column: Column, who: IntArray, count: Sequence[str] | None, tally: Tally, counted: BoolArray
) -> IntArray:
    """Return what became of every row: one of the statuses of this module, paid where nothing is said.

    Parameters
    ----------
    column
        The words.
    who
        Who stands in each row; a word that one person alone has is not shown.
    count
        Words that count as paid, as the user says; then no others do.
    tally
        To which spellings taken for one are said.
    counted
        Which rows matter.

    Raises
    ------
    DataError
        If there are words that are not known and the user says nothing.
    """
    codes, keys, spellings = column.joined_words(plain)
    stated = None if count is None else {plain(one) for one in count}
    meaning = []
    for key in keys:
        known = STATUSES.get(key, UNKNOWN)
        if stated is not None:
            known = PAID if key in stated else known if known not in (PAID, UNKNOWN) else UNKNOWN
        meaning.append(known)
    by_row = np.array([*meaning, PAID], np.int64)[codes]
    unknown = (by_row == UNKNOWN) & counted
    if stated is None and unknown.any():
        words = unknown_words([keys[code] for code in np.unique(codes[unknown])], keys, codes, who)
        first = int(tally.rows[np.flatnonzero(unknown)[0]])
        raise refused(tally.file, f"column '{titled(column.name)}' has statuses that are not known, first in row "
                      f"{first:,}: {words}", "say which words count as paid: count=['paid', ...]")  # fmt: skip
    for key, known in zip(keys, meaning, strict=True):
        if known != UNKNOWN:
            say_spellings(spellings[key], tally)
    if stated is not None and (idle := stated - set(keys)):
        tally.say(f"{len(idle)} of the words of count= {'is' if len(idle) == 1 else 'are'} not among the statuses.")
    return by_row


def read_flags(column: Column, file: str, *, dated: bool = True) -> BoolArray:
    """Return where a flag is set: yes, 1, true ..., or a date where that means yes; blank is no.

    Raises
    ------
    DataError
        If there are words that are neither.
    """
    if column.kind == "time":
        return ~column.blank
    codes, keys, _ = column.joined_words(plain)
    set_, unknown = [], 0
    for key in keys:
        yes = key in YES or (dated and len(key) >= 6 and any(one.isdigit() for one in key))
        set_.append(yes)
        unknown += not yes and key not in NO
    if unknown:
        raise refused(file, f"column '{titled(column.name)}' has {unknown:,} words that say neither yes nor no",
                      "write yes or no, true or false, 1 or 0")  # fmt: skip
    return np.array([*set_, False], bool)[codes]
