"""Question: which rates do a company's own data give, how sure are they, and which model forecasts best?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"fit": "fit"},
    results={"Fit": "result"},
    others={"Choice": "choice"},
    charts=("fit", "choice"),
)
