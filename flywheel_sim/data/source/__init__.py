"""Files and tables as they are: opened, their columns found and named, their cells not yet understood."""
