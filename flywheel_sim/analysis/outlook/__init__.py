"""Question: what is to be expected of one strategy?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"replicate": "experiment.replicate", "expected_path": "expected", "assumptions": "expected"},
    results={"Runs": "experiment.runs", "ExpectedPath": "compile.expected_path"},
)
