# Written by `make stubs` from what questions declare; do not edit.
from flywheel_sim.analysis.ab_test.charts import ab_lifts as ab_lifts
from flywheel_sim.analysis.ab_test.charts import ab_peeking as ab_peeking
from flywheel_sim.analysis.ab_test.charts import ab_power as ab_power
from flywheel_sim.analysis.ab_test.charts import ab_worth as ab_worth
from flywheel_sim.analysis.allocation.charts import allocation as allocation
from flywheel_sim.analysis.allocation.charts import allocation_by_horizon as allocation_by_horizon
from flywheel_sim.analysis.allocation.charts import judgement as judgement
from flywheel_sim.analysis.allocation.charts import marginal as marginal
from flywheel_sim.analysis.breakeven.charts import breakeven as breakeven
from flywheel_sim.analysis.breakeven.charts import breakeven_map as breakeven_map
from flywheel_sim.analysis.breakeven.charts import overtaking as overtaking
from flywheel_sim.analysis.capacity.charts import capacity as capacity
from flywheel_sim.analysis.capacity.charts import cost_of_waiting as cost_of_waiting
from flywheel_sim.analysis.capacity.charts import lead_volume as lead_volume
from flywheel_sim.analysis.capacity.charts import staff_plan as staff_plan
from flywheel_sim.analysis.claims.charts import claims as claims
from flywheel_sim.analysis.claims.charts import claims_region as claims_region
from flywheel_sim.analysis.compare.charts import difference as difference
from flywheel_sim.analysis.compare.charts import spending as spending
from flywheel_sim.analysis.fitting.charts import choice as choice
from flywheel_sim.analysis.fitting.charts import fit as fit
from flywheel_sim.analysis.forecast.charts import forecast as forecast
from flywheel_sim.analysis.momentum.charts import frictions as frictions
from flywheel_sim.analysis.momentum.charts import momentum as momentum
from flywheel_sim.analysis.momentum.charts import wheel as wheel
from flywheel_sim.analysis.purchases.charts import ladder as ladder
from flywheel_sim.analysis.referrals.charts import family_sizes as family_sizes
from flywheel_sim.analysis.referrals.charts import referral_tree as referral_tree
from flywheel_sim.analysis.retention.charts import retention_curve as retention_curve
from flywheel_sim.analysis.sensitivity.charts import effect as effect
from flywheel_sim.analysis.sensitivity.charts import effect_parts as effect_parts
from flywheel_sim.analysis.sensitivity.charts import response as response
from flywheel_sim.analysis.strategies.charts import channels as channels
from flywheel_sim.analysis.strategies.charts import cohort_retention as cohort_retention
from flywheel_sim.analysis.strategies.charts import fan as fan
from flywheel_sim.analysis.strategies.charts import mrr_movements as mrr_movements
from flywheel_sim.analysis.strategies.charts import queues as queues
from flywheel_sim.analysis.strategies.charts import saturation as saturation
from flywheel_sim.analysis.strategies.charts import shared as shared
from flywheel_sim.analysis.strategies.charts import stage_flow as stage_flow
from flywheel_sim.analysis.strategies.charts import statement as statement
from flywheel_sim.analysis.strategies.charts import staying as staying
from flywheel_sim.analysis.strategies.charts import waits as waits
from flywheel_sim.analysis.uncertainty.charts import morris as morris
from flywheel_sim.analysis.uncertainty.charts import sobol as sobol
from flywheel_sim.analysis.uncertainty.charts import tornado as tornado
from flywheel_sim.drawing.chart import Chart as Chart

__all__ = [
    "Chart",
    "ab_lifts",
    "ab_peeking",
    "ab_power",
    "ab_worth",
    "allocation",
    "allocation_by_horizon",
    "breakeven",
    "breakeven_map",
    "capacity",
    "channels",
    "choice",
    "claims",
    "claims_region",
    "cohort_retention",
    "cost_of_waiting",
    "difference",
    "effect",
    "effect_parts",
    "family_sizes",
    "fan",
    "fit",
    "forecast",
    "frictions",
    "judgement",
    "ladder",
    "lead_volume",
    "marginal",
    "momentum",
    "morris",
    "mrr_movements",
    "overtaking",
    "queues",
    "referral_tree",
    "response",
    "retention_curve",
    "saturation",
    "shared",
    "sobol",
    "spending",
    "staff_plan",
    "stage_flow",
    "statement",
    "staying",
    "tornado",
    "waits",
    "wheel",
]
