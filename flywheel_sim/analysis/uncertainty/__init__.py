"""Question: which of many rates decide, and how much is chance?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"tornado": "tornado", "sobol": "sobol", "morris": "morris"},
    results={"Tornado": "tornado", "Sobol": "sobol", "Morris": "morris"},
    charts=("tornado", "sobol", "morris"),
)
