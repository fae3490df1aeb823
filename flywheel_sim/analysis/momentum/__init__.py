"""Question: is growth faster than before, and which friction costs most?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"frictions": "frictions", "momentum": "momentum"},
    results={"Frictions": "frictions", "Momentum": "momentum"},
    charts=("frictions", "momentum", "wheel"),
)
