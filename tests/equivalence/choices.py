"""One way to choose, driven by a seed or by hypothesis: a journey is a function of what was chosen."""

from random import Random


class Choices:
    """Chooses; every choice comes down to one whole number, and the first of several is the simplest."""

    def whole(self, low, high):
        """Return a whole number from low to high, both included."""
        raise NotImplementedError

    def one(self, options):
        """Return one of several."""
        options = list(options)
        return options[self.whole(0, len(options) - 1)]

    def yes(self, percent):
        """Tell whether something is done that is done so often."""
        return self.whole(0, 99) >= 100 - percent

    def weighted(self, **weights):
        """Return one of several words, each by its weight."""
        at = self.whole(0, sum(weights.values()) - 1)
        for word, weight in weights.items():
            at -= weight
            if at < 0:
                return word
        raise AssertionError(weights)

    def some(self, options, least=1, most=None):
        """Return some of several, in their order."""
        options = list(options)
        most = len(options) if most is None else min(most, len(options))
        left = self.whole(min(least, most), most)
        chosen = []
        for index, option in enumerate(options):
            if left and self.whole(0, len(options) - index - 1) < left:
                chosen.append(option)
                left -= 1
        return chosen


class Seeded(Choices):
    """Chooses by a seed."""

    def __init__(self, seed):
        self.random = Random(seed)

    def whole(self, low, high):
        return self.random.randint(low, high)


class Drawn(Choices):
    """Chooses by hypothesis, which can then make a failing journey smaller."""

    def __init__(self, draw):
        from hypothesis import strategies as st

        self.draw, self.integers = draw, st.integers

    def whole(self, low, high):
        return low if low == high else self.draw(self.integers(low, high))
