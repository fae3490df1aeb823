"""Spend: one currency, channels and no other figures, and no rows of totals."""

import pandas as pd
import pytest

import flywheel_sim as fs

CLICKS = "Left out, as no spend on a channel: {}; columns={{'channels': [...]}} says otherwise."


def table(tmp_path, text):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    return tmp_path / "t.csv"


def aside(read):
    return {one.rule: one.rows for one in read.account.lines if one.what == "set aside"}


def by_channel(read):
    return read.rows.groupby("channel", observed=True).spend.sum().to_dict()


# -- currencies -----------------------------------------------------------------------------------------------


def test_amounts_in_several_currencies_are_asked_about(tmp_path):
    path = table(tmp_path, "Month,Channel,Cost\n2024-01,Google,$100.50\n2024-01,Meta,€50.25\n2024-02,Google,$9\n")
    with pytest.raises(fs.DataError, match=r"several currencies, EUR and USD; say which counts, .*currency='EUR'"):
        fs.read_spend(path)
    read = fs.read_spend(path, currency="USD")
    assert (read.currency, by_channel(read), aside(read)) == ("USD", {"Google": 109.5}, {"another currency": 1})
    with pytest.raises(fs.DataError, match="no amount is in GBP"):
        fs.read_spend(path, currency="GBP")


@pytest.mark.parametrize(
    "text",
    [
        "Month,Google,Meta\n2024-01,$100.50,€50.25\n2024-02,$9,€1\n",
        "Month,Google (USD),Meta (EUR)\n2024-01,100.50,50.25\n2024-02,9,1\n",
        "Month,google_usd,meta_eur\n2024-01,100.50,50.25\n2024-02,9,1\n",
        "Month,Google ($),Meta\n2024-01,100.50,50.25 €\n2024-02,9,1 €\n",
    ],
)
def test_a_wide_table_in_several_currencies_is_asked_about(tmp_path, text):
    path = table(tmp_path, text)
    with pytest.raises(fs.DataError, match=r"several currencies, EUR and USD; say which counts, .*currency='EUR'"):
        fs.read_spend(path)
    dollars, euros = fs.read_spend(path, currency="USD"), fs.read_spend(path, currency="EUR")
    assert (dollars.currency, dollars.rows.spend.tolist()) == ("USD", [100.5, 9])
    assert (euros.currency, euros.rows.spend.tolist()) == ("EUR", [50.25, 1])
    assert any(one.startswith("Left out, as in another currency: ") for one in euros.remarks())
    with pytest.raises(fs.DataError, match="no amount is in GBP; they are in EUR and USD"):
        fs.read_spend(path, currency="GBP")


def test_a_column_in_several_currencies_is_refused(tmp_path):
    path = table(tmp_path, "Month,Google,Meta\n2024-01,$100,$5\n2024-02,€50,$7\n")
    for currency in (None, "USD"):
        with pytest.raises(fs.DataError, match=r"column 'Google' are in several.*one row a period and channel"):
            fs.read_spend(path, currency=currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("Month,Channel,Cost\n2024-01,Google,$100\n2024-02,Meta,$50\n", "USD"),
        ("Month,Channel,Cost\n2024-01,Google,€0\n2024-02,Meta,€150\n", "EUR"),
        ("Month,Channel,Cost (AUD)\n2024-01,Google,$100\n2024-02,Meta,$50\n", "AUD"),
        ("Month,Channel,Cost (EUR)\n2024-01,Google,100\n2024-02,Meta,50 €\n", "EUR"),
        ("Month,Google,Meta\n2024-01,$100,\n2024-02,,$50\n", "USD"),
        ("Month,Google (EUR),Meta (EUR)\n2024-01,100,\n2024-02,,50\n", "EUR"),
        ("Month,Google (CAD),Meta (CAD)\n2024-01,$100,\n2024-02,,$50\n", "CAD"),
        ("Month,Google,Meta,Currency\n2024-01,100,,GBP\n2024-02,,50,GBP\n", "GBP"),
        ("Month,Try Again,Mad Media\n2024-01,100,\n2024-02,,50\n", None),
        ("Month,Google,Meta\n2024-01,100,0\n2024-02,0,50\n", None),
    ],
)
def test_the_currency_of_all_amounts_is_that_of_the_spend(tmp_path, text, currency):
    read = fs.read_spend(table(tmp_path, text))
    assert (read.currency, read.rows.spend.sum()) == (currency, 150)
    assert fs.read_spend(tmp_path / "t.csv", currency=currency or "CHF").rows.spend.sum() == 150


def test_a_currency_column_tells_of_the_rows_of_a_wide_table(tmp_path):
    path = table(tmp_path, "Month,Google,Meta,Currency\n2024-01,100,5,GBP\n2024-02,7,50,USD\n")
    with pytest.raises(fs.DataError, match="several currencies, GBP and USD"):
        fs.read_spend(path)
    read = fs.read_spend(path, currency="USD")
    assert (read.rows.spend.tolist(), aside(read)) == ([7, 50], {"another currency": 1})


def test_a_heading_and_its_amounts_have_to_agree(tmp_path):
    for text in ("Month,Channel,Cost (EUR)\n2024-01,Google,$100\n", "Month,Google (EUR),Meta\n2024-01,$100,$5\n"):
        with pytest.raises(fs.DataError, match="says EUR and its amounts USD"):
            fs.read_spend(table(tmp_path, text))


# -- columns of what is no spend ------------------------------------------------------------------------------


def test_totals_and_clicks_are_no_channels(tmp_path):
    text = """Month,Google Ads,Meta Ads,LinkedIn,Total Spend,Clicks,Conversions
2024-01,1000.50,2000,450,3450.50,900,20
2024-02,500,300,200,1000,90,7
"""
    read = fs.read_spend(table(tmp_path, text))
    assert by_channel(read) == {"Google Ads": 1500.5, "Meta Ads": 2300, "LinkedIn": 650}
    assert CLICKS.format("'Total Spend' and 'Conversions'") in read.remarks()
    stated = fs.read_spend(tmp_path / "t.csv", columns={"channels": ["LinkedIn", "Total Spend"]})
    assert by_channel(stated) == {"LinkedIn": 650, "Total Spend": 4450.5}


def test_an_export_of_costs_and_clicks_has_one_channel(tmp_path):
    text = (
        "Date,Session source / medium,Ads cost,Ads clicks\n20240101,google / cpc,10.5,4\n20240102,google / cpc,11,5\n"
    )
    read = fs.read_spend(table(tmp_path, text))
    assert (by_channel(read), CLICKS.format("'Ads clicks'") in read.remarks()) == ({"Ads cost": 21.5}, True)


@pytest.mark.parametrize(
    "heading", ["Grand total", "SUM", "Impressions", "CTR", "Avg. CPC", "cpm", "CPA (EUR)", "ROAS", "Sessions",
                "New users", "leads_total", "Revenue", "Orders", "Conv. rate", "totalSpend", "Gesamtkosten", "Summe",
                "Year"]
)  # fmt: skip
def test_a_heading_of_something_else_is_left_out(heading):
    read = fs.read_spend(pd.DataFrame({"Month": ["2024-01"], "Google": [3.0], "Meta": [4.0], heading: [2000.0]}))
    assert (by_channel(read), read.currency) == ({"Google": 3, "Meta": 4}, None)


@pytest.mark.parametrize(
    "heading", ["google / cpc", "LinkedIn Lead Gen", "Pay per click", "Summer Fair", "Sales Navigator"]
)
def test_a_channel_that_only_sounds_so_is_kept(heading):
    read = fs.read_spend(pd.DataFrame({"Month": ["2024-01"], "Meta": [4.0], heading: [3.0]}))
    assert by_channel(read) == {"Meta": 4, heading: 3}


def test_a_table_without_any_channel_is_refused(tmp_path):
    path = table(tmp_path, "Month,Total,Conversions\n2024-01,5,6\n")
    with pytest.raises(fs.DataError, match=r"'Total' and 'Conversions' hold totals .*columns=\{'channels'"):
        fs.read_spend(path)
    assert by_channel(fs.read_spend(path, columns={"channels": ["Total"]})) == {"Total": 5}


# -- rows of totals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "totals"),
    [
        ("Month,Campaign,Cost\n2024-01,A,100\n2024-02,B,50\nTotal: Campaigns,,150\nTotal: Account,,150\n", 2),
        ("Month,Campaign,Cost\n2024-01,A,100\n2024-02,B,50\nTotal: Campaigns, --,150\nTOTAL, --,150\n", 2),
        ("Day,Campaign,Cost\n2024-01-01,A,100\n2024-01-02,B,50\n2024-01-02,Total: Account,150\n", 1),
        ("Day,Campaign,Cost\n2024-01-01,A,100\n2024-01-02,B,50\n,Total: Account,150\n", 1),
        ("Campaign,Day,Cost\nA,13.01.2024,100\nB,14.01.2024,50\nGesamt: Konto,,150\nSumme,,150\n", 2),
        ("Campaign,Day,Cost\nA,01/13/2024,100\nB,01/14/2024,50\n,total campaigns,150\n", 1),
        ("Month,A,B\n2024-01,100,20\n2024-02,10,20\nGesamtergebnis,110,40\n", 1),
        ("Month,A,B\nJan 2024,100,20\nFeb 2024,10,20\nGrand Total,110,40\n", 1),
    ],
)
def test_rows_of_totals_are_set_aside(tmp_path, text, totals):
    read = fs.read_spend(table(tmp_path, text))
    assert (read.rows.spend.sum(), aside(read)) == (150, {"a total": totals})
    assert (read.account.count("refused"), by_channel(read).keys()) == (0, {"A", "B"})


def test_a_total_in_another_currency_asks_nothing(tmp_path):
    text = "Month,Campaign,Cost\n2024-01,A,$100\n2024-02,B,$50\nTotal: Account,,€140\n"
    read = fs.read_spend(table(tmp_path, text))
    assert (read.currency, read.rows.spend.sum()) == ("USD", 150)


def test_a_channel_that_only_begins_so_is_kept(tmp_path):
    read = fs.read_spend(table(tmp_path, "Month,Channel,Cost\n2024-01,Totally Fair,5\n2024-01,Summer,7\n"))
    assert by_channel(read) == {"Totally Fair": 5, "Summer": 7}


def test_days_of_a_workbook_may_end_with_a_total(tmp_path):
    days = [*pd.to_datetime(["2024-01-13", "2024-02-14"]), "Total"]
    book = pd.DataFrame({"Day": days, "Campaign": ["A", "B", None], "Cost": [100.0, 50, 150]})
    for source in (book, tmp_path / "t.xlsx"):
        book.to_excel(tmp_path / "t.xlsx", index=False)
        read = fs.read_spend(source)
        assert (read.rows.spend.tolist(), aside(read), str(read.ends)) == ([100, 50], {"a total": 1}, "2024-02-14")
