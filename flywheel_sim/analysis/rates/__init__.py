"""The values that rates are run at: steps of one rate, ranges of many."""
