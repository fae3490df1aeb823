"""Question: how much does one rate matter, and what does a change of it do?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"sensitivity": "response", "effect": "effect"},
    results={"Sensitivity": "response", "Effect": "effect"},
    charts=("response", "effect", "effect_parts"),
)
