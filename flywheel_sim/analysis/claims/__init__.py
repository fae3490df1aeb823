"""Question: do the quantitative claims of the articles hold here?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"claims": "result"},
    results={"Claims": "result"},
    charts=("claims", "claims_region"),
)
