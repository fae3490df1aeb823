"""Question: who brought whom, and what is a whole family worth?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"referral_tree": "result"},
    results={"ReferralTree": "result"},
    charts=("referral_tree", "family_sizes"),
)
