"""Question: how much does one rate matter, and what does a change of it do?"""
