"""Question: from which value of a rate on does one strategy overtake another?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"breakeven": "result", "breakeven_map": "map"},
    results={"BreakEven": "result", "BreakEvenMap": "map"},
    charts=("breakeven", "overtaking", "breakeven_map"),
)
