"""What one strategy brings beyond another on the same people: bands, ranking, crossover, verdict."""
