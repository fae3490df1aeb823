"""Every figure, defined once, read from a ledger and nothing else."""
