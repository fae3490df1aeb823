"""Many runs of one journey or several."""
