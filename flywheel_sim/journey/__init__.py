"""A journey ready to run: figures, events, units and dates, with names resolved; it knows of no file."""
