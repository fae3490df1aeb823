"""Question: what is to be expected of one strategy?"""
