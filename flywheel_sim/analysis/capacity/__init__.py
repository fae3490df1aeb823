"""Question: how many people does it take, how many leads can they take, what does waiting cost?"""

from flywheel_sim.analysis.registry import Question

QUESTION = Question(
    verbs={
        "capacity": "result",
        "lead_volume": "lead_volume",
        "cost_of_waiting": "waiting",
        "staff_plan": "staff_plan",
    },
    results={
        "Capacity": "result",
        "LeadVolume": "lead_volume",
        "CostOfWaiting": "waiting",
        "StaffPlan": "staff_plan",
    },
    charts=("capacity", "lead_volume", "cost_of_waiting", "staff_plan"),
)
