"""Question: which strategy is ahead, by how much, and since when?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"compare": "result"},
    results={"Comparison": "result"},
    charts=("difference", "spending"),
)
