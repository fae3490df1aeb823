"""What pictures and pages are made of: charts, axes, sections and tables; it knows no result."""
