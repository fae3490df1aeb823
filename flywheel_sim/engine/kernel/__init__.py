"""The compiled engine: no Python objects while it runs, the same events to the last bit."""
