"""Question: who buys again, and how long does a way through the stages take?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"repeat_ladder": "ladder", "ladder_of": "ladder", "cycle_length": "cycle"},
    results={"RepeatLadder": "ladder", "DataLadder": "ladder", "CycleLength": "cycle"},
    charts=("ladder",),
)
