"""From data to rates: models fitted by maximum likelihood on plain arrays, and the choice among them."""
