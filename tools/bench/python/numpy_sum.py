"""The sum of an array by NumPy: what memory gives one thread."""

from play import play


class NumpySum:
    def __init__(self, setup):
        import numpy

        self.name = f"numpy {numpy.__version__}"
        self.numbers = numpy.random.default_rng(1).random(setup["count"], dtype=numpy.float32)

    def measure(self, turn):
        self.numbers.sum()
        return 4e-9 * self.numbers.size

    def sample(self):
        return []


play(NumpySum)
