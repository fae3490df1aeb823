"""What the package says today, as named cases: every result, chart and command, on small runs of shipped journeys.

`RESULTS` makes results, `MEMBERS` says what is asked of a result of each kind, `COMMANDS` are lines of the command.
Public names alone are used, so that modules may move.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import flywheel_sim as fs

ONE = {"workers": 1}
#: A journey with a rate that is not known for sure; commands find it in their folder.
SHOP = Path(__file__).parent / "shop.yaml"


@cache
def journey(name, horizon="12 months"):
    """Return a shipped journey with a short horizon."""
    return fs.load(name).with_(horizon=horizon)


@cache
def settled():
    """Return the subscription business with its budgets made equal once, so that no case has to do it anew."""
    return fs.match_budgets(journey("subscription"))[0]


@cache
def runs(name, strategy=None, replications=4):
    return fs.replicate(journey(name), strategies=strategy, replications=replications, **ONE)


@cache
def duel():
    return fs.compare(settled(), replications=4, **ONE)


@cache
def trio():
    return fs.compare(
        journey("landing_page"), strategies=["keep_a", "roll_out_b", "roll_out_now"], replications=5, seed=3, **ONE
    )


@cache
def split(**asked):
    places = ("search_ads", "onboarding")
    return fs.allocate(journey("next_euro"), over=places, replications=2, **ONE, **asked)


@cache
def broken(**asked):
    return fs.breakeven(settled(), values=("85 %", "95 %"), points=3, replications=4, **ONE, **asked)


RESULTS = {
    # -- replications
    "runs_subscription": lambda: runs("subscription", "funnel"),
    "runs_product_led": lambda: runs("product_led", "today", 2),
    "runs_b2b_pipeline": lambda: runs("b2b_pipeline", "today", 2),
    "runs_reputation": lambda: runs("reputation", "funnel", 3),
    "runs_ad_campaign": lambda: fs.replicate(fs.load("ad_campaign"), replications=3, **ONE),
    "runs_unit_economics": lambda: fs.replicate(journey("unit_economics", "3 years"), replications=2, **ONE),
    "runs_reseller": lambda: runs("reseller", "both", 2),
    "runs_saas_loyalty": lambda: runs("saas_loyalty", "no_programme", 2),
    "runs_automation": lambda: runs("automation", "today", 2),
    "runs_market": lambda: fs.replicate(
        journey("subscription").with_(market=5000), strategies="funnel", replications=2, **ONE
    ),
    "runs_two_years": lambda: fs.replicate(
        journey("subscription", "24 months"), strategies="funnel", replications=3, **ONE
    ),
    "runs_forecast": lambda: fs.replicate(fs.load(SHOP), replications=3, **ONE),
    "run_people": lambda: fs.run(fs.load("ad_campaign"), people=True, events=True),
    "run_reference": lambda: fs.run(fs.load("ad_campaign"), replication=1, engine="reference"),
    "runs_precision": lambda: fs.replicate(
        journey("subscription"), strategies="funnel", precision={"profit": "20 %", "revenue": "10 %"}, at_most=40, **ONE
    ),
    "stopping": lambda: (
        fs.replicate(
            journey("subscription"), strategies="funnel", precision={"profit": "20 %"}, at_most=30, **ONE
        ).stopping
    ),
    "estimate": lambda: runs("subscription", "funnel")["profit"],
    "expected_path": lambda: fs.expected_path(fs.load("ad_campaign")),
    # -- comparisons
    "comparison_matched": lambda: fs.compare(journey("subscription"), replications=3, **ONE),
    "comparison": duel,
    "comparison_three": trio,
    "comparison_b2b_pipeline": lambda: fs.compare(
        journey("b2b_pipeline"), strategies=["today", "more_sales"], replications=2, **ONE
    ),
    "comparison_two_files": lambda: fs.compare(
        journey("landing_page").with_(name="Today"),
        journey("landing_page").with_(name="Dearer", price=40),
        replications=3,
        **ONE,
    ),
    "crossover": lambda: duel().crossover(),
    "band": lambda: duel().band(),
    "ranking": lambda: trio().ranking(),
    # -- one rate, and many
    "sensitivity": lambda: fs.sensitivity(settled(), values=["88 %", "91 %", "94 %"], replications=3, **ONE),
    "effect": lambda: fs.effect(
        settled(), over="retention", values="+5 points", upsell=["upsell"], replications=3, **ONE
    ),
    "effect_usual": lambda: fs.effect(
        journey("subscription"), over="price", strategies=["funnel"], split=False, replications=3, **ONE
    ),
    "tornado": lambda: fs.tornado(
        journey("subscription"), strategies="funnel", over=["retention", "price", "conversion"], replications=4, **ONE
    ),
    "tornado_difference": lambda: fs.tornado(
        settled(), strategies=["funnel", "flywheel"], over=["retention", "price"], replications=4, **ONE
    ),
    "sobol": lambda: fs.sobol(
        journey("subscription"),
        ["profit", "clv"],
        strategies="funnel",
        over=["retention", "price"],
        n=8,
        replications=3,
        **ONE,
    ),
    "morris": lambda: fs.morris(
        journey("subscription"),
        ["profit", "clv"],
        strategies="funnel",
        over=["retention", "price"],
        trajectories=4,
        replications=3,
        **ONE,
    ),
    "forecast": lambda: fs.forecast(fs.load(SHOP), replications=4, **ONE),
    "sweep": lambda: fs.sweep(settled(), values={"retention": "88 %:94 %:3", "price": [39, 49]}, replications=3, **ONE),
    "sweep_one": lambda: fs.sweep(
        journey("subscription"),
        design="lhs",
        n=3,
        values={"retention": "88 %:94 %"},
        strategies=["funnel"],
        replications=2,
        of=["profit", "payback"],
        **ONE,
    ),
    # -- break-even
    "breakeven": lambda: broken(by="6 months"),
    "breakeven_rematched": lambda: fs.breakeven(
        journey("subscription"), values=("88 %", "94 %"), points=3, rematch=True, replications=2, **ONE
    ),
    "breakeven_map": lambda: fs.breakeven_map(
        settled(),
        over=["retention", "price"],
        values={"retention": ("80 %", "95 %"), "price": (30, 60)},
        points=3,
        replications=3,
        **ONE,
    ),
    # -- budgets
    "allocation": split,
    "allocation_risk": lambda: split(budget="12000 per month", risk=0.25),
    "allocation_by_horizon": lambda: fs.allocation_by_horizon(
        journey("next_euro"),
        horizon=["6 months", "12 months"],
        over=("search_ads", "onboarding"),
        replications=2,
        **ONE,
    ),
    "marginal": lambda: fs.marginal(journey("next_euro"), horizon=["6 months", "12 months"], replications=3, **ONE),
    "judgement": lambda: fs.judge(("3 per customer per month", "92 % per month"), limit="98 %", half_at=2),
    "judgement_hill": lambda: fs.judge(
        ("3 per customer per month", "92 % per month"), limit="98 %", without="80 %", half_at=2, shape="hill"
    ),
    # -- staff
    "capacity": lambda: fs.capacity(journey("b2b_pipeline"), over="sales", values=range(4, 7), replications=2, **ONE),
    "capacity_two": lambda: fs.capacity(
        journey("b2b_pipeline", "9 months"),
        over=["sales", "presales"],
        values={"sales": [4, 5], "presales": [3, 4]},
        replications=2,
        **ONE,
    ),
    "lead_volume": lambda: fs.lead_volume(
        journey("b2b_pipeline"), over="traffic", values=(0.5, 1.0, 1.5), replications=2, **ONE
    ),
    "cost_of_waiting": lambda: fs.cost_of_waiting(journey("b2b_pipeline"), over="sales", replications=2, **ONE),
    "staff_plan": lambda: fs.staff_plan(
        journey("b2b_pipeline"), over="sales", values=(0.0, 0.5, 1.0), replications=2, **ONE
    ),
    "staff_plan_target": lambda: fs.staff_plan(
        journey("b2b_pipeline"), over="presales", target="80 % within 1 day", values=(0.0, 1.0), replications=2, **ONE
    ),
    "cycle_length": lambda: fs.cycle_length(journey("b2b_pipeline"), begins="sql", ends="won", replications=2),
    # -- one question each
    "ab_test": lambda: fs.ab_test(
        journey("landing_page"), of="conversion.visitor.trial", strategies="keep_a", replications=8, **ONE
    ),
    "ab_test_worth": lambda: fs.ab_test(
        journey("landing_page"),
        of="conversion.visitor.trial",
        strategies="keep_a",
        roll_out="roll_out_b",
        now="roll_out_now",
        replications=8,
        **ONE,
    ),
    "frictions": lambda: fs.frictions(
        journey("product_led"), strategies="today", window="3 months", replications=2, **ONE
    ),
    "momentum": lambda: fs.momentum(runs("subscription", "funnel"), window="3 months"),
    "momentum_product_led": lambda: fs.momentum(runs("product_led", "today", 2), window="6 months"),
    "referral_tree": lambda: fs.referral_tree(journey("referral_programme")),
    "repeat_ladder": lambda: fs.repeat_ladder(
        journey("lifecycle"), "orders", window="26 weeks", strategies="today", replications=2
    ),
    "retention_by_day": lambda: fs.retention(journey("product_led"), "free", replications=3, **ONE),
    "retention_of_two": lambda: fs.retention(
        journey("product_led"), "trial", days=[7, 14, 60], strategies=["today", "one_team"], replications=3, **ONE
    ),
    "data_ladder": lambda: fs.ladder_of(fs.datasets.cdnow(), window="26 weeks", up_to=5),
    "claims": lambda: fs.claims(settled(), strategies=["funnel", "flywheel"], replications=2, **ONE),
    "claims_lifecycle": lambda: fs.claims(
        journey("lifecycle"), strategies="today", win_back=["mail_1"], replications=2, **ONE
    ),
}

_FIGURES = ("fan(r)", "fan(r, 'active_customers')", "fan(r, 'revenue', True)", "stage_flow(r)", "staying(r)",
            "queues(r)", "waits(r)", "saturation(r)", "shared(r)", "wheel(r)")  # fmt: skip
_FIGURES = tuple(f"charts.{one}" for one in _FIGURES)
_MANY = ("answer()", "answer('clv')", "table()", "table('clv')", "note", "order()", "order('clv')", "frame()",
         "list(r.base_runs)")  # fmt: skip

#: What is asked of a result of each class, where `r` is the result; a text without `r` is a member of it.
MEMBERS = {
    "Runs": (
        "n", "span", "months", "dates()", "warnings()", "str(r.provenance)", "[vars(one) for one in r.provenance]",
        "stopping", "summary()", "frame()", "conversions()", "by('channel')", "by('channel', 'acquisitions', 'spend')",
        "by('strategy')", "cohorts()", "cohorts(3, 0.9)", "generations()", "movements()", "r['profit']",
        "estimate('clv', 0.8)", "quantile('profit', 0.5)", "probability('profit', at_least=0)",
        "probability('profit', at_least=0, at_most=9000)", "values('profit')", "series('profit')",
        "series('active_customers')", "series('revenue', True)", "metric('clv')", "unit('payback')", "metric('clw')",
        "people", "events", *_FIGURES, "charts.channels(r)", "charts.cohort_retention(r)",
        "charts.cohort_retention(r, 3)", "charts.mrr_movements(r)",
    ),
    "Stopping": ("reached", "reason", "replications", "at_most", "looks", "targets"),
    "Estimate": ("mean", "low", "high", "level", "n", "unit", "of", "sd", "half_width"),
    "ExpectedPath": ("frame()", "people", "revenue", "spend", "gain"),
    "Comparison": (
        "answer()", "answer('revenue')", "answer('clv')", "answer('cac')", "answer('profit', r.names[0], r.names[-1])",
        "answer('profits')", "names", "frame()", "summary()", "what_differs()", "matches", "stopping", "spend_gap()",
        "difference('profit')", "difference('clv')", "difference_series('profit')", "by_month()",
        "by_month('revenue', (1, 2))", "ahead()", "ratio('profit', 'spend')", "pairing_gain()", "crossover()",
        "crossover('revenue')", "band()", "band('revenue', False, level=0.9)", "bands()", "ranking()",
        "ranking('cac', 0.9, 'lowest')", "list(r.runs)", *_FIGURES, "charts.difference(r)",
        "charts.difference(r, 'revenue')", "charts.spending(r)",
    ),
    "Crossover": ("month", "low", "high", "probability", "date", "earliest", "latest", "never", "first"),
    "Band": ("frame()", "level", "critical", "metric"),
    "Ranking": ("frame()", "pairs()", "leaders", "ranks(r.names[0])", "gap(*r.names[:2])", "ahead(*r.names[:2])"),
    "Sensitivity": (
        "frame()", "readings_frame()", "at('funnel', 0)", "band('funnel')", "difference(0, 'flywheel', 'funnel')",
        "elasticity", "readings", "charts.response(r)",
    ),
    "Effect": (
        "answer()", "answer('funnel')", "frame()", "parts_frame()", "parts_frame('profit')", "change()",
        "change('profit')", "changes_of('funnel')", "money()", "years()", "split()", "split('profit').orders",
        "split().shares", "split().interaction", "notes", "step('funnel', r.changes_of('funnel')[0])",
        "charts.effect(r)", "charts.effect(r, ('revenue',), 'funnel')", "charts.effect_parts(r)",
    ),
    "Tornado": ("answer()", "frame()", "table()", "note", "bars", "today", "charts.tornado(r)"),
    "Sobol": (
        *_MANY, "chance()", "unknown()", "first('retention')", "total('price', 'clv')", "charts.sobol(r)",
        "charts.sobol(r, 'clv')",
    ),
    "Morris": (
        *_MANY, "mu('price')", "mu_star('price', 'clv')", "sigma('retention')", "noise('price')", "told('price')",
        "charts.morris(r)", "charts.morris(r, 'clv')",
    ),
    "Forecast": ("answer()", "answer('clv')", "frame()", "uncertain", "chance('profit')", "list(r.base_runs)",
                 "charts.forecast(r)", "charts.forecast(r, 'revenue', False)"),
    "Sweep": ("columns", "set_aside", "points", "outcomes", "figures()", "frame()", "replications(0)",
              "estimate(1, 'profit')", "units", "matched", "n_events"),
    "BreakEven": (
        "answer()", "frame()", "table()", "months()", "months_frame()", "root", "difference()", "difference(0)",
        "spend_gap()", "spend_gap(1)", "shown(0.9)", "shown(0.9, True)", "nearest_point(0.9)", "crossings",
        "stretches", "list(r.base_runs)", "charts.breakeven(r)", "charts.overtaking(r)",
    ),
    "BreakEvenMap": ("answer()", "frame()", "line_frame()", "table()", "mean", "ends", "ahead", "lines",
                     "list(r.base_runs)", "charts.breakeven_map(r)"),
    "Allocation": (
        "answer()", "frame()", "table()", "best", "spend", "decides", "estimate()", "estimate('today')",
        "difference()", "difference('best', 'even')", "spent()", "str(r.certificate)", "certificate", "took",
        "list(r.base_runs)", "charts.allocation(r)",
    ),
    "AllocationByHorizon": ("answer()", "frame()", "table()", "list(r.base_runs)", "charts.allocation_by_horizon(r)"),
    "Marginal": ("answer()", "frame()", "table()", "estimates", "at('onboarding')", "at('onboarding', 6)", "ranking()",
                 "list(r.base_runs)", "charts.marginal(r)"),
    "Judgement": ("answer()", "frame()", "frame(5)", "moves('retention')", "at([0, 1, 3])", "marginal(2)",
                  "shown(0.9)", "far", "misfit", "charts.judgement(r)", "charts.judgement(r, 'retention')"),
    "Capacity": (
        "answer()", "frame()", "table()", "best", "leaders", "ranking", "staffing_today()", "estimate(r.points[0])",
        "difference(r.points[0])", "difference(r.points[0], r.points[1], 'acquisitions')", "marginal('sales')",
        "marginal('sales', 'acquisitions')", "named(r.points[0])", "worded(r.points[0])", "list(r.base_runs)",
        "charts.capacity(r)",
    ),
    "LeadVolume": ("answer()", "frame()", "table()", "marginal()", "estimate(0)", "estimate(0, 'acquisitions')",
                   "leads_at(0)", "waiting_at(0)", "turn", "charts.lead_volume(r)"),
    "CostOfWaiting": ("answer()", "frame()", "figures", "monthly", "charts.cost_of_waiting(r)"),
    "StaffPlan": ("answer()", "frame()", "table()", "trials_frame()", "yaml", "note", "gain", "gain_today", "profit",
                  "person_months", "charts.staff_plan(r)"),
    "CycleLength": ("answer()", "frame()", "mean", "median", "p90", "quantile(0.25)", "n", "cycles", "under_way"),
    "ABTest": (
        "answer()", "frame()", "looks()", "figures", "lift", "lift_of_all", "lift_quantile(0.9)", "undecided",
        "people(0)", "power", "textbook", "differs", "wrong_sign", "exaggeration", "needed", "months_tested",
        "months_needed", "true_lift", "n", "worth and r.worth.answer()", "worth and r.worth.figures",
        "worth and r.worth.rules", "charts.ab_lifts(r)",
        "charts.ab_peeking(r)", "charts.ab_power(r)", "charts.ab_worth(r)",
    ),
    "Frictions": (
        "answer()", "frame()", "table()", "note", "gains", "units", "names", "rankings", "together()", "summed()",
        "interaction()", "gain(r.names[0])", "ranks(r.names[0])", "named(r.names[0])", "friction(r.names[0])",
        "gain(r.names[0], 'momentum')", "charts.frictions(r)",
    ),
    "Momentum": (
        "answer()", "frame()", "table()", "losses()", "told_losses()", "season()", "spans", "faster", "acceleration",
        "change()", "change('growth_rate')", "figure('momentum')", "figure('momentum', True)", "mass", "momentum",
        "generation_time", "growth_rate", "recurring_lost", "paths", "charts.momentum(r)", "charts.wheel(r)",
    ),
    "ReferralTree": ("answer()", "frame()", "people()", "biggest()", "biggest(3, 'people')", "referrers",
                     "referred_customers", "top_share()", "top_share(0.5)", "charts.referral_tree(r)",
                     "charts.referral_tree(r, 1)", "charts.family_sizes(r)"),
    "RepeatLadder": ("answer()", "frame()", "once_only", "share(2)", "single(1)", "steps", "charts.ladder(r)",
                     "charts.ladder(r, cases.RESULTS['data_ladder']())"),
    "RetentionByDay": (
        "answer()", "frame()", "rows()", "table()", "note", "names", "n", "counts", "people", "there", "share(7)",
        "share(7, r.names[-1], 0.9)", "share(400)", "difference(7)", "charts.retention_curve(r)",
    ),
    "DataLadder": ("answer()", "frame()", "once_only", "share(2)", "steps", "reached", "left_out"),
    "Claims": ("answer()", "frame()", "table()", "n", "claims", "together", "retention", "list(r.base_runs)",
               "charts.claims(r)", "charts.claims_region(r)", "charts.claims_region(r, of='profit')"),
}  # fmt: skip

#: What is asked of single cases beside.
MORE = {
    "runs_b2b_pipeline": ("charts.queues(r, 'sales')", "charts.waits(r, 'sales')"),
    "comparison_b2b_pipeline": ("charts.queues(r, 'presales')", "charts.waits(r, 'presales')"),
}

#: Classes of which no report is tried.
NO_REPORT = ("Crossover", "Estimate", "Stopping")

# Every command; lines after the first of a case run in the same folder.
_SUB = "subscription --horizon '12 months' --workers 1"
_B2B = "capacity b2b_pipeline --over sales --values 4,5 --replications 2 --horizon '9 months' --workers 1"
_FUNNEL = f"{_SUB} --strategies funnel --replications 3"
_ALLOCATE = "allocate next_euro --over search_ads --over onboarding --replications 2 --workers 1"
_BREAKEVEN = (
    "breakeven landing_page --over buys --strategies keep_a --strategies roll_out_b --values '8 %:12 %' --points 3 "
    "--replications 3 --horizon '12 months' --workers 1"
)
_LANDING = "landing_page --horizon '12 months' --workers 1"
_TWO = "--strategies keep_a --strategies roll_out_b --replications 3"
_ABTEST = "--of conversion.visitor.trial --strategies keep_a --roll-out roll_out_b --now roll_out_now --replications 6"
_RETENTION = "retention product_led --of free --strategies today --replications 3 --horizon '6 months' --workers 1"
_SWEEP = f"sweep {_FUNNEL} --values 'retention=88 %:94 %:3' --values price=39,49"

#: Commands, of which each is run three ways: as text, with --json, and with --out.
_ANSWERS = {
    "run": f"run {_FUNNEL}",
    "compare": f"compare {_LANDING} {_TWO}",
    "sensitivity": f"sensitivity {_FUNNEL} --of profit --over retention",
    "effect": f"effect {_SUB} --strategies funnel --over retention --replications 2",
    "breakeven": _BREAKEVEN,
    "breakeven_map": f"{_BREAKEVEN} --over price --values 20:40",
    "allocate": f"{_ALLOCATE} --horizon '12 months'",
    "allocate_marginal": f"{_ALLOCATE} --horizon '12 months' --marginal",
    "allocate_horizons": f"{_ALLOCATE} --horizon '6 months' --horizon '12 months'",
    "claims": f"claims {_SUB} --strategies funnel --replications 2",
    "sobol": f"sobol {_FUNNEL} --over retention,price --n 8",
    "morris": f"sobol {_FUNNEL} --over retention,price --morris --trajectories 4",
    "tornado": f"sobol {_FUNNEL} --over retention,price --tornado",
    "frictions": "frictions shop.yaml --replications 3 --workers 1",
    "momentum": f"momentum {_FUNNEL} --window '3 months'",
    "abtest": f"abtest {_LANDING} {_ABTEST}",
    "forecast": "forecast shop.yaml --replications 4 --workers 1",
    "referrals": "referrals referral_programme --horizon '12 months'",
    "ladder": "ladder lifecycle --of orders --window '13 weeks' --replications 1 --horizon '12 months'",
    "retention": f"{_RETENTION} --days 1,7,30",
    "capacity": _B2B,
}

#: Other lines, by case; lines of one case share a folder.
_LINES = {
    "validate": [f"validate {name}" for name in fs.shipped()] + ["validate subscription --json"],
    "run_precision": [f"run {_SUB} --strategies funnel --precision 'profit=20 %' --at-most 30"],
    "run_limits": [f"run {_FUNNEL} --max-events 2000", f"run {_FUNNEL} --max-people 100"],
    "compare_matched": [f"compare {_SUB} --replications 2 --over price"],
    "sweep": [
        f"{_SWEEP} --store s.db --of profit,clv",
        f"{_SWEEP} --store s.db --of profit,clv --resume",
        "export s.db s.csv",
        "export nowhere.db s.csv",
        f"{_SWEEP} --json",
    ],
    "capacity_leads": [
        f"{_B2B} --leads traffic --times 0.5,1,1.5 --waiting",
        f"{_B2B} --leads traffic --times 0.5,1,1.5 --waiting --json",
    ],
    "capacity_plan": [f"{_B2B} --plan --target '80 % within 1 day'"],
    "frictions_product_led": [
        "frictions product_led --strategies today --horizon '6 months' --replications 2 --workers 1 --out out"
    ],
    "nothing": [""],
    "errors": [
        "validate nowhere.yaml",
        "validate subscribtion",
        "walk subscription",
        "run",
        "run subscription --replication 3",
        "run subscription --replications none",
        "run subscription --set retention",
        "run subscription --set =3",
        "run subscription --set 'retentoin=3 %'",
        "run subscription --set 'retention=120 %'",
        "run subscription --horizon soon",
        "run subscription --strategies funel",
        "run subscription --strategies funnel --strategies flywheel",
        "run subscription --precision profit",
        "compare subscription --strategies funnel",
        "compare subscription ad_campaign",
        "compare subscription --over retentoin",
        "sensitivity subscription --strategies funnel --over retentoin",
        "sensitivity subscription --strategies funnel --of profits",
        "effect subscription --strategies funnel --over retentoin",
        "allocate next_euro --marginal --budget 3",
        "breakeven landing_page --strategies keep_a --strategies roll_out_b --values 8%",
        "claims subscription --over x",
        "sobol subscription --morris --tornado",
        "sobol subscription --strategies funnel --over nothing",
        "sweep subscription --resume",
        "sweep subscription --design lhs",
        "sweep subscription --values retention",
        "frictions subscription --strategies funnel",
        "momentum subscription --strategies funnel --replications 2 --window soon",
        "abtest landing_page --values a",
        "abtest subscription --strategies funnel",
        "referrals ad_campaign",
        "forecast ad_campaign",
        "ladder lifecycle --of nothing",
        "retention product_led --of fre",
        "retention product_led --of free --days one",
        "retention product_led --of free --days 7,1",
        "retention product_led --of free --days 1,30000",
        "retention product_led --of free --counts nothing",
        "capacity subscription --over sales",
        "capacity b2b_pipeline --over sales --values some",
    ],
}

_NAMES = ("validate", "run", "compare", "sensitivity", "capacity", "frictions", "momentum", "abtest", "referrals",
          "ladder", "retention", "forecast", "effect", "allocate", "breakeven", "claims", "sobol", "sweep",
          "export")  # fmt: skip

COMMANDS = (
    {f"command_{name}": [line, f"{line} --json", f"{line} --out out"] for name, line in _ANSWERS.items()}
    | {f"command_{name}": lines for name, lines in _LINES.items()}
    | {f"help_{name}": [f"{name} --help"] for name in _NAMES}
    | {"help": ["--help"]}
)

#: Cases of a whole capture alone, too slow or too much alike others to be kept as a test.
WHOLE_ONLY = (
    "runs_two_years", "momentum_product_led", "judgement_hill", "claims_lifecycle", "runs_market",
    "runs_reseller", "runs_saas_loyalty", "runs_automation", "runs_unit_economics", "runs_precision", "runs_forecast",
    "comparison_two_files", "allocation_risk", "breakeven_rematched", "capacity_two", "staff_plan_target",
    "command_allocate_horizons", "command_breakeven_map", "command_capacity_leads", "command_capacity_plan",
    "command_frictions_product_led", "command_allocate", "command_claims", "command_compare_matched",
    "command_capacity", "allocation_by_horizon", "comparison_b2b_pipeline",
)  # fmt: skip
#: Commands of which the kept test looks into the folder of --out; a whole capture does for all.
OUT_KEPT = ("command_run", "command_abtest")
