"""What engines share: keyed draws, samplers and quantile tables."""
