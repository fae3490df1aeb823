"""Question: who buys again, and how long does a way through the stages take?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"repeat_ladder": "ladder", "ladder_of": "from_data", "cycle_length": "cycle"},
    results={"RepeatLadder": "ladder", "DataLadder": "from_data", "CycleLength": "cycle"},
    charts=("ladder",),
)
