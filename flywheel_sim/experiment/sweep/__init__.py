"""Many design points of one scenario: what to run, who does the work, and where it is kept."""
