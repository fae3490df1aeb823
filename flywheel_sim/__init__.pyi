# Written by `make stubs` from what questions declare; do not edit.
from flywheel_sim import charts as charts
from flywheel_sim import datasets as datasets
from flywheel_sim.analysis.ab_test.arms import ab_test as ab_test
from flywheel_sim.analysis.ab_test.result import ABTest as ABTest
from flywheel_sim.analysis.allocation.by_horizon import AllocationByHorizon as AllocationByHorizon
from flywheel_sim.analysis.allocation.by_horizon import allocation_by_horizon as allocation_by_horizon
from flywheel_sim.analysis.allocation.judgement import Judgement as Judgement
from flywheel_sim.analysis.allocation.judgement import judge as judge
from flywheel_sim.analysis.allocation.marginal import Marginal as Marginal
from flywheel_sim.analysis.allocation.marginal import marginal as marginal
from flywheel_sim.analysis.allocation.split import Allocation as Allocation
from flywheel_sim.analysis.allocation.split import allocate as allocate
from flywheel_sim.analysis.breakeven.map import BreakEvenMap as BreakEvenMap
from flywheel_sim.analysis.breakeven.map import breakeven_map as breakeven_map
from flywheel_sim.analysis.breakeven.result import BreakEven as BreakEven
from flywheel_sim.analysis.breakeven.result import breakeven as breakeven
from flywheel_sim.analysis.capacity.lead_volume import LeadVolume as LeadVolume
from flywheel_sim.analysis.capacity.lead_volume import lead_volume as lead_volume
from flywheel_sim.analysis.capacity.result import Capacity as Capacity
from flywheel_sim.analysis.capacity.result import capacity as capacity
from flywheel_sim.analysis.capacity.staff_plan import StaffPlan as StaffPlan
from flywheel_sim.analysis.capacity.staff_plan import staff_plan as staff_plan
from flywheel_sim.analysis.capacity.waiting import CostOfWaiting as CostOfWaiting
from flywheel_sim.analysis.capacity.waiting import cost_of_waiting as cost_of_waiting
from flywheel_sim.analysis.claims.result import Claims as Claims
from flywheel_sim.analysis.claims.result import claims as claims
from flywheel_sim.analysis.compare.result import Comparison as Comparison
from flywheel_sim.analysis.compare.result import compare as compare
from flywheel_sim.analysis.difference.ranking import Ranking as Ranking
from flywheel_sim.analysis.fitting.choice import Choice as Choice
from flywheel_sim.analysis.fitting.fit import fit as fit
from flywheel_sim.analysis.fitting.result import Fit as Fit
from flywheel_sim.analysis.forecast.result import Forecast as Forecast
from flywheel_sim.analysis.forecast.result import forecast as forecast
from flywheel_sim.analysis.momentum.frictions import Frictions as Frictions
from flywheel_sim.analysis.momentum.frictions import frictions as frictions
from flywheel_sim.analysis.momentum.momentum import Momentum as Momentum
from flywheel_sim.analysis.momentum.momentum import momentum as momentum
from flywheel_sim.analysis.outlook.expected import assumptions as assumptions
from flywheel_sim.analysis.outlook.expected import expected_path as expected_path
from flywheel_sim.analysis.purchases.cycle import CycleLength as CycleLength
from flywheel_sim.analysis.purchases.cycle import cycle_length as cycle_length
from flywheel_sim.analysis.purchases.from_data import DataLadder as DataLadder
from flywheel_sim.analysis.purchases.from_data import ladder_of as ladder_of
from flywheel_sim.analysis.purchases.ladder import RepeatLadder as RepeatLadder
from flywheel_sim.analysis.purchases.ladder import repeat_ladder as repeat_ladder
from flywheel_sim.analysis.referrals.result import ReferralTree as ReferralTree
from flywheel_sim.analysis.referrals.result import referral_tree as referral_tree
from flywheel_sim.analysis.retention.result import RetentionByDay as RetentionByDay
from flywheel_sim.analysis.retention.result import retention as retention
from flywheel_sim.analysis.sensitivity.effect import Effect as Effect
from flywheel_sim.analysis.sensitivity.effect import effect as effect
from flywheel_sim.analysis.sensitivity.response import Sensitivity as Sensitivity
from flywheel_sim.analysis.sensitivity.response import sensitivity as sensitivity
from flywheel_sim.analysis.uncertainty.morris import Morris as Morris
from flywheel_sim.analysis.uncertainty.morris import morris as morris
from flywheel_sim.analysis.uncertainty.sobol import Sobol as Sobol
from flywheel_sim.analysis.uncertainty.sobol import sobol as sobol
from flywheel_sim.analysis.uncertainty.tornado import Tornado as Tornado
from flywheel_sim.analysis.uncertainty.tornado import tornado as tornado
from flywheel_sim.compile.expected_path import ExpectedPath as ExpectedPath
from flywheel_sim.data.funnel import Funnel as Funnel
from flywheel_sim.data.funnel import read_funnel as read_funnel
from flywheel_sim.data.orders import Orders as Orders
from flywheel_sim.data.orders import read_orders as read_orders
from flywheel_sim.data.pipeline import Pipeline as Pipeline
from flywheel_sim.data.pipeline import read_pipeline as read_pipeline
from flywheel_sim.data.spend import Spend as Spend
from flywheel_sim.data.spend import read_spend as read_spend
from flywheel_sim.data.subscriptions import Subscriptions as Subscriptions
from flywheel_sim.data.subscriptions import read_subscriptions as read_subscriptions
from flywheel_sim.data.survivors import Survivors as Survivors
from flywheel_sim.data.survivors import read_survivors as read_survivors
from flywheel_sim.errors import ConfigError as ConfigError
from flywheel_sim.errors import DataError as DataError
from flywheel_sim.errors import ExperimentError as ExperimentError
from flywheel_sim.errors import FlywheelError as FlywheelError
from flywheel_sim.errors import LimitReached as LimitReached
from flywheel_sim.errors import SimulationError as SimulationError
from flywheel_sim.experiment.bands import Band as Band
from flywheel_sim.experiment.budgets import match_budgets as match_budgets
from flywheel_sim.experiment.crossover import Crossover as Crossover
from flywheel_sim.experiment.precision import Stopping as Stopping
from flywheel_sim.experiment.replicate import Limits as Limits
from flywheel_sim.experiment.replicate import replicate as replicate
from flywheel_sim.experiment.replicate import run as run
from flywheel_sim.experiment.runs import Runs as Runs
from flywheel_sim.experiment.sweep.outcomes import Sweep as Sweep
from flywheel_sim.experiment.sweep.sweep import sweep as sweep
from flywheel_sim.report.html import write_report as write_report
from flywheel_sim.result import Result as Result
from flywheel_sim.scenario.load import Scenario as Scenario
from flywheel_sim.scenario.load import load as load
from flywheel_sim.scenario.load import loads as loads
from flywheel_sim.scenario.load import shipped as shipped
from flywheel_sim.stats import Estimate as Estimate
from flywheel_sim.version import __version__ as __version__

BASE: dict[str, str]
MODULES: tuple[str, ...]

__all__ = [
    "ABTest",
    "Allocation",
    "AllocationByHorizon",
    "Band",
    "BreakEven",
    "BreakEvenMap",
    "Capacity",
    "Choice",
    "Claims",
    "Comparison",
    "ConfigError",
    "CostOfWaiting",
    "Crossover",
    "CycleLength",
    "DataError",
    "DataLadder",
    "Effect",
    "Estimate",
    "ExpectedPath",
    "ExperimentError",
    "Fit",
    "FlywheelError",
    "Forecast",
    "Frictions",
    "Funnel",
    "Judgement",
    "LeadVolume",
    "LimitReached",
    "Limits",
    "Marginal",
    "Momentum",
    "Morris",
    "Orders",
    "Pipeline",
    "Ranking",
    "ReferralTree",
    "RepeatLadder",
    "Result",
    "RetentionByDay",
    "Runs",
    "Scenario",
    "Sensitivity",
    "SimulationError",
    "Sobol",
    "Spend",
    "StaffPlan",
    "Stopping",
    "Subscriptions",
    "Survivors",
    "Sweep",
    "Tornado",
    "ab_test",
    "allocate",
    "allocation_by_horizon",
    "assumptions",
    "breakeven",
    "breakeven_map",
    "capacity",
    "charts",
    "claims",
    "compare",
    "cost_of_waiting",
    "cycle_length",
    "datasets",
    "effect",
    "expected_path",
    "fit",
    "forecast",
    "frictions",
    "judge",
    "ladder_of",
    "lead_volume",
    "load",
    "loads",
    "marginal",
    "match_budgets",
    "momentum",
    "morris",
    "read_funnel",
    "read_orders",
    "read_pipeline",
    "read_spend",
    "read_subscriptions",
    "read_survivors",
    "referral_tree",
    "repeat_ladder",
    "replicate",
    "retention",
    "run",
    "sensitivity",
    "shipped",
    "sobol",
    "staff_plan",
    "sweep",
    "tornado",
    "write_report",
]
