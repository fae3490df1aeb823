"""Charts, tables and pages: they take results and compute nothing new."""
