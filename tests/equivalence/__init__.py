"""The engines held against each other: random journeys over the whole language, the same bytes from each."""
