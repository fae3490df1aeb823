"""Question: how many people does it take, how many leads can they take, what does waiting cost?"""
