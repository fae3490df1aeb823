"""Question: which of many rates decide, and how much is chance?"""
