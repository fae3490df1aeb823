"""How long customers stay: lives that are known in part, models of them, and the choice among these by forecasts."""
