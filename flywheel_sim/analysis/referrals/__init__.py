"""Question: who brought whom, and what is a whole family worth?"""
