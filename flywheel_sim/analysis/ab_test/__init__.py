"""Question: what can an A/B test tell, how often does it mislead, and what is it worth?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"ab_test": "arms"},
    results={"ABTest": "result"},
    charts=("ab_lifts", "ab_power", "ab_peeking", "ab_worth"),
)
