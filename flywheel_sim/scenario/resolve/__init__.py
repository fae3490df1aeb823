"""From the parts of a file to a journey ready to run, noting every problem on the way."""
