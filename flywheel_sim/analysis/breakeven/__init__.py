"""Question: from which value of a rate on does one strategy overtake another?"""
