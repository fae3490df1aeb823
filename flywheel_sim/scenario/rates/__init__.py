"""Rates: from what a file states of each, level by level, to canonical units for the place where it is used."""
