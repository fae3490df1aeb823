"""Question: what is to be expected of one strategy?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"replicate": "experiment.replicate", "expected_path": "compile.expected_path"},
    results={"Runs": "experiment.runs", "ExpectedPath": "compile.expected_path"},
)
