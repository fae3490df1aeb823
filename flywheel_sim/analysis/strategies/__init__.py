"""Charts and sections of strategies as they ran, side by side: what the outlook of one and a comparison share."""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    charts=(
        "fan",
        "statement",
        "stage_flow",
        "staying",
        "cohort_retention",
        "mrr_movements",
        "channels",
        "queues",
        "waits",
        "shared",
        "saturation",
    ),
)
