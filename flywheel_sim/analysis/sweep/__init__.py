"""Question: what comes out at many design points?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={"sweep": "experiment.sweep.sweep"},
    results={"Sweep": "experiment.sweep.outcomes"},
)
