"""Exports that are known by their columns, and the headings under which plain files have what each role needs.

Headings are written plainly: small letters and digits, one blank for anything else. Where the columns were seen is said
in the documentation; a ``|`` stands between headings of different years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Role:
    """What a column is for: whether it has to be there, what it is, and how plain files call it."""

    about: str
    called: str = ""
    needed: bool = False

    @property
    def headings(self) -> tuple[str, ...]:
        """Return what plain files call it, the surest first."""
        return tuple(one.strip() for one in self.called.split("|") if one.strip())


@dataclass(frozen=True)
class Export:
    """One export of a tool.

    Attributes
    ----------
    name, kind
        Of which tool, and what it holds.
    needs
        Headings by which it is known, all of them.
    roles
        Under which heading each role is found.
    utc
        Whether times without an offset are UTC.
    local
        Whether offsets, even of zero, are those of the business.
    amounts
        ``cents`` or ``units``.
    refused, unless, remedy
        Why it cannot be read, "" where it can; the role that makes it readable once the user states it; and how to make
        such a column.
    said
        What a reader of the figures has to know.
    """

    name: str
    kind: str
    needs: tuple[str, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    utc: bool = False
    local: bool = False
    amounts: str = "units"
    refused: str = ""
    unless: str = ""
    remedy: str = ""
    said: str = ""


ORDERS = {
    "customer": Role("who bought: a number, key or e-mail address", "customer unique id|customer id|customerid|"
                     "customer key|customer|client id|user id|userid|account id|member id|buyer id|"
                     "customer email|email|e mail|user|client|customer no|customer number|cust id|cust|"
                     "household key|household id|household|member number|shopper id|kundennummer|kunden nr|"
                     "kunden id|kunde|kundin|client no|numero client|id client|id cliente|cliente|codice cliente|"
                     "klantnummer|klant",
                     True),
    "time": Role("when it was bought", "order date|orderdate|purchase date|ordered at|order time|created at|paid at|"
                 "invoicedate|invoice date|invoiced date|transaction date|transaction time|order purchase timestamp|"
                 "purchased at|trans date|created date|created|timestamp|datetime|date time|date|time|day|bestelldatum|"
                 "rechnungsdatum|kaufdatum|datum|date commande|date de commande|fecha|fecha pedido|data|data ordine|"
                 "besteldatum", True),
    "amount": Role("what was paid for it; of one line where an order has several", "total|order total|"
                   "order total amount|amount|total amount|order amount|total price|net sales|order value|"
                   "revenue|sales|sales value|price paid|"
                   "payment value|transaction amount|tran amount|purchase amount|purchaseamount|"
                   "value|spend|betrag|gesamtbetrag|umsatz|summe|gesamt|montant|total ttc|importe|importo|totale|"
                   "bedrag|totaal"),
    "order": Role("the order's number; several rows of one number are one order", "order id|orderid|order number|"
                  "order no|order|invoice|invoiceno|invoice no|invoice id|invoice number|transaction id|"
                  "receipt number|basket id|bestellnummer|auftragsnummer|rechnungsnummer|numero commande|pedido|ordine|"
                  "ordernummer"),
    "status": Role("paid, failed, cancelled, refunded ...", "status|order status|financial status|payment status|"
                   "state|order state|zahlungsstatus|bestellstatus|statut|estado|stato"),
    "refunded": Role("how much of the amount was paid back", "amount refunded|refunded amount|refund amount|refunded|"
                     "refund|refunds|total refunded|erstattet|erstattung|erstattungsbetrag|rembourse|reembolso|"
                     "rimborso"),
    "cancelled": Role("a date or yes where the order was cancelled", "cancelled at|canceled at|cancelled|canceled|"
                      "is cancelled|is canceled|cancelled date|canceled date|storniert|annule|cancelado|annullato"),
    "currency": Role("of the amount", "currency|currency code|waehrung|wahrung|devise|moneda|valuta"),
    "quantity": Role("how many units", "quantity|qty|units|menge|anzahl|quantite|cantidad|quantita|aantal"),
    "price": Role("of one unit; with quantity it gives the amount where there is none", "unit price|unitprice|price|"
                  "item price|stueckpreis|stuckpreis|einzelpreis|preis|prix unitaire|precio"),
    "referred_by": Role("the customer who brought this one", "referred by|referrer id|referrer|referred by customer|"
                        "geworben von|parrain"),
    "channel": Role("where the customer came from", "channel|acquisition channel|marketing channel|utm source|"
                    "traffic source|first source|kanal|canal|canale|kanaal"),
    "item": Role("what was bought; then equal rows of an order are lines of it, and not the same row twice",
                 "order item id|line item id|line number|payment sequential|"
                 "sku|product id|product sku|product|product name|item id|item|item name|stockcode|lineitem name|"
                 "article|artikel|produkt|produit|producto|prodotto"),
    "captured": Role("no where money was only held back"),
    "mode": Role("test where nobody bought"),
}  # fmt: skip

SUBSCRIPTIONS = {
    "customer": ORDERS["customer"],
    "subscription": Role("the subscription's number", "subscription id|subscription|subscription external id|abo id|"
                         "vertragsnummer|contract id"),
    "plan": Role("what they subscribed to", "plan|plan name|plan id|plan tier|plan external id|product|product name|"
                 "tier|subscription plan|tarif|package|offer"),
    "start": Role("the first day of the subscription", "start|start date|started at|start at|started|begin|begins|"
                  "subscription start|subscribed at|signup date|sign up date|joined|created at|created|startdatum|"
                  "beginn|von|date debut|debut|inicio|inizio"),
    "end": Role("the day it ended, blank while it is active", "end|end date|ended at|ended|ends|cancelled at|"
                "canceled at|cancelled|canceled|cancel date|cancellation date|churned at|churn date|expired at|"
                "subscription end|enddatum|ende|bis|kundigung|gekundigt am|date fin|fin|fine"),
    "price": Role("of one interval", "price|amount|mrr|mrr amount|monthly price|fee|plan amount|preis|betrag|prix|"
                  "precio|prezzo"),
    "interval": Role("month, year, 3 months ...", "interval|billing interval|billing period|period|frequency|"
                     "billing cycle|billing frequency|intervall|abrechnung|periode"),
    "interval_count": Role("how many of them", "interval count|billing period count"),
    "quantity": Role("how many seats or units", "quantity|qty|seats|units|menge|anzahl"),
    "status": Role("active, cancelled, on trial ...", "status|state|subscription status"),
    "trial": Role("yes where it is still a trial", "is trial|on trial"),
    "trial_end": Role("the day a trial ended", "trial end|trial ends at|trial end date"),
    "asked_to_end": Role("the day somebody cancelled, where it goes on to the end of what is paid",
                         "cancelled requested at"),
    "currency": ORDERS["currency"],
    "referred_by": ORDERS["referred_by"],
    "channel": ORDERS["channel"],
    "event": Role("start, cancellation ... where each row is an event", "event type|movement type|event"),
    "time": Role("when the event was", "effective date|event date|date|timestamp"),
    "event_id": Role("the event's number"),
    "retracted": Role("the number of the event that this one takes back"),
    "month": Role("where each row is a month of a subscription: the month", "reporting month"),
    "mrr": Role("what it paid in that month", "mrr billing currency"),
}  # fmt: skip

PIPELINE = {
    "lead": Role("who or what moves through the stages", "lead id|lead|deal id|record id|opportunity id|opportunity|"
                 "contact id|contact|prospect id|customer id|company id|account id|id|deal", True),
    "stage": Role("the stage", "stage|stage name|deal stage|lifecycle stage|pipeline stage|phase|status|state|stufe|"
                  "etape|etapa"),
    "entered": Role("when it was entered", "entered|entered at|date entered|stage entered|entered stage|from|start|"
                    "start date|changed at|stage date|created date|create date|created at|timestamp|date|time|"
                    "eingang|von|beginn", True),
    "left": Role("when it was left, blank while there", "left|left at|date left|exited|exited at|exit date|date exited|"
                 "until|to date|end|end date|bis|ende"),
    "to": Role("the stage that came next", "to|to stage|next stage|next"),
    "closed": Role("the day a deal was won or lost"),
    "since": Role("when the present stage was entered"),
}  # fmt: skip

FUNNEL = {
    "step": Role("the step", "step|step name|funnel step|stage|event name|event|page|schritt|stufe|etape"),
    "count": Role("how many reached it", "count|users|active users|total users|people|visitors|sessions|customers|"
                  "number|n|anzahl|nombre"),
    "period": Role("the day, week, month or year", "period|month|week|day|date|year month|yearmonth|quarter|year|"
                   "monat|woche|tag|datum|mois|mes|mese"),
    "steps": Role("several columns, one a step, in their order"),
    "group": Role("groups within a step, which are added up", "device category|device|breakdown|country"),
    "segment": Role("segments, which share people: of several only 'All users' counts", "segment|segment name"),
}  # fmt: skip

SPEND = {
    "period": Role("the day, week, month or year", "period|month|day|date|week|reporting starts|reporting start|"
                   "year month|yearmonth|quarter|year|monat|woche|tag|datum|mois|mes|mese", True),
    "channel": Role("what the money was spent on", "channel|marketing channel|source|platform|network|campaign|"
                    "campaign name|medium|utm source|kanal|kampagne|canal|canale"),
    "spend": Role("how much was spent", "spend|cost|amount spent|spent|amount|ad spend|adspend|costs|kosten|ausgaben|"
                  "betrag|depenses|gasto|spesa"),
    "arrivals": Role("how many came", "arrivals|clicks|link clicks|visits|visitors|sessions|leads|klicks|besuche"),
    "currency": ORDERS["currency"],
    "channels": Role("several columns, one a channel"),
}  # fmt: skip

SURVIVORS = {
    "cohort": Role("who began together", "cohort|segment|group|cohort month|signup month|start month|kohorte|cohorte"),
    "age": Role("how many periods since they began, 0 first", "age|year|years|month|months|week|weeks|day|days|period|"
                "periods|tenure|period number|alter|jahr|monat"),
    "survivors": Role("how many, or which share in %, are left", "survivors|survivors pct|survivors percent|survival|"
                      "retained|active|active customers|customers|remaining|retention|retention rate|left|users|count|"
                      "share|uberlebende"),
    "ages": Role("several columns, one an age, from 0 on"),
}  # fmt: skip

#: Roles that several columns share.
SEVERAL = ("steps", "channels", "ages")

ROLES = {
    "orders": ORDERS,
    "subscriptions": SUBSCRIPTIONS,
    "pipeline": PIPELINE,
    "funnel": FUNNEL,
    "spend": SPEND,
    "survivors": SURVIVORS,
}
