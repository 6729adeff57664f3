"""All axes together: the sums that a few rows of three columns take, by products, which cost the least on so few."""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray

_ALL = np.ones(3)


def energies(rows: FloatArray) -> FloatArray:
    """Give the sum of the squares over the three columns of each row, shape (n,)."""
    squares: FloatArray = np.square(rows) @ _ALL
    return squares


def mean(rows: FloatArray) -> FloatArray:
    """Give the mean row, shape (3,): of acceleration as it was felt it is gravity, as far as the sensor kept still."""
    total: FloatArray = np.ones(len(rows)) @ rows
    return total / len(rows)
