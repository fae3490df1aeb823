"""Question: what is not known, and how far can single futures stray?"""
