"""Question: what is not known, and how far can single futures stray?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"forecast": "result"},
    results={"Forecast": "result"},
    charts=("forecast",),
)
