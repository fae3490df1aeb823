"""Which metrics stand in the tables of key figures."""

from __future__ import annotations

#: Metrics of the table of key figures, in its order.
KEY_FIGURES = (
    "prospects", "acquisitions", "conversion", "active_customers", "churned", "won_back", "referred",
    "observed_retention", "revenue", "cost_of_sales", "acquisition_spend", "budget", "spend", "profit", "mrr", "nrr",
    "grr", "arpu", "cac", "clv", "ltv_cac", "payback", "time_to_convert", "k_factor", "generation_share",
    "lineage_value",
)  # fmt: skip
