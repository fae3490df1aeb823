"""Question: is growth faster than before, and which friction costs most?"""
