"""Question: which share of the people who enter a stage is still there one, seven, thirty days later?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(verbs={"retention": "result"}, results={"RetentionByDay": "result"}, charts=("retention_curve",))
