"""Question: do the quantitative claims of the articles hold here?"""
