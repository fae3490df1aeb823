"""Question: what can an A/B test tell, how often does it mislead, and what is it worth?"""
