"""Question: which strategy is ahead, by how much, and since when?"""
