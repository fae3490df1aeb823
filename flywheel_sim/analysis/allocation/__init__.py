"""Question: where does the next euro go, and what is the best split of a budget?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={
        "allocate": "split",
        "allocation_by_horizon": "by_horizon",
        "marginal": "marginal",
        "judge": "judgement",
    },
    results={
        "Allocation": "split",
        "AllocationByHorizon": "by_horizon",
        "Marginal": "marginal",
        "Judgement": "judgement",
    },
    charts=("allocation", "allocation_by_horizon", "marginal", "judgement"),
)
