"""One ledger from one journey, one seed and one replication."""
