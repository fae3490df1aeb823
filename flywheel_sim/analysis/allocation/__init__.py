"""Question: where does the next euro go, and what is the best split of a budget?"""
