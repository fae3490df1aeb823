"""Question: who buys again, and how long does a way through the stages take?"""
